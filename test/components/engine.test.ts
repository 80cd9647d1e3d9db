import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { parse, stringify } from "yaml";
import { cloudPackages, initStack, type PulumiStack, pulumiEnvironment } from "../engine/pulumi.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { root } from "./languages.ts";
import { type StubProvider, startStubProvider } from "./stub-provider.ts";
import { argsOf, cloudsUnderTest } from "./support.ts";

const example = path.join(root, "examples/programs/yaml/Pulumi.yaml");

describe("The package, through Pulumi's engine and its YAML host", function () {
  this.timeout(300_000);
  const folder = temporaryFolder();
  let stub: StubProvider;
  let packageHost: ChildProcess | undefined;
  let environment: NodeJS.ProcessEnv;

  before(async function () {
    stub = await startStubProvider();
    // As the engine starts it: from the package's folder, whose tsconfig.json it reads.
    const host = path.join(root, "node_modules/@pulumi/pulumi/cmd/run-plugin/index.js");
    const components = path.join(root, "components");
    packageHost = spawn(process.execPath, [host, components, "127.0.0.1:1"], { cwd: components });
    const trivet = await firstLine(packageHost);
    environment = await pulumiEnvironment(this, "yaml", { ...cloudPackages(stub.port), trivet: Number(trivet) });
  });

  after(async () => {
    stub?.stop();
    if (!packageHost || packageHost.exitCode !== null || packageHost.signalCode !== null) return;
    packageHost.kill();
    await once(packageHost, "exit");
  });

  /** The port that a gRPC server prints first. */
  async function firstLine(child: ChildProcess): Promise<string> {
    let errors = "";
    child.stderr!.on("data", (text) => {
      errors += text;
    });
    const lines = createInterface({ input: child.stdout! });
    const [line] = await Promise.race([once(lines, "line"), once(child, "exit").then(() => [undefined])]);
    if (line === undefined) throw new Error(`the package's host ended: ${errors}`);
    return line;
  }

  /** A stack of a YAML program in the test's folder. */
  async function stackOf(program: object): Promise<PulumiStack> {
    await writeFile(path.join(folder(), "Pulumi.yaml"), stringify(program, { aliasDuplicateObjects: false }));
    return initStack(folder(), "dev", environment);
  }

  it("deploys the example, changes nothing the second time, and leaves nothing behind", async () => {
    const { outputs, changes, resources } = await stackOf({
      ...parse(await readFile(example, "utf8")),
      packages: { trivet: path.join(root, "components") },
    });
    expect((await changes("up")).create).to.be.greaterThan(30);
    expect((await outputs()).storeUrl).to.equal("s3://training-bucket");
    const again = await changes("up");
    expect(again.same).to.be.greaterThan(30);
    expect(Object.keys(again)).to.deep.equal(["same"]);
    await changes("destroy");
    expect(await resources()).to.deep.equal([]);
  });

  it("deploys all three clouds with every option, and changes nothing the second time", async () => {
    const resources = Object.fromEntries(
      cloudsUnderTest.map((under) => [
        under.cloud,
        { type: `trivet:${under.className}`, properties: { ...argsOf(under, under.full), removalPolicy: "destroy" } },
      ]),
    );
    const { changes, ...stack } = await stackOf({ name: "all", runtime: "yaml", resources });
    expect((await changes("up")).create).to.be.greaterThan(140);
    expect(Object.keys(await changes("up"))).to.deep.equal(["same"]);
    await changes("destroy");
    expect(await stack.resources()).to.deep.equal([]);
  });

  it("tells wrong arguments by their paths", async () => {
    const properties = { image: "worker:latest", memoryMib: 5, maxConcurrency: 1 };
    const { changes } = await stackOf({
      name: "wrong",
      runtime: "yaml",
      resources: { p: { type: "trivet:AwsTrainingPipeline", properties } },
    });
    const message = await changes("up").then(
      () => "",
      (error: Error) => error.message,
    );
    for (const path of ["image", "memoryMib", "maxConcurrency"]) expect(message).to.include(path);
    expect(message).to.include("3 arguments are not as it should be").and.not.to.include("    at ");
  });
});
