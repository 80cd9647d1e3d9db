import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { parseStackOutputs, storeName } from "../../worker-runtime/src/clouds/stack/outputs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeJob } from "./reviews-job.ts";
import { runTrivet } from "./run-trivet.ts";

const aws = {
  cloud: "aws",
  region: "eu-central-1",
  storeUrl: "s3://my-pipeline-data",
  queueUrl: "https://sqs.eu-central-1.amazonaws.com/123456789012/tasks",
  deadLetterQueueUrl: "https://sqs.eu-central-1.amazonaws.com/123456789012/dead",
  dashboardUrl: "https://console.aws.amazon.com/cloudwatch",
  logLocation: "/aws/lambda/my-worker",
  predictionUrl: "",
};
const gcp = {
  cloud: "gcp",
  storeUrl: "gs://my-pipeline-data",
  queueUrl: "projects/p/topics/tasks",
  deadLetterQueueUrl: "projects/p/subscriptions/dead",
};
const azure = {
  cloud: "azure",
  storeUrl: "https://account.blob.core.windows.net/data",
  queueUrl: "https://account.queue.core.windows.net/tasks",
};

describe("a stack's outputs", () => {
  const parse = (outputs: unknown) => parseStackOutputs(JSON.stringify(outputs), "stack dev");
  const messageOf = (text: string) => {
    try {
      parseStackOutputs(text, "stack dev");
    } catch (error) {
      expect((error as Error).name).to.equal("UserError");
      return (error as Error).message;
    }
    throw new Error("it was accepted");
  };

  it("are read as they are, beside whatever else the program exports", () => {
    const { predictionUrl: _, ...known } = aws;
    expect(parse({ ...aws, other: { a: 1 } })).to.deep.equal(known);
    expect(storeName(parse(aws))).to.equal("my-pipeline-data");
    expect(storeName(parse(gcp))).to.equal("my-pipeline-data");
    expect(storeName(parse(azure))).to.equal(azure.storeUrl);
    expect(parse(azure).deadLetterQueueUrl).to.equal(undefined);
  });

  it("that are missing are named, with where they seem to be", () => {
    expect(messageOf("{}")).to.equal(
      "stack dev lacks the outputs cloud, storeUrl, queueUrl of a training pipeline. It has no outputs: is it up? " +
        "The stack's program must export the pipeline's outputs under their own names.",
    );
    expect(messageOf(JSON.stringify({ pipeline: aws, url: "x" }))).to.include("They are inside its output pipeline.");
    const { queueUrl: _, ...rest } = aws;
    expect(messageOf(JSON.stringify(rest))).to.match(
      /lacks the output queueUrl of .* It has cloud, region, storeUrl, /,
    );
  });

  const wrong: Record<string, [outputs: object, said: RegExp]> = {
    "another cloud": [{ ...aws, cloud: "ibm" }, /the output cloud is "ibm", which is not aws, gcp or azure/],
    "another cloud's bucket": [
      { ...aws, storeUrl: "gs://data" },
      /the output storeUrl is "gs:\/\/data", which is not s3:/,
    ],
    "a secret": [{ ...gcp, queueUrl: "[secret]" }, /queueUrl is "\[secret\]".*No output of a pipeline is secret/],
    "a number": [{ ...azure, storeUrl: 7 }, /the output storeUrl is 7/],
    "a name of the object's own": [{ ...azure, cloud: "constructor" }, /cloud is "constructor"/],
    "a queue that is none": [{ ...gcp, deadLetterQueueUrl: "dead" }, /deadLetterQueueUrl is "dead"/],
  };
  for (const [name, [outputs, said]] of Object.entries(wrong))
    it(`refuse ${name}`, () => {
      expect(messageOf(JSON.stringify(outputs))).to.match(said);
    });

  it("refuse what is not JSON of them", () => {
    for (const text of ["", "nonsense", "[]", "null", '"aws"'])
      expect(messageOf(text)).to.match(/^stack dev is not the JSON of `pulumi stack output --json`/);
  });
});

describe("trivet --stack", () => {
  const folder = temporaryFolder();

  /** A program that answers in Pulumi's place, and writes down what it was asked. */
  function fakePulumi(script: string): Record<string, string> {
    const bin = join(folder(), "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "pulumi"), `#!/bin/sh\necho "$@" > "${folder()}/asked"\n${script}\n`);
    chmodSync(join(bin, "pulumi"), 0o755);
    return { PATH: `${bin}${delimiter}${process.env.PATH}` };
  }

  const status = (environment: Record<string, string>, ...args: string[]) =>
    runTrivet(folder(), ["status", ...args], { environment });

  // What Pulumi 3.230 says on standard error.
  const troubles: Record<string, [said: string, told: RegExp]> = {
    "an unknown stack": ["error: no stack named 'dev' found", /Pulumi knows no stack dev in this project/],
    "no login": [
      "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
      /Pulumi is not logged in.*`pulumi login`.*--stack-outputs/,
    ],
    "no project": [
      "error: no Pulumi.yaml project file found (searching upwards from /home/me)",
      /There is no Pulumi\.yaml here.*ORGANIZATION\/PROJECT\/STACK/,
    ],
    "no passphrase": [
      "error: getting secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE",
      /needs the stack's passphrase/,
    ],
    "something else": ["error: the moon is full", /pulumi stack output failed: the moon is full/],
  };
  for (const [name, [said, told]] of Object.entries(troubles))
    it(`says what to do about ${name}`, async () => {
      const environment = fakePulumi(`echo "${said}" >&2; exit 255`);
      const { exitCode, stdout, stderr } = await status(environment, "--stack", "dev");
      expect(stderr).to.match(told).and.not.include("    at ");
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 2, stdout: "" });
    });

  it("asks Pulumi for the stack's outputs, and says what is missing in them", async () => {
    const environment = fakePulumi(`echo '{"cloud":"aws"}'`);
    const { exitCode, stdout } = await status(environment, "--stack", "acme/shop/dev", "--json");
    expect(exitCode).to.equal(2);
    expect(JSON.parse(stdout).error).to.include({ code: "invalid-input" });
    expect(JSON.parse(stdout).error.message).to.match(/^stack acme\/shop\/dev lacks the outputs storeUrl, queueUrl/);
    expect(readAsked(folder())).to.match(/^stack output --json .*--stack acme\/shop\/dev$/);
  });

  it("says so where there is no Pulumi, no stack, no file, or two stacks", async () => {
    const none = await status({ PATH: folder() }, "--stack", "dev");
    expect(none.stderr).to.match(/asks the program pulumi, which is not on the PATH\. Install it/);
    expect((await status({})).stderr).to.match(
      /^error: Say which deployed stack: --stack NAME, or --stack-outputs FILE/,
    );
    const absent = await status({}, "--stack-outputs", "absent.json");
    expect(absent.stderr).to.match(/--stack-outputs absent\.json cannot be read: ENOENT/);
    const both = await status({}, "--stack", "dev", "--stack-outputs", "a.json");
    expect(both.stderr).to.include("cannot be used with option '--stack-outputs <file>'");
    for (const { exitCode } of [none, absent, both]) expect(exitCode).to.equal(2);
  });

  it("names the problems of a job file before it asks for anything", async () => {
    writeJob(folder(), 0);
    const { exitCode, stderr } = await runTrivet(folder(), ["submit", "--stack-outputs", "absent.json"]);
    expect(exitCode).to.equal(2);
    expect(stderr).to.include("job.yaml").and.not.include("absent.json");
  });
});

function readAsked(folder: string): string {
  return readFileSync(join(folder, "asked"), "utf8").trim();
}
