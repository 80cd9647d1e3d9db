import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { parse, stringify } from "yaml";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { requireGoProgram, root, run } from "./languages.ts";
import { argsOf, cloudsUnderTest } from "./support.ts";

const example = path.join(root, "examples/programs/yaml/Pulumi.yaml");

describe("The package, through Pulumi's engine and its YAML host", function () {
  this.timeout(300_000);
  const folder = temporaryFolder();
  const processes: ChildProcess[] = [];
  let environment: NodeJS.ProcessEnv;

  before(async function () {
    const [pulumi, yaml] = [await requireGoProgram(this, "pulumi"), await requireGoProgram(this, "pulumi-yaml")];
    const stub = await portOf(path.join(root, "test/components/stub-provider.ts"), [], root);
    // As the engine starts it: from the package's folder, whose tsconfig.json it reads.
    const host = path.join(root, "node_modules/@pulumi/pulumi/cmd/run-plugin/index.js");
    const components = path.join(root, "components");
    const trivet = await portOf(host, [components, "127.0.0.1:1"], components);
    const providers = ["aws", "gcp", "azure-native", "docker-build"].map((name) => `${name}:${stub}`);
    environment = {
      ...process.env,
      PATH: [path.dirname(pulumi), path.dirname(yaml), process.env.PATH].join(path.delimiter),
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_DEBUG_PROVIDERS: [...providers, `trivet:${trivet}`].join(","),
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
  });

  after(async () => {
    for (const child of processes) {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
  });

  /** Starts a gRPC server and waits for the port that it prints first. */
  async function portOf(file: string, args: readonly string[], cwd: string): Promise<number> {
    const child = spawn(process.execPath, [file, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    processes.push(child);
    let errors = "";
    child.stderr.on("data", (text) => {
      errors += text;
    });
    const lines = createInterface({ input: child.stdout });
    const [port] = await Promise.race([once(lines, "line"), once(child, "exit").then(() => [undefined])]);
    if (port === undefined) throw new Error(`${path.basename(file)} ended: ${errors}`);
    return Number(port);
  }

  /** A stack of a YAML program in the test's folder; returns what runs a command on it. */
  async function stackOf(program: object) {
    const home = path.join(folder(), "home");
    await mkdir(path.join(home, "state"), { recursive: true });
    await writeFile(path.join(folder(), "Pulumi.yaml"), stringify(program, { aliasDuplicateObjects: false }));
    const env = { ...environment, PULUMI_HOME: home, PULUMI_BACKEND_URL: `file://${path.join(home, "state")}` };
    const pulumi = async (...args: string[]) =>
      (
        await run("pulumi", [...args, "--stack", "dev", "--non-interactive"], {
          cwd: folder(),
          env,
          maxBuffer: 1e8,
        }).catch((error) => {
          throw new Error(`pulumi ${args.join(" ")}: ${error.stdout}${error.stderr}`);
        })
      ).stdout;
    await run("pulumi", ["stack", "init", "dev", "--non-interactive"], { cwd: folder(), env });
    /** How many resources an update changes, by what it does with them. */
    const changes = async (command: string, ...flags: string[]): Promise<Record<string, number>> => {
      const output = await pulumi(command, "--yes", "--skip-preview", "--json", ...flags);
      const summary = output
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
        .findLast((event) => event.summaryEvent);
      return summary.summaryEvent.resourceChanges;
    };
    return { pulumi, changes };
  }

  it("deploys the example, changes nothing the second time, and leaves nothing behind", async () => {
    const { pulumi, changes } = await stackOf({
      ...parse(await readFile(example, "utf8")),
      packages: { trivet: path.join(root, "components") },
    });
    expect((await changes("up")).create).to.be.greaterThan(30);
    const outputs = JSON.parse(await pulumi("stack", "output", "--json"));
    expect(outputs.storeUrl).to.equal("s3://training-bucket");
    const again = await changes("up");
    expect(again.same).to.be.greaterThan(30);
    expect(Object.keys(again)).to.deep.equal(["same"]);
    await changes("destroy");
    expect(JSON.parse(await pulumi("stack", "export")).deployment.resources ?? []).to.deep.equal([]);
  });

  it("deploys all three clouds with every option, and changes nothing the second time", async () => {
    const resources = Object.fromEntries(
      cloudsUnderTest.map((under) => [
        under.cloud,
        { type: `trivet:${under.className}`, properties: { ...argsOf(under, under.full), removalPolicy: "destroy" } },
      ]),
    );
    const { changes, pulumi } = await stackOf({ name: "all", runtime: "yaml", resources });
    expect((await changes("up")).create).to.be.greaterThan(140);
    expect(Object.keys(await changes("up"))).to.deep.equal(["same"]);
    await changes("destroy");
    expect(JSON.parse(await pulumi("stack", "export")).deployment.resources ?? []).to.deep.equal([]);
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
