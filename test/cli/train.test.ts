import { spawn } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import type { FinishedEvent, RunEvent } from "../../worker-runtime/src/job/events.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeJob } from "./reviews-job.ts";
import { command, runTrivet } from "./run-trivet.ts";

const eventsOf = (stdout: string): RunEvent[] =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("trivet train, predict and inspect", () => {
  const folder = temporaryFolder();
  const trivet = (...args: string[]) => runTrivet(folder(), args);

  it("trains, tells each event as a line of JSON, and the result answers and verifies", async () => {
    writeJob(folder(), 4);
    const trained = await trivet("train", "--json");
    expect(trained.exitCode, trained.stderr).to.equal(0);
    const events = eventsOf(trained.stdout);
    const rounds = events.filter((event) => event.type === "round").map(({ round }) => round);
    expect(events[0]!.type).to.equal("dataset");
    expect(rounds).to.deep.equal([0, 1, 2, 3, 4]);
    const finished = events.at(-1) as FinishedEvent;
    expect(finished).to.include({ type: "finished", state: "finished", nextRound: 5 });

    const asked = await runTrivet(folder(), ["predict", "reviews"], { input: "a lovely film\nso dull and grim\n" });
    expect(asked.exitCode, asked.stderr).to.equal(0);
    expect(eventsOf(asked.stdout).map((answer) => (answer as { label?: string }).label)).to.deep.equal(["good", "bad"]);

    const inspected = JSON.parse((await trivet("inspect", "reviews", "--json")).stdout);
    expect(inspected.problems).to.deep.equal([]);
    expect(inspected.result.weightsHash).to.equal(finished.weightsHash);
    expect(inspected.kind).to.equal("text-classification");
    expect(inspected.trainExamples + inspected.heldOutExamples).to.equal(64);
  });

  it("answers from a result that was copied elsewhere, and checks its files", async () => {
    writeJob(folder(), 4);
    const { resultFolder } = eventsOf((await trivet("train", "--json")).stdout).at(-1) as FinishedEvent;
    cpSync(resultFolder!, join(folder(), "elsewhere"), { recursive: true });
    rmSync(join(folder(), ".trivet"), { recursive: true });
    const asked = await runTrivet(folder(), ["predict", "elsewhere"], { input: '{"text":"grim and poor"}\n' });
    expect(JSON.parse(asked.stdout).label).to.equal("bad");
    const inspected = await trivet("inspect", "elsewhere");
    expect(inspected.stdout).to.match(/^ok All \d files are as they were written\.$/m);
    expect(inspected.exitCode).to.equal(0);
  });

  it("comes to the same bytes with another number of processes, and says where they are", async () => {
    writeJob(folder(), 2);
    const one = await trivet("train", "--processes", "1", "--store", "one");
    const two = await trivet("train", "--processes", "2", "--store", "two", "--quiet");
    const hash = /sha256 ([0-9a-f]{64})/;
    expect(hash.exec(one.stdout)?.[1]).to.be.a("string").and.equal(hash.exec(two.stdout)?.[1]);
    expect(one.stdout).to.match(/trivet inspect reviews-[0-9a-f]{8} --store one/);
    expect(one.stderr).to.match(/^round 1\/2 {2}accuracy /m);
    expect(two.stderr).to.equal("");
  });

  it("names a damaged result instead of answering from it", async () => {
    writeJob(folder(), 1);
    const { resultFolder } = eventsOf((await trivet("train", "--json")).stdout).at(-1) as FinishedEvent;
    const file = join(resultFolder!, "model.safetensors");
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    const asked = await runTrivet(folder(), ["predict", "reviews"], { input: "fine\n" });
    expect(asked).to.include({ exitCode: 2, stdout: "" });
    expect(asked.stderr).to.include(`${file} is not the file that training wrote`);
    for (const written of ["reviews", resultFolder!]) {
      const inspected = await trivet("inspect", written);
      expect(inspected.exitCode).to.equal(1);
      expect(inspected.stdout).to.include("model.safetensors is not the one that was written");
    }
  });

  it("names rows that it cannot answer, goes on, and ends with exit code 2", async () => {
    writeJob(folder(), 1);
    await trivet("train");
    const input = '{"text":"a great film"}\n{"txt":"dull"}\nplain words are a text\n{broken\n';
    const { exitCode, stdout, stderr } = await runTrivet(folder(), ["predict", "reviews"], { input });
    const answers = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(answers.map((answer) => "label" in answer)).to.deep.equal([true, false, true, false]);
    expect(answers[1].error).to.match(/^standard input:2: there is no column "text"; did you mean "txt"\?/);
    expect(answers[3].error).to.match(/^standard input:4: not JSON/);
    expect(stderr).to.include("2 rows could not be used.");
    expect(exitCode).to.equal(2);
  });

  it("stops at Ctrl-C, says how to go on, and goes on to the bytes of an undisturbed run", async () => {
    writeJob(folder(), 60, 400);
    const undisturbed = eventsOf((await trivet("train", "--json", "--store", "undisturbed")).stdout).at(-1);
    const child = spawn(process.execPath, [command, "train", "--json"], {
      cwd: folder(),
      stdio: ["ignore", "pipe", "ignore"],
    });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    let last: RunEvent | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      last = JSON.parse(line);
      if (last?.type === "round" && last.round === 2) child.kill("SIGINT");
    }
    expect(await ended).to.equal(130);
    expect(last).to.include({ type: "finished", state: "interrupted" });

    const events = eventsOf((await trivet("train", "--json")).stdout);
    const resumed = events.find((event) => event.type === "resumed");
    expect(resumed?.round).to.be.within(3, 59);
    expect((events.at(-1) as FinishedEvent).weightsHash).to.equal((undisturbed as FinishedEvent).weightsHash);
  });

  it("says what is wrong with data, jobs and stores that it cannot use", async () => {
    writeJob(folder(), 1);
    writeFileSync(join(folder(), "reviews.csv"), "text,label\nfine,good\n,bad\n");
    const broken = await trivet("train");
    expect(broken.exitCode).to.equal(2);
    expect(broken.stderr).to.match(/reviews\.csv:3: column "text" is empty/);

    expect((await trivet("inspect", "reviews", "--store", "none")).stderr).to.include("There are no jobs in ");
    writeJob(folder(), 1);
    await trivet("train");
    const { exitCode, stderr } = await trivet("predict", "review");
    expect(exitCode).to.equal(2);
    expect(stderr).to.match(/^error: There is no job review in .*\. Did you mean reviews\?\n$/);
  });
});
