import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { describe, it } from "mocha";
import { packComponents } from "../../tools/pack-components.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { root } from "./languages.ts";

const run = promisify(execFile);

describe("The npm package", function () {
  this.timeout(120_000);
  const folder = temporaryFolder();

  it("runs in a project of somebody else, as JavaScript, and type-checks there", async () => {
    const modules = path.join(folder(), "node_modules");
    await mkdir(modules);
    const { dependencies } = JSON.parse(await readFile(path.join(root, "components/package.json"), "utf8"));
    // Nothing but what the package says that it needs, and the types that Pulumi's SDK is written in.
    for (const name of new Set(["@types", ...Object.keys(dependencies).map((name) => name.split("/")[0]!)]))
      await symlink(path.join(root, "node_modules", name), path.join(modules, name));
    packComponents(path.join(modules, "trivet"));
    await writeFile(path.join(folder(), "package.json"), '{ "type": "module" }');
    await writeFile(
      path.join(folder(), "program.ts"),
      `import { AwsTrainingPipeline, type AwsTransform } from "trivet/aws";
import { brokenRules } from "trivet/policy";
import { runProgram } from "trivet/testing";

const image = "registry.example.org/worker@sha256:${"0".repeat(64)}";
const transform: AwsTransform = { worker: { description: "mine" } };
// @ts-expect-error: the declarations are found, and know that a description is a text.
const wrong: AwsTransform = { worker: { description: 5 } };
const { resources, result } = await runProgram(() => new AwsTrainingPipeline("p", { image, transform }));
const worker = resources.find(({ name }) => name === "p-worker");
void wrong;
console.log(JSON.stringify([brokenRules(resources), worker?.inputs.description, Object.keys(result.nodes).length]));
`,
    );
    const typescript = path.join(root, "node_modules/typescript/bin/tsc");
    await run(
      process.execPath,
      [
        typescript,
        "--strict",
        "--skipLibCheck",
        "--noEmit",
        "--module",
        "nodenext",
        "--target",
        "es2024",
        "--types",
        "node",
        "program.ts",
      ],
      { cwd: folder() },
    );
    const { stdout } = await run(process.execPath, ["program.ts"], { cwd: folder() });
    expect(JSON.parse(stdout)).to.deep.equal([[], "mine", 24]);
  });

  it("holds JavaScript with declarations, and nothing of the tests or of TypeScript", async () => {
    packComponents(folder());
    const files = (await readdir(folder(), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const names = files.map(({ name }) => name);
    expect(names.filter((name) => /(?<!\.d)\.ts$|\.test\./.test(name))).to.deep.equal([]);
    expect(names).to.include.members(["package.json", "LICENSE", "README.md", "PulumiPolicy.yaml", "pack.js"]);
    const manifest = JSON.parse(await readFile(path.join(folder(), "package.json"), "utf8"));
    for (const { default: code } of Object.values(manifest.exports as Record<string, { default: string }>))
      expect(await readFile(path.join(folder(), code), "utf8"), code).not.to.match(/from "\.[^"]*\.ts"/);
  });
});
