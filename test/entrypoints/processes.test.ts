import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { afterEach, before, describe, it } from "mocha";
import { requirePart } from "../support/require.ts";
import { requireTool } from "../support/require-tool.ts";
import { tools } from "../tools/tools.ts";
import { type FunctionInstance, startInstance } from "./function-hosts.ts";
import { WorkerProcess } from "./worker-process.ts";

const worker = [process.execPath, path.resolve(import.meta.dirname, "../../worker-runtime/src/clouds/main.ts")];

const environments = {
  "aws-lambda": {
    TRIVET_PLATFORM: "aws-lambda",
    TRIVET_STORE: "bucket",
    TRIVET_QUEUE: "http://127.0.0.1:9/123456789012/tasks",
    AWS_ACCESS_KEY_ID: "none",
    AWS_SECRET_ACCESS_KEY: "none",
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL: "http://127.0.0.1:9",
  },
  "gcp-cloud-run": {
    TRIVET_PLATFORM: "gcp-cloud-run",
    TRIVET_STORE: "bucket",
    TRIVET_QUEUE: "projects/emulator/topics/tasks",
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: "http://127.0.0.1:9",
  },
  "azure-functions": {
    TRIVET_PLATFORM: "azure-functions",
    TRIVET_STORE: "http://127.0.0.1:9/devstoreaccount1/data",
    TRIVET_QUEUE: "http://127.0.0.1:9/devstoreaccount1/tasks",
  },
};

describe("the worker as a process", () => {
  const started: WorkerProcess[] = [];
  afterEach(async () => {
    for (const worker of started.splice(0)) await worker.stop();
  });

  it("says in one line what its environment lacks, and ends with exit code 1", async () => {
    const lost = new WorkerProcess(worker, { TRIVET_PLATFORM: "aws-lambda", TRIVET_STORE: "s3://bucket" });
    started.push(lost);
    expect(await lost.ended).to.equal(1);
    expect(lost.rest).to.deep.equal([]);
    expect(lost.lines).to.have.length(1);
    expect(lost.lines[0]!.severity).to.equal("ERROR");
    expect(lost.lines[0]!.message)
      .to.include('TRIVET_STORE is "s3://bucket"')
      .and.to.include("TRIVET_QUEUE is not set");
    expect(lost.lines[0]).not.to.have.property("stack");
  });

  for (const [platform, environment] of Object.entries(environments) as [keyof typeof environments, never][]) {
    describe(`on ${platform}`, () => {
      if (platform === "aws-lambda")
        before(async function () {
          await requireTool(this, tools.lambdaEmulator);
        });

      async function start(): Promise<FunctionInstance> {
        const instance = await startInstance[platform]({ worker }, environment);
        started.push(instance.process);
        return instance;
      }

      it("answers its first message before it has loaded TensorFlow", async function () {
        requirePart(
          this,
          "Linux",
          process.platform === "linux",
          "It tells what a process has in its memory, in /proc.",
        );
        const { process: worker, invoke } = await start();
        expect(await invoke("not one of ours", 1)).to.equal(true);
        const line = await worker.line(({ outcome }) => outcome === "poison");
        expect(line.message).to.include("not one of ours");
        expect(mappedFiles(worker.pid).filter((file) => file.includes("libtensorflow"))).to.deep.equal([]);
      });

      it("gives a message back, and says why, when its cloud cannot be reached", async function () {
        this.timeout(60_000);
        const { process, invoke } = await start();
        const body = JSON.stringify({
          trivet: 1,
          job: "a-1",
          sentAtMs: Date.now(),
          task: { kind: "advance", round: 0, look: 0 },
        });
        expect(await invoke(body, 1)).to.equal(false);
        const line = await process.line(({ outcome }) => outcome === "retry");
        expect(line).not.to.have.property("stack");
      });

      if (platform !== "aws-lambda")
        it("ends by itself when the platform asks it to", async () => {
          const { process } = await start();
          process.signal("SIGTERM");
          expect(await process.ended).to.equal(0);
        });
    });
  }
});

/** Files that a process or one of its children has in its memory. */
function mappedFiles(pid: number): string[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  const files = readFileSync(`/proc/${pid}/maps`, "utf8").matchAll(/ (\/\S+)$/gm);
  return [...[...files].map(([, file]) => file!), ...children.flatMap(mappedFiles)];
}
