import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { systemClock } from "../../worker-runtime/src/clouds/local/clock.ts";
import { sha256 } from "../../worker-runtime/src/hash.ts";
import type { FinishedEvent, RunEvent } from "../../worker-runtime/src/job/events.ts";
import { decide } from "../../worker-runtime/src/protocol/decisions.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { Worker } from "../../worker-runtime/src/protocol/worker.ts";
import { openLearner } from "../../worker-runtime/src/training/learner.ts";
import { environment } from "../support/environment.ts";
import { requireTool } from "../support/require-tool.ts";
import { type EmulatedStack, emulatedStacks } from "./emulated-stacks.ts";
import { writeJob } from "./reviews-job.ts";
import { command, runTrivet } from "./run-trivet.ts";

const rounds = 4;

const eventsOf = (stdout: string): RunEvent[] =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

let trainedHere: Promise<string | undefined> | undefined;

/** What `trivet train` comes to; it is run once for all clouds. */
function hashOfThisMachine(): Promise<string | undefined> {
  trainedHere ??= inNewFolder(async (folder) => {
    writeJob(folder, rounds);
    const { stdout } = await runTrivet(folder, ["train", "--json"]);
    return (eventsOf(stdout).at(-1) as FinishedEvent).weightsHash;
  });
  return trainedHere;
}

async function inNewFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "trivet-test-"));
  return use(folder).finally(() => rmSync(folder, { recursive: true }));
}

/** Takes messages and works on them, as a function does, until the job is over or the test is. */
async function work({ store, queue, source }: EmulatedStack, isOver: () => Promise<boolean>): Promise<void> {
  const worker = new Worker({
    ...{ store, queue, clock: systemClock, place: "function" },
    openLearner: (from, document, plan) =>
      openLearner(from, document, plan, { nowMs: systemClock.nowMs, onNotice: () => {} }),
    peakMemoryBytes: () => 0,
    remainingMs: () => Number.POSITIVE_INFINITY,
  });
  while (!(await isOver())) {
    const delivery = await source.receive(300);
    if (delivery) await worker.handle(delivery);
    else await systemClock.sleep(20);
  }
}

for (const [cloud, { needs, start }] of Object.entries(emulatedStacks))
  describe(`a stack on ${cloud}`, () => {
    let stack: EmulatedStack;
    let folder: string;
    // Who is signed in; the region comes from the stack's outputs.
    environment({
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: undefined,
      AWS_PROFILE: undefined,
    });
    before(async function () {
      for (const tool of needs) await requireTool(this, tool);
      stack = await start();
      folder = mkdtempSync(join(tmpdir(), "trivet-test-"));
      writeFileSync(join(folder, "outputs.json"), JSON.stringify(stack.outputs));
      writeJob(folder, rounds);
    });
    after(async () => {
      await stack?.stop();
      if (folder) rmSync(folder, { recursive: true });
    });

    const trivet = (...args: string[]) =>
      runTrivet(folder, [...args, "--stack-outputs", "outputs.json"], { environment: { ...stack.environment } });
    const hasEnded = (job: string) => async () =>
      (await stack.store.head(keys.result(job, "manifest.json"))) !== undefined;
    let job: string;

    it("trains to the bytes of this machine, told round by round, and its result verifies", async () => {
      const submitted = await trivet("submit", "--quiet");
      expect(submitted.exitCode, submitted.stderr).to.equal(0);
      job = submitted.stdout.trim();
      expect(job).to.match(/^reviews-[0-9a-f]{8}$/);

      const [watched] = await Promise.all([trivet("watch", "reviews", "--json"), work(stack, hasEnded(job))]);
      expect(watched.exitCode, watched.stderr).to.equal(0);
      const events = eventsOf(watched.stdout);
      expect(events.flatMap((event) => (event.type === "round" ? [event.round] : []))).to.deep.equal([0, 1, 2, 3, 4]);
      const { state, weightsHash } = events.at(-1) as FinishedEvent;
      expect(state).to.equal("finished");

      const fetched = await trivet("fetch", "reviews", "--to", "model", "--verify", "--json");
      expect(fetched.exitCode, fetched.stderr).to.equal(0);
      const { files } = JSON.parse(fetched.stdout);
      for (const [name, hash] of Object.entries(files))
        expect(sha256(readFileSync(join(folder, "model", name)))).to.equal(hash);

      expect(weightsHash).to.equal(await hashOfThisMachine());
      expect(JSON.parse(fetched.stdout).weightsHash).to.equal(weightsHash);
    });

    it("tells how the job stands, and of tasks that were given up", async () => {
      await stack.deadLetters.send(["{}"]);
      const status = await trivet("status", "reviews");
      expect(status.exitCode, status.stderr).to.equal(0);
      expect(status.stdout).to.match(new RegExp(`^${job} {2}finished\n {2}rounds    4 of 4 rounds complete\n`));
      expect(status.stdout).to.include(`given up  1 task of this stack, in ${stack.outputs.deadLetterQueueUrl}`);
      const list = await trivet("status");
      expect(list.stdout).to.match(new RegExp(`^${job} +finished +5 +.+ ago +.+ ago$`, "m"));
    });

    it("finds all promises kept by doctor", async () => {
      const { exitCode, stdout } = await trivet("doctor", "--json");
      const { findings } = JSON.parse(stdout) as { findings: { name: string; status: string; text: string }[] };
      expect(findings.map(({ name, status }) => [name, status])).to.deep.equal([
        ["store", "ok"],
        ["clock", "ok"],
        ["queue", "ok"],
        ["given up", "warn"],
      ]);
      expect(exitCode).to.equal(0);
      expect((await stack.store.list("jobs/check-")).length).to.equal(0);
    });

    it("is listed, logged, exported and compared with the same job here, and what it no longer needs is removed", async () => {
      const { jobs } = JSON.parse((await trivet("list", "--json")).stdout);
      expect(jobs).to.have.length(1);
      expect(jobs[0]).to.include({ job, state: "finished", rounds: 4 }).and.property("sizeBytes").greaterThan(10_000);

      const logged = await trivet("logs", "reviews", "--round", "1");
      expect(logged.stdout.trim().split("\n"), logged.stderr).to.have.length(3);
      expect(logged.stderr).to.include("its output logLocation is empty");

      const exported = await trivet("export", job, "--to", "there.safetensors", "--json");
      expect(exported.exitCode, exported.stderr).to.equal(0);
      expect(readFileSync(join(folder, "there.safetensors"))).to.deep.equal(
        readFileSync(join(folder, "model", "model.safetensors")),
      );

      expect((await runTrivet(folder, ["train"])).exitCode).to.equal(0);
      const same = await trivet("diff", "reviews");
      expect(same.stdout, same.stderr).to.match(/^The same bits in 5 rounds, and the same result, sha256 /m);
      expect(same.exitCode).to.equal(0);

      const dry = await trivet("gc");
      expect(dry.stdout, dry.stderr).to.include("Nothing was removed");
      const removed = JSON.parse((await trivet("gc", "--yes", "--json")).stdout);
      expect(removed.garbage.map(({ of }: { of: string }) => of)).to.deep.equal([job]);
      expect(await stack.store.list("rounds/")).to.deep.equal([]);
      expect((await trivet("inspect", job)).stdout).to.match(/^ok The chain of 5 rounds verifies\.$/m);
    });

    it("uploads nothing the second time", async () => {
      const before = await stack.store.list("");
      const again = await trivet("submit", "--json");
      expect(again.exitCode, again.stderr).to.equal(0);
      expect(eventsOf(again.stdout).some(({ type }) => type === "progress")).to.equal(false);
      expect(again.stdout).to.include(`${job} is trained already`);
      expect(await stack.store.list("")).to.deep.equal(before);
    });

    if (cloud !== "AWS") return;

    it("leaves a job running at Ctrl-C, says how to come back, and ends it when it is cancelled", async () => {
      const outputs = ["--stack-outputs", "outputs.json"];
      const child = spawn(process.execPath, [command, "submit", "--again", "--watch", "--json", ...outputs], {
        cwd: folder,
        env: { ...process.env, ...stack.environment },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const exited = new Promise<number | null>((resolve) => child.on("close", resolve));
      let said = "";
      child.stderr.on("data", (chunk) => {
        said += chunk;
      });
      let other = "";
      let last: RunEvent | { type: "submitted"; job: string } | undefined;
      for await (const line of createInterface({ input: child.stdout })) {
        last = JSON.parse(line) as NonNullable<typeof last>;
        // The second plan is that of the watching.
        if (last.type === "submitted") other = last.job;
        else if (last.type === "plan" && other !== "") child.kill("SIGINT");
      }
      expect(await exited).to.equal(130);
      expect(last).to.include({ type: "finished", state: "interrupted" });
      expect(other).to.equal(`${job}-2`);
      expect(said).to.include(
        `${other} goes on in the cloud. Come back to it:\n  trivet watch ${other} --stack-outputs outputs.json`,
      );
      expect(await stack.store.list(keys.decisions(other))).to.deep.equal([]);

      const early = await trivet("fetch", other);
      expect(early.exitCode).to.equal(3);
      expect(early.stderr).to.match(/has no result yet/);
      expect(existsSync(join(folder, other))).to.equal(false);

      const cancelled = await trivet("cancel", "reviews", "--reason", "the wrong data");
      expect(cancelled.exitCode, cancelled.stderr).to.equal(0);
      expect(cancelled.stdout).to.match(new RegExp(`^${other} is being cancelled\\.`));
      const [watched] = await Promise.all([trivet("watch", other), work(stack, hasEnded(other))]);
      expect(watched.exitCode).to.equal(5);
      expect(watched.stdout).to.match(/^Cancelled in .* s: the wrong data$/m);
    });

    it("says why a job failed, each time with the exit code of a failed job", async () => {
      const failing = JSON.parse(
        (await trivet("submit", "--seed", "7", "--json")).stdout.trim().split("\n").at(-1)!,
      ).job;
      await decide(stack.store, failing, "failed", { reason: "the loss is NaN" });
      const watched = await trivet("watch", failing);
      expect(watched).to.include({ exitCode: 1, stdout: "" });
      expect(watched.stderr).to.match(/^The job failed: the loss is NaN$/m);
      const fetched = await trivet("fetch", failing);
      expect(fetched).to.include({
        exitCode: 1,
        stderr: `error: ${failing} failed, so it has no result: the loss is NaN\n`,
      });
      expect((await trivet("status", failing)).stdout).to.match(/^reviews-.* {2}failed: the loss is NaN$/m);
      expect((await trivet("cancel", failing)).stderr).to.include("has ended already (failed)");
    });

    it("asks a model of the stack, and inspects its job", async () => {
      const asked = await runTrivet(folder, ["predict", job, "--stack-outputs", "outputs.json"], {
        input: "a lovely film\nso dull and grim\n",
        environment: { ...stack.environment },
      });
      expect(eventsOf(asked.stdout).map((answer) => (answer as { label?: string }).label)).to.deep.equal([
        "good",
        "bad",
      ]);
      const inspected = await trivet("inspect", job);
      expect(inspected.stdout).to.match(/^ok The chain of 5 rounds verifies\.$/m);
    });

    it("says what keeps it from a stack's places", async () => {
      const wrong = async (outputs: object, environment: object = {}, ...args: string[]) => {
        writeFileSync(join(folder, "wrong.json"), JSON.stringify({ ...stack.outputs, ...outputs }));
        const all = { ...stack.environment, ...environment };
        const { exitCode, stderr } = await runTrivet(folder, [...args, "--stack-outputs", "wrong.json"], {
          environment: all,
        });
        expect(exitCode, stderr).to.equal(2);
        return stderr;
      };
      const missing = await wrong({ storeUrl: "s3://no-such-bucket" }, {}, "status");
      expect(missing).to.match(/^error: AWS says that the bucket no-such-bucket does not exist\./);
      const queueUrl = `${stack.outputs.queueUrl}-gone`;
      expect(await wrong({ queueUrl }, {}, "submit")).to.match(
        /^error: AWS says that the queue .*-gone does not exist/m,
      );
      const nobody = {
        AWS_ACCESS_KEY_ID: "",
        AWS_SECRET_ACCESS_KEY: "",
        AWS_EC2_METADATA_DISABLED: "true",
        HOME: folder,
      };
      expect(await wrong({}, nobody, "status")).to.match(/^error: AWS was asked for .* without valid credentials/);
      const { exitCode, stdout } = await runTrivet(folder, ["doctor", "--stack-outputs", "wrong.json"], {
        environment: nobody,
      });
      expect(exitCode).to.equal(1);
      expect(
        stdout.match(/^fail +(store|clock|queue) +AWS was asked for .* without valid credentials/gm),
      ).to.have.length(3);
      expect(await wrong({}, {}, "status", "review")).to.match(/There is no job review in s3:.* Did you mean reviews/);
    });
  });
