// Runs the program of a project's folder as a stack would, without the engine: `node deploy-with-mocks.ts FOLDER STACK`.
// Prints what it registered, its outputs, its error, and which providers' packages it loaded.
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { output } from "@pulumi/pulumi";
import { runProgram } from "../../components/testing.ts";

const [folder, stack] = process.argv.slice(2) as [string, string];
const { default: deploy } = await import(pathToFileURL(path.join(folder, "stacks/index.mjs")).href);
const told = await runProgram(
  async () => {
    const outputs = await deploy();
    return new Promise((resolve) => output(outputs).apply(resolve));
  },
  { project: "trivet", stack },
).then(
  ({ result, resources }) => ({ outputs: result, resources: resources.map(({ type, name }) => ({ type, name })) }),
  (error: Error) => ({ error: error.message }),
);
const files = Object.keys(createRequire(import.meta.url).cache);
const packages = files.flatMap((file) => /node_modules\/@pulumi\/([^/]+)\//.exec(file)?.[1] ?? []);
const loaded = [...new Set(packages)].filter((name) => !["pulumi", "docker-build"].includes(name));
console.log(JSON.stringify({ ...told, loaded }));
