import { readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { RunEvent } from "../../worker-runtime/src/job/events.ts";
import type { Plan } from "../../worker-runtime/src/job/plan.ts";
import { seal, unseal } from "../../worker-runtime/src/protocol/sealed.ts";
import { runTrivet } from "../cli/run-trivet.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { long, rounds, writeSmallJob } from "./small-job.ts";
import { trainHere, trainUntil } from "./train-here.ts";

const noticesOf = (events: readonly RunEvent[]) => events.flatMap((e) => (e.type === "notice" ? [e.text] : []));
const datasetOf = (events: readonly RunEvent[]) => events.find((event) => event.type === "dataset")!;

describe("the same command again", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();

  it("gives the result of a job that is trained at once, and says so", async () => {
    const document = await writeSmallJob(folder());
    const first = await trainHere(document, folder());
    const second = await trainHere(document, folder());
    const { seconds: _, ...result } = first.outcome;
    expect(second.outcome).to.include({ weightsHash: result.weightsHash, resultFolder: result.resultFolder });
    expect(noticesOf(second.events)).to.deep.equal([`${result.job} is trained already; --again trains it once more.`]);
    expect(second.events.flatMap((event) => (event.type === "round" ? [event.round] : []))).to.deep.equal([rounds]);
  });

  it("with --again trains beside what is there, and says that the bits are the same", async () => {
    const document = await writeSmallJob(folder());
    const { job, weightsHash } = (await trainHere(document, folder())).outcome;
    for (const suffix of ["-2", "-3"]) {
      const again = await trainHere(document, folder(), { again: true });
      expect(again.outcome).to.include({ job: `${job}${suffix}`, weightsHash });
      expect(noticesOf(again.events)).to.deep.equal([`The weights have the same bits as those of ${job}.`]);
    }
  });

  it("with --again goes on with a second training that was stopped", async () => {
    const document = await writeSmallJob(folder(), long);
    const { job } = (await trainHere(document, folder())).outcome;
    const stopped = await trainUntil(2, document, folder(), { again: true });
    expect(stopped.job).to.equal(`${job}-2`);
    const resumed = await trainHere(document, folder(), { again: true });
    expect(resumed.outcome).to.include({ job: `${job}-2`, state: "finished" });
    expect(resumed.events.find(({ type }) => type === "resumed")).to.include({ round: stopped.nextRound });
  });

  it("refuses to go on with what another version planned, and with --again trains beside it", async () => {
    const document = await writeSmallJob(folder(), long);
    const { job } = await trainUntil(0, document, folder());
    const plan = join(folder(), "store/jobs", job, "plan.json");
    const stored = unseal<Plan>(plan, readFileSync(plan));
    writeFileSync(plan, seal({ ...stored, version: 0 }));
    const refused = await runTrivet(folder(), ["train", "job.json", "--store", "store"]);
    expect(refused.exitCode).to.equal(2);
    expect(refused.stderr).to.include(`error: jobs/${job}/plan.json is already there and says something else`);
    expect((await trainHere(document, folder(), { again: true })).outcome.job).to.equal(`${job}-2`);
  });
});

describe("the data of a job", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  const ratings = () => join(folder(), "ratings.csv");

  it("is not read again while its files keep their sizes and times; else it is, and what differs is another dataset", async () => {
    const document = await writeSmallJob(folder());
    const dataset = async () => datasetOf((await trainHere(document, folder())).events);
    const { hash, ...first } = await dataset();
    expect(first.reused).to.equal(false);

    utimesSync(ratings(), new Date(), new Date(1e12));
    expect(await dataset()).to.include({ hash, reused: true });
    expect(readdirSync(join(folder(), "store/cache/datasets"))).to.have.length(2);

    // A change that size and time do not show is not seen: the file is not read.
    writeFileSync(ratings(), readFileSync(ratings(), "utf8").replace(/\d$/, "5"));
    utimesSync(ratings(), new Date(), new Date(1e12));
    expect(await dataset()).to.include({ hash, reused: true });

    utimesSync(ratings(), new Date(), new Date());
    const changed = await dataset();
    expect(changed.hash).to.not.equal(hash);
    expect(changed).to.include({ trainExamples: first.trainExamples, reused: false });
  });
});
