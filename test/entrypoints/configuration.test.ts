import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import {
  defaults,
  otherVariables,
  platforms,
  readConfiguration,
  variables,
} from "../../worker-runtime/src/clouds/configuration.ts";
import { UserError } from "../../worker-runtime/src/errors.ts";

const lambda = {
  TRIVET_PLATFORM: "aws-lambda",
  TRIVET_STORE: "pipeline-data",
  TRIVET_QUEUE: "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks",
};
const azureJob = {
  TRIVET_PLATFORM: "azure-job",
  TRIVET_STORE: "https://account.blob.core.windows.net/data",
  TRIVET_QUEUE: "https://account.queue.core.windows.net/tasks",
  TRIVET_DEAD_LETTER_QUEUE: "https://account.queue.core.windows.net/tasks-poison",
};

function refusal(environment: Record<string, string>): string {
  try {
    readConfiguration(environment);
  } catch (error) {
    expect(error).to.be.instanceOf(UserError);
    return (error as Error).message;
  }
  throw new Error("was accepted");
}

describe("the worker's configuration", () => {
  it("is read from the environment, with defaults for times", () => {
    expect(readConfiguration(lambda)).to.deep.equal({
      platform: "aws-lambda",
      role: "worker",
      store: "pipeline-data",
      queue: lambda.TRIVET_QUEUE,
      taskTimeoutSeconds: defaults.taskTimeoutSeconds,
      executionTimeoutSeconds: defaults.executionTimeoutSeconds,
      idleSeconds: defaults.idleSeconds,
      deadLetterQueue: undefined,
      maximumDeliveries: defaults.deliveriesBeforeDeadLetter,
      message: undefined,
    });
    const changed = readConfiguration({ ...azureJob, TRIVET_TASK_TIMEOUT_SECONDS: "90", TRIVET_IDLE_SECONDS: "5" });
    expect(changed).to.include({ taskTimeoutSeconds: 90, idleSeconds: 5 });
    expect(changed.deadLetterQueue).to.equal(azureJob.TRIVET_DEAD_LETTER_QUEUE);
  });

  it("takes what emulators are reached by", () => {
    readConfiguration({ ...lambda, TRIVET_QUEUE: "http://127.0.0.1:5000/123456789012/tasks" });
    readConfiguration({
      ...azureJob,
      TRIVET_STORE: "http://127.0.0.1:10000/devstoreaccount1/data",
      TRIVET_QUEUE: "http://127.0.0.1:10001/devstoreaccount1/tasks",
    });
    readConfiguration({
      ...{ TRIVET_PLATFORM: "gcp-cloud-run", TRIVET_STORE: "bucket" },
      TRIVET_QUEUE: "projects/p/topics/tasks",
    });
  });

  it("says which platforms there are when none is named", () => {
    expect(refusal({})).to.include(`TRIVET_PLATFORM is not set; it must be one of ${platforms.join(", ")}`);
    expect(refusal({ TRIVET_PLATFORM: "aws" })).to.include('TRIVET_PLATFORM is "aws"; it must be one of aws-lambda');
  });

  it("names every variable with something wrong, and what is allowed there", () => {
    const message = refusal({
      ...{ TRIVET_PLATFORM: "gcp-cloud-run", TRIVET_STORE: "gs://bucket/" },
      TRIVET_TASK_TIMEOUT_SECONDS: "9 minutes",
    });
    expect(message).to.include('TRIVET_STORE is "gs://bucket/"; it must be a bucket\'s name without gs://');
    expect(message).to.include("TRIVET_QUEUE is not set; it must be a topic's full name, projects/<project>/topics/");
    expect(message).to.include('TRIVET_TASK_TIMEOUT_SECONDS is "9 minutes"; it must be a whole number of seconds');
    expect(message).to.include("Trivet's components set these variables");
  });

  for (const [name, value] of [
    ["TRIVET_STORE", "https://account.blob.core.windows.net/data?sig=secret"],
    ["TRIVET_STORE", "account"],
    ["TRIVET_QUEUE", "tasks"],
    ["TRIVET_TASK_TIMEOUT_SECONDS", "0"],
    ["TRIVET_TASK_TIMEOUT_SECONDS", "1e3"],
    ["TRIVET_IDLE_SECONDS", "-1"],
    ["TRIVET_DEAD_LETTER_QUEUE", ""],
    ["TRIVET_MAXIMUM_DELIVERIES", "0"],
    ["TRIVET_ROLE", "trainer"],
  ] as const) {
    it(`refuses ${name}=${value}`, () => {
      expect(refusal({ ...azureJob, [name]: value })).to.include(name);
    });
  }

  it("knows the roles, and where each is", () => {
    const message = '{"retrain":{"job":"sentiment","schedule":"nightly"},"trivet":1}';
    const { TRIVET_DEAD_LETTER_QUEUE: _, ...job } = azureJob;
    expect(readConfiguration({ ...job, TRIVET_ROLE: "schedule", TRIVET_MESSAGE: message })).to.include({ message });
    expect(readConfiguration({ ...job, TRIVET_ROLE: "predict" })).to.include({ role: "predict" });
    expect(readConfiguration({ ...azureJob, TRIVET_MAXIMUM_DELIVERIES: "7" })).to.include({ maximumDeliveries: 7 });
    expect(refusal({ ...job, TRIVET_ROLE: "schedule" })).to.include("TRIVET_MESSAGE is not set");
    expect(refusal({ ...lambda, TRIVET_ROLE: "schedule", TRIVET_MESSAGE: message })).to.include(
      'TRIVET_ROLE is "schedule", which there is not on aws-lambda',
    );
    expect(refusal({ ...azureJob, TRIVET_PLATFORM: "azure-functions", TRIVET_ROLE: "predict" })).to.include(
      'TRIVET_ROLE is "predict", which there is not on azure-functions',
    );
  });

  it("declares every environment variable that the worker reads", () => {
    const source = path.resolve(import.meta.dirname, "../../worker-runtime/src");
    const declared = new Set<string>([...Object.values(variables), ...Object.values(otherVariables)]);
    const undeclared = readdirSync(source, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => {
        const read = readFileSync(path.join(source, file), "utf8").matchAll(
          /\benv(?:ironment)?\??\.([A-Z]\w+)|\benv\["(\w+)"\]/g,
        );
        return [...read]
          .map((match) => match[1] ?? match[2]!)
          .filter((name) => !declared.has(name))
          .map((name) => `${file}: ${name}`);
      });
    expect(undeclared).to.deep.equal([]);
  });
});
