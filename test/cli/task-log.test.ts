import { expect } from "chai";
import { whereLogsAre } from "../../cli/src/logs/show.ts";
import { parseStackOutputs } from "../../worker-runtime/src/clouds/stack/outputs.ts";
import { followTasks, TaskLog } from "../../worker-runtime/src/clouds/task-log.ts";
import { planOf, World } from "../worker/protocol/world.ts";

const { job } = planOf();
const named = (traces: readonly { task: string; round: number; rank: number }[]) =>
  traces.map(({ task, round, rank }) => `${task} ${round} ${rank}`);

describe("the log of a job's tasks", () => {
  it("tells each task once: of the round under way from its updates, later from its trace", async () => {
    const world = new World();
    await world.submit();
    const log = new TaskLog(world.store, world.plan);
    expect(await log.look()).to.deep.equal([]);
    const worker = world.worker();
    // The look at the start, and two of the three workers.
    for (let i = 0; i < 3; i++) await worker.handle((await world.queue.receive(300))!);
    expect(named(await log.look())).to.deep.equal(["step 0 0", "step 0 1"]);
    await world.work();
    const rest = named(await log.look());
    expect(rest.slice(0, 2)).to.have.members(["step 0 2", "reduce 0 0"]);
    // 4 rounds of 3 workers, of which 3 are reduced.
    expect(rest).to.have.length(4 * 3 + 3 - 2);
    expect(await log.look()).to.deep.equal([]);
  });

  it("tells of one round, and of one worker", async () => {
    const world = new World();
    await world.submit();
    await world.work();
    const of = async (filter: object) => named(await new TaskLog(world.store, world.plan, filter).look());
    expect(await of({ round: 1 })).to.have.members(["step 1 0", "step 1 1", "step 1 2", "reduce 1 0"]);
    expect(await of({ worker: 2 })).to.deep.equal(["step 0 2", "step 1 2", "step 2 2", "step 3 2"]);
    expect(await of({ round: 3, worker: 0 })).to.deep.equal(["step 3 0"]);
  });

  it("follows a job to its end, or until somebody looks no more", async () => {
    const world = new World();
    await world.submit();
    const found: string[] = [];
    const options = {
      clock: world.clock,
      onTasks: (tasks: Parameters<typeof named>[0]) => found.push(...named(tasks)),
    };
    const following = followTasks(world.store, world.plan, {}, { ...options, signal: new AbortController().signal });
    await world.work();
    await following;
    expect(found).to.have.length(15);

    const left = new World();
    await left.submit();
    await followTasks(left.store, left.plan, {}, { ...options, signal: AbortSignal.abort() });
  });

  it("names the command that shows a job's lines in each cloud", () => {
    const of = (outputs: object) =>
      whereLogsAre(parseStackOutputs(JSON.stringify(outputs), "outputs.json"), job, "logs");
    expect(
      of({
        cloud: "aws",
        region: "eu-west-1",
        storeUrl: "s3://b",
        queueUrl: "https://q/1",
        logLocation: "/aws/lambda/worker",
      }),
    ).to.include(`aws logs tail /aws/lambda/worker --since 1d --filter-pattern '"${job}"' --region eu-west-1`);
    const bucket = "projects/p/locations/europe-west1/buckets/trivet";
    expect(of({ cloud: "gcp", storeUrl: "gs://b", queueUrl: "projects/p/topics/t", logLocation: bucket })).to.include(
      `gcloud logging read 'jsonPayload.job="${job}"' --project p --location europe-west1 --bucket trivet`,
    );
    const azure = { cloud: "azure", storeUrl: "https://a.blob.core.windows.net/c", queueUrl: "https://a/q" };
    const workspace = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w";
    expect(of({ ...azure, logLocation: workspace })).to.include(`az resource show --ids ${workspace}`);
    expect(of({ ...azure, logLocation: "" })).to.include("its output logLocation is empty");
    expect(whereLogsAre(undefined, job, ".trivet/logs")).to.equal("The worker processes write to .trivet/logs.");
  });
});
