import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { root, run } from "../components/languages.ts";
import { type StubOptions, type StubProvider, startStubProvider } from "../components/stub-provider.ts";
import { cloudsUnderTest } from "../components/support.ts";
import { cloudPackages, environmentWith, pulumiTools } from "../engine/pulumi.ts";
import { requireTool } from "../support/require-tool.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { aws } from "./clouds/aws.ts";
import type { RunningCloud } from "./clouds/cloud.ts";
import type { FunctionHost } from "./functions/deployed.ts";
import { makeImage, type WorkerImage } from "./image.ts";

const { image: reference } = cloudsUnderTest.find(({ cloud }) => cloud === "aws")!;
const settings = ["aws:region=us-east-1", `trivet:image=${reference}`, "trivet:predict=true"];
const configuration = path.join(root, "Pulumi.verify-aws.yaml");

describe("npm run verify:cloud, with emulators in the place of an account", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  const options: StubOptions = {};
  let image: WorkerImage;
  let running: RunningCloud;
  let stub: StubProvider;
  let environment: NodeJS.ProcessEnv;

  before(async function () {
    for (const tool of [...pulumiTools.nodejs, ...aws.needs]) await requireTool(this, tool);
    image = await makeImage();
  });
  beforeEach(async () => {
    running = await aws.start(image);
    stub = await startStubProvider(Object.assign(options, { make: running.make, remove: running.remove }));
    const home = path.join(folder(), ".pulumi-home");
    mkdirSync(path.join(home, "state"), { recursive: true });
    mkdirSync(path.join(folder(), "bin"));
    signIn("exit 0");
    const withPulumi = await environmentWith("nodejs", cloudPackages(stub.port));
    environment = {
      ...withPulumi,
      ...running.operatorShell,
      PATH: [path.join(folder(), "bin"), withPulumi.PATH].join(path.delimiter),
      ...{ PULUMI_HOME: home, PULUMI_BACKEND_URL: `file://${path.join(home, "state")}` },
    };
  });
  afterEach(async () => {
    delete options.refuse;
    rmSync(configuration, { force: true });
    stub?.stop();
    await running?.stop();
  });

  /** Puts a command `aws` in place of the machine's own, if it has one. */
  const signIn = (script: string) =>
    writeFileSync(path.join(folder(), "bin/aws"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

  /** Runs it as a terminal would, in a group of its own; `onLine` sees what it says as it says it. */
  async function verify(
    args: readonly string[],
    onLine: (line: string, pid: number) => Promise<void> = async () => {},
  ) {
    const script = [path.join(root, "tools/verify-cloud.ts"), "aws", ...args];
    const child = spawn(process.execPath, script, { cwd: root, env: environment, detached: true });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    const errors = text(child.stderr);
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      await onLine(line, child.pid!);
    }
    return { exitCode: await ended, stdout: lines.join("\n"), stderr: await errors };
  }

  const stacks = async (): Promise<unknown[]> =>
    JSON.parse((await run("pulumi", ["stack", "ls", "--json"], { cwd: root, env: environment })).stdout);

  async function expectNothingLeft() {
    expect(stub.things).to.deep.equal([]);
    expect(await running.all()).to.deep.equal([]);
    expect(await stacks()).to.deep.equal([]);
    expect(existsSync(configuration)).to.equal(false);
  }

  it("deploys, holds the store to the contract, comes to this machine's hash, and removes everything", async () => {
    let host: FunctionHost | undefined;
    const stopHost = async () => {
      await host?.stop();
      host = undefined;
    };
    const { exitCode, stdout, stderr } = await verify(["--yes", ...settings], async (line) => {
      if (line.startsWith("pulumi up: done")) host = await (await running.open(stub.things)).startHost(() => {});
      // It would look for its queue while that is removed.
      if (line.startsWith("a second pulumi up ...")) await stopHost();
    });
    await host?.stop().catch(() => {}); // Where it failed, and so came to no second `up`.
    expect(exitCode, stdout + stderr).to.equal(0);
    const [, here, there] = /here: {2}(\w{64})\n.*there: (\w{64})/.exec(stdout)!;
    expect(there).to.equal(here);
    expect(stdout)
      .to.match(/^ *\d{2,} passing/m)
      .and.include("a second pulumi up: done");
    await expectNothingLeft();
  });

  it("shows what it would make and makes nothing, unless told --yes", async () => {
    const { exitCode, stdout, stderr } = await verify(settings);
    expect(exitCode, stdout + stderr).to.equal(0);
    expect(stdout)
      .to.match(/\+ \d+ to create/)
      .and.include("Nothing was deployed.")
      .and.include(["npm run verify:cloud -- aws --yes", ...settings].join(" "));
    await expectNothingLeft();
  });

  it("removes what it has made where the cloud refuses the rest, and says why", async () => {
    options.refuse = (type) => (type === "aws:lambda/function:Function" ? "the quota is used up" : undefined);
    const { exitCode, stdout, stderr } = await verify(["--yes", ...settings]);
    expect(exitCode, stdout + stderr).to.equal(1);
    expect(stdout).to.include("the quota is used up").and.include("pulumi destroy: done");
    await expectNothingLeft();
  });

  it("removes what it has made when it is interrupted", async () => {
    const { exitCode, stdout, stderr } = await verify(["--yes", ...settings], async (line, pid) => {
      if (line.startsWith("its log and its queue")) process.kill(-pid, "SIGINT");
    });
    expect(exitCode, stdout + stderr).to.equal(1);
    expect(stderr).to.include("Interrupted: what was made is removed.");
    await expectNothingLeft();
  });

  it("tells all that is missing at once, before it makes anything", async () => {
    await run("pulumi", ["stack", "init", "verify-aws"], { cwd: root, env: environment });
    delete environment.PULUMI_CONFIG_PASSPHRASE;
    signIn("exit 255");
    const { exitCode, stdout, stderr } = await verify(["--yes", "aws:region=us-east-1"]);
    expect(exitCode, stdout + stderr).to.equal(2);
    expect(stderr).to.match(/^Nothing was deployed\./);
    expect(stderr)
      .to.include("export PULUMI_CONFIG_PASSPHRASE=")
      .and.include("pulumi stack rm verify-aws")
      .and.include("aws sso login");

    environment.PATH = folder();
    const without = await verify(["--yes", ...settings]);
    expect(without.exitCode).to.equal(2);
    expect(without.stderr).to.include("The Pulumi command line is not there").and.not.include("    at ");
    expect(stub.things).to.deep.equal([]);
  });
});
