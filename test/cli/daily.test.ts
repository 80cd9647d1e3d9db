import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { decodeSafetensors } from "../../worker-runtime/src/codec/safetensors.ts";
import { writeJob } from "./reviews-job.ts";
import { runTrivet } from "./run-trivet.ts";

/** One folder for all: two jobs that differ in one parameter, each trained once, and one of them again. */
describe("trivet list, compare, diff, logs, export and gc on this machine", () => {
  let folder: string;
  let jobs: [first: string, again: string, other: string];
  const trivet = (...args: string[]) => runTrivet(folder, args);
  const json = async (...args: string[]) => JSON.parse((await trivet(...args, "--json")).stdout);

  before(async function () {
    this.timeout(120_000);
    folder = mkdtempSync(join(tmpdir(), "trivet-test-"));
    writeJob(folder, 3);
    const train = async (...args: string[]) => {
      const { stdout, stderr } = await trivet("train", "--json", ...args);
      const last = stdout.trimEnd().split("\n").at(-1)!;
      expect(JSON.parse(last).state, stderr).to.equal("finished");
      return JSON.parse(last).job as string;
    };
    const first = await train();
    const again = await train("--again");
    const text = readFileSync(join(folder, "job.yaml"), "utf8");
    writeFileSync(join(folder, "other.yaml"), text.replace("learningRate: 5", "learningRate: 1"));
    jobs = [first, again, await train("other.yaml")];
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("lists the jobs, the newest first, for people and programs", async () => {
    const { stdout, exitCode } = await trivet("list");
    expect(exitCode).to.equal(0);
    const [head, ...lines] = stdout.trimEnd().split("\n");
    expect(head).to.match(/^job +state +rounds +metric +weights +started +size$/);
    expect(lines.map((line) => line.split(" ")[0])).to.deep.equal(jobs.toReversed());
    expect(lines[0]).to.match(/ finished +3\/3 +accuracy [01]\.\d{4} +[0-9a-f]{12} +.* ago +\d+(\.\d)? [kM]B$/);
    const listed = (await json("list")).jobs;
    expect(listed[0]).to.include({ state: "finished", closedRounds: 4, rounds: 3 });
    expect(listed[1].weightsHash).to.equal(listed[2].weightsHash).and.not.equal(listed[0].weightsHash);
    const missing = await trivet("list", "--store", "typo");
    expect(missing).to.include({ exitCode: 2, stdout: "" });
    expect(existsSync(join(folder, "typo"))).to.equal(false);
  });

  it("lists a job whose plan is damaged beside the others", async () => {
    const file = join(folder, ".trivet/jobs", jobs[0], "plan.json");
    const plan = readFileSync(file);
    writeFileSync(file, plan.toString().replace('"seed":1', '"seed":2'));
    try {
      expect((await trivet("list")).stdout).to.match(new RegExp(`^${jobs[0]} +damaged +\\?`, "m"));
    } finally {
      writeFileSync(file, plan);
    }
  });

  it("finds no difference between a job and the same one again, and where another one parts", async () => {
    const same = await trivet("diff", jobs[0], jobs[1]);
    expect(same.exitCode, same.stdout).to.equal(0);
    expect(same.stdout).to.match(/^The same bits in 4 rounds, and the same result, sha256 [0-9a-f]{64}\.$/m);
    const other = await trivet("diff", jobs[0], join(folder, ".trivet/jobs", jobs[2], "result"));
    expect(other.exitCode).to.equal(1);
    expect(other.stdout).to.match(/^Other bits from round 0 on/m);
    expect(other.stdout).to.match(/^ {2}first tensor {3}\S+: [\d,]+ of [\d,]+ values, by /m);
    expect(other.stdout).to.match(/^ {2}workers {8}0, 1 came to other updates$/m);
    expect(other.stdout).to.match(/^training\.learningRate +5 +1$/m);
    const alone = await trivet("diff", jobs[0]);
    expect(alone).to.include({ exitCode: 2 });
    expect(alone.stderr).to.include("Name two jobs");
  });

  it("sets jobs side by side, as a table, as JSON and as a page without scripts", async () => {
    const { stdout, stderr } = await trivet("compare", jobs[0], jobs[2], "--html", "compared.html");
    expect(stderr).to.equal("Wrote compared.html.\n");
    expect(stdout).to.match(/^accuracy +[01]\.\d{4} +[01]\.\d{4}$/m);
    expect(stdout).to.match(/^training\.learningRate +5 +1$/m);
    const page = readFileSync(join(folder, "compared.html"), "utf8");
    expect(page)
      .to.include("default-src 'none'")
      .and.not.match(/<script/i);
    expect(page.match(/<polyline class="curve[^>]*>/g)).to.have.length(2 * 3);
    expect(page).to.match(/<text class="curve-name"[^>]*>B<\/text>/);
    const { fields, jobs: compared } = await json("compare", ...jobs);
    expect(fields).to.deep.equal([{ path: "training.learningRate", values: [5, 5, 1] }]);
    expect(compared.map((job: { rounds: unknown[] }) => job.rounds.length)).to.deep.equal([4, 4, 4]);
    expect((await trivet("compare", jobs[0])).exitCode).to.equal(2);
  });

  it("tells each task of a job, also those of one worker, and where its processes write", async () => {
    const { stdout, stderr } = await trivet("logs", jobs[0]);
    const lines = stdout.trimEnd().split("\n");
    // 4 rounds of 2 workers, of which 3 are reduced.
    expect(lines).to.have.length(4 * 2 + 3);
    expect(lines[0]).to.match(
      /^\d{4}-\d\d-\d\dT.*Z {2}round 0 {2}step of worker \d +process-\d .* compute .*, store .*, queue /,
    );
    expect(stderr).to.include("The worker processes write to .trivet/logs.");
    const tasks = (await trivet("logs", "reviews", "--worker", "1", "--follow", "--json")).stdout.trimEnd().split("\n");
    expect(tasks.map((line) => JSON.parse(line).rank)).to.deep.equal([1, 1, 1, 1]);
  });

  it("exports the model, and writes over nothing", async () => {
    const exported = await json("export", jobs[2]);
    expect(exported).to.include({ format: "safetensors", path: join(folder, "reviews.safetensors") });
    const { metadata } = decodeSafetensors(readFileSync(exported.path));
    expect(metadata).to.include({ job: jobs[2], weightsHash: exported.weightsHash });
    const again = await trivet("export", jobs[2]);
    expect(again.exitCode).to.equal(2);
    expect(again.stderr).to.include("reviews.safetensors is there already");
    expect((await trivet("export", jobs[0], "--force")).exitCode).to.equal(0);
    const result = join(".trivet/jobs", jobs[2], "result");
    await trivet("export", result, "--format", "tfjs", "--to", "web/model");
    expect(readdirSync(join(folder, "web/model")).sort()).to.deep.equal(["model.json", "weights.bin"]);
    const unknown = await trivet("export", jobs[2], "--format", "onnx");
    expect(unknown.exitCode).to.equal(2);
    expect(unknown.stderr).to.include("Allowed choices are safetensors, tfjs");
  });

  it("tells what can go, removes it when told to, and the results still verify and answer", async () => {
    const before = readdirSync(join(folder, ".trivet/rounds"));
    const dry = await trivet("gc");
    expect(dry.stdout).to.match(/Nothing was removed; --yes does it\.\n$/);
    expect(readdirSync(join(folder, ".trivet/rounds")))
      .to.deep.equal(before)
      .and.have.length(3);
    const one = await json("gc", jobs[2], "--yes");
    expect(one.garbage.map(({ of }: { of: string }) => of)).to.deep.equal([jobs[2]]);
    expect(one).to.include({ removed: true }).and.property("sizeBytes").greaterThan(1000);
    const rest = await trivet("gc", "--yes");
    expect(rest.stdout).to.match(/\nRemoved \d+ objects, \d+(\.\d)? [kM]B\.\n$/);
    expect(readdirSync(join(folder, ".trivet/rounds"))).to.deep.equal([]);
    for (const job of jobs)
      expect((await trivet("inspect", job)).stdout).to.match(/^ok The chain of 4 rounds verifies/m);
    expect((await trivet("diff", jobs[0], jobs[2])).stdout).to.include("not known: the weights have been removed");
    expect((await trivet("gc")).stdout).to.equal("Nothing in .trivet can go.\n");
    expect((await trivet("train")).stderr).to.include(`${jobs[0]} is trained already`);
  });
});
