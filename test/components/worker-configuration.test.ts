import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { platforms, readConfiguration } from "../../worker-runtime/src/clouds/configuration.ts";
import { parseStackOutputs } from "../../worker-runtime/src/clouds/stack/outputs.ts";
import { readTrigger } from "../../worker-runtime/src/clouds/triggers/read-trigger.ts";
import { root } from "./languages.ts";
import { cloudsUnderTest, known, register } from "./support.ts";

/** Environment variables of a function's, a service's, a job's or an app's only container. */
function environmentOf(inputs: Readonly<Record<string, unknown>>): Record<string, string> {
  const { environment, template } = inputs as {
    environment?: { variables: Record<string, string> };
    template?: { containers: { env?: { name: string; value: string }[]; envs?: { name: string; value: string }[] }[] };
  };
  if (environment) return environment.variables;
  const [container] = template!.containers;
  return Object.fromEntries((container!.env ?? container!.envs)!.map(({ name, value }) => [name, value]));
}

describe("What the components tell the worker", () => {
  it("is a configuration that the worker takes, on each of its platforms", async () => {
    const seen: string[] = [];
    for (const under of cloudsUnderTest)
      for (const args of [{}, under.options["functions host"] ?? {}]) {
        const { resources } = await register(under, { ...args, taskTimeoutSeconds: 200 });
        const worker = resources.find(({ name }) => /^pipe-(functions-)?worker$/.test(name))!;
        const configuration = readConfiguration(environmentOf(worker.inputs));
        expect(configuration.taskTimeoutSeconds).to.equal(200);
        seen.push(configuration.platform);
      }
    expect(new Set(seen)).to.deep.equal(new Set(platforms));
  });

  it("is one too where the image predicts, and where it sends a schedule's message", async () => {
    for (const under of cloudsUnderTest) {
      const { resources } = await register(under, under.full);
      const predictor = resources.find(({ name }) => name === "pipe-predictor")!;
      expect(readConfiguration(environmentOf(predictor.inputs)).role).to.equal("predict");
    }
    const azure = cloudsUnderTest.find(({ cloud }) => cloud === "azure")!;
    const { resources } = await register(azure, azure.full);
    const schedule = resources.find(({ name }) => name === "pipe-schedule-nightly")!;
    const { role, message } = readConfiguration(environmentOf(schedule.inputs));
    expect(role).to.equal("schedule");
    expect(readTrigger({ body: message!, sentAtMs: 0 })).to.include({ name: "sentiment", schedule: "nightly" });
  });
});

describe("What Azure starts in a container", () => {
  it("is the image's own program where that image may be the one of the Functions host", async () => {
    const dockerfile = readFileSync(path.join(root, "worker-runtime/image/Dockerfile"), "utf8");
    const entrypoint = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)![1]!);
    const azure = cloudsUnderTest.find(({ cloud }) => cloud === "azure")!;
    const { resources } = await register(azure, { ...azure.full, ...azure.options["functions host"] });
    const commands = Object.fromEntries(
      resources.flatMap(({ name, inputs }) => {
        const { template } = inputs as { template?: { containers: { command?: string[] }[] } };
        return template ? [[name, template.containers[0]!.command]] : [];
      }),
    );
    expect(commands).to.deep.equal({
      "pipe-functions-worker": undefined,
      "pipe-predictor": entrypoint,
      "pipe-schedule-nightly": entrypoint,
      "pipe-schedule-monthly": entrypoint,
    });
  });
});

describe("What the components tell the command", () => {
  it("is what it reads of a stack", async () => {
    for (const under of cloudsUnderTest) {
      const { result } = await register(under);
      const names = ["cloud", "storeUrl", "queueUrl", "deadLetterQueueUrl", "dashboardUrl"] as const;
      const outputs: Record<string, string> = {};
      for (const name of names) outputs[name] = await known(result[name]);
      expect(parseStackOutputs(JSON.stringify(outputs), "a test")).to.include(outputs);
    }
  });
});
