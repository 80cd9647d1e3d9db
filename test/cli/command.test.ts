import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { parseJob, readJob } from "../../worker-runtime/src/job/parse.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runTrivet } from "./run-trivet.ts";

describe("trivet", () => {
  const folder = temporaryFolder();
  const trivet = (...args: string[]) => runTrivet(folder(), args);

  it("helps with examples first, also without arguments, and names every command", async () => {
    const { exitCode, stdout, stderr } = await trivet("--help");
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: "" });
    expect(stdout).to.match(/^Examples:\n/);
    const jobs = ["sweep", "list", "compare", "diff", "logs", "export", "gc", "completion"];
    const money = ["estimate", "plan", "cost"];
    const deployed = ["submit", "status", "watch", "fetch", "cancel", "redrive"];
    for (const command of ["init", "train", "predict", "inspect", "doctor", ...money, ...jobs, ...deployed]) {
      expect(stdout).to.match(new RegExp(`^  ${command} .+ \\w+`, "m"));
      const help = await trivet(command, "--help");
      expect(help.stdout, command).to.match(/^Examples:\n {2}\$ trivet/);
      expect(help.exitCode).to.equal(0);
    }
    expect((await trivet()).stdout).to.equal(stdout);
  });

  it("tells its version", async () => {
    expect((await trivet("--version")).stdout).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  it("answers wrong usage with what was probably meant, on standard error, and exit code 2", async () => {
    expect(await trivet("trian")).to.deep.equal({
      exitCode: 2,
      stdout: "",
      stderr:
        "error: unknown command 'trian'\n(Did you mean train?)\n`trivet --help` shows the commands and their options.\n",
    });
    const number = await trivet("train", "--processes", "many");
    expect(number.stderr).to.include("It must be a whole number from 1 to 1000.");
    expect(number.exitCode).to.equal(2);
  });

  it("tells errors as JSON when asked for JSON, with each problem of a job", async () => {
    writeFileSync(
      join(folder(), "job.yaml"),
      "name: a\nmodel: { kind: custom, module: a.ts }\ndata: { train: a }\nworkrs: 2\n",
    );
    const { exitCode, stdout, stderr } = await trivet("train", "--json");
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 2, stderr: "" });
    const { error } = JSON.parse(stdout);
    expect(error.code).to.equal("invalid-input");
    expect(error.problems).to.have.length(2);
    expect(error.problems[1]).to.deep.equal({
      file: "job.yaml",
      line: 4,
      column: 1,
      path: "workrs",
      message: "unknown field; did you mean `workers`?",
    });
    expect(JSON.parse((await trivet("nonsense", "--json")).stdout).error.message).to.match(
      /^unknown command 'nonsense'/,
    );
  });

  it("colors only where it is asked to or a terminal reads", async () => {
    const red = "\x1b[31m";
    const stderr = async (environment: Record<string, string>, ...args: string[]) =>
      (await runTrivet(folder(), [...args, "inspect", "nothing"], { environment })).stderr;
    expect(await stderr({})).not.to.include(red);
    expect(await stderr({ FORCE_COLOR: "1" })).to.include(red);
    expect(await stderr({ NO_COLOR: "1" })).not.to.include(red);
    expect(await stderr({}, "--no-color")).not.to.include(red);
  });

  it("calls an error of its own a bug, with a file that has the details", async () => {
    const { exitCode, stderr } = await runTrivet(folder(), ["inspect", "a"], {
      environment: { NODE_OPTIONS: `--import=${brokenModule(folder())}` },
    });
    expect(exitCode).to.equal(1);
    const file = /^error: This is a bug in Trivet: broken\n.* (\/\S+\.log)\n$/.exec(stderr)?.[1];
    expect(stderr).not.to.include("    at ");
    expect(readFileSync(file!, "utf8")).to.match(/^Error: broken\n {4}at /);
  });
});

/** A module that breaks the command from inside: reading the jobs of a store throws. */
function brokenModule(folder: string): string {
  const file = join(folder, "broken.mjs");
  writeFileSync(
    file,
    `import fs from "node:fs"; import { syncBuiltinESMExports } from "node:module";
const { existsSync } = fs;
fs.existsSync = (path) => { if (String(path).endsWith("jobs/")) throw new Error("broken"); return existsSync(path); };
syncBuiltinESMExports();`,
  );
  return file;
}

describe("trivet init", () => {
  const folder = temporaryFolder();

  for (const name of ["sentiment", "vision", "recommender", "custom"]) {
    it(`writes a valid, commented job for ${name}, and says what comes next`, async () => {
      const { exitCode, stdout, stderr } = await runTrivet(folder(), ["init", name]);
      expect(exitCode).to.equal(0);
      expect(stdout.split("\n")).to.include("job.yaml");
      expect(stderr).to.include("trivet train job.yaml");
      const text = readFileSync(join(folder(), "job.yaml"), "utf8");
      expect(parseJob(text, "job.yaml").name).to.equal(name);
      const schema = /\$schema=(.*)/.exec(text)![1]!;
      expect(JSON.parse(readFileSync(join(folder(), schema), "utf8")).title).to.equal("Trivet job");
    });
  }

  for (const name of ["sentiment", "vision"]) {
    it(`writes for ${name} the very job of examples/${name}`, async () => {
      await runTrivet(folder(), ["init", name]);
      const example = await readJob(fileURLToPath(new URL(`../../examples/${name}/job.yaml`, import.meta.url)));
      expect(await readJob(join(folder(), "job.yaml"))).to.deep.equal(example);
    });
  }

  it("writes over nothing without --force", async () => {
    const file = join(folder(), "job.yaml");
    writeFileSync(file, "mine");
    const refused = await runTrivet(folder(), ["init", "vision"]);
    expect(refused.exitCode).to.equal(2);
    expect(refused.stderr).to.equal(
      "error: job.yaml would be written over. Choose another --folder, or say --force.\n",
    );
    expect(readFileSync(file, "utf8")).to.equal("mine");
    expect((await runTrivet(folder(), ["init", "vision", "--force"])).exitCode).to.equal(0);
    expect(readFileSync(file, "utf8")).to.include("name: vision");
  });

  it("asks nobody where nobody can answer", async () => {
    const { exitCode, stderr } = await runTrivet(folder(), ["init"]);
    expect(exitCode).to.equal(2);
    expect(stderr).to.equal("error: Say what to start from: trivet init sentiment|vision|recommender|custom\n");
  });
});

describe("trivet doctor", () => {
  const folder = temporaryFolder();

  it("tells each finding, and one failure does not hide the others", async () => {
    writeFileSync(join(folder(), "file"), "");
    const { exitCode, stdout } = await runTrivet(folder(), ["doctor", "--json", "--store", "file/store"]);
    const { findings } = JSON.parse(stdout) as { findings: { name: string; status: string; text: string }[] };
    const statuses = Object.fromEntries(findings.map(({ name, status }) => [name, status]));
    expect(Object.keys(statuses)).to.deep.equal([
      ...["Node", "cores", "memory", "store", "disk", "clock", "TensorFlow", "training"],
    ]);
    expect(statuses.store).to.equal("fail");
    expect(statuses.training).not.to.equal("fail");
    expect(exitCode).to.equal(1);
  });
});
