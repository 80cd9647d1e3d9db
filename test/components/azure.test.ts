import { expect } from "chai";
import { describe, it } from "mocha";
import { replicaSize } from "../../components/azure/worker.ts";
import { child, cloudsUnderTest, known, ofType, register } from "./support.ts";

const azure = cloudsUnderTest.find(({ cloud }) => cloud === "azure")!;

/** The parts of a job or an app that the tests look at. */
interface Inputs {
  readonly configuration: {
    readonly replicaTimeout: number;
    readonly replicaRetryLimit: number;
    readonly registries: readonly object[];
    readonly ingress: { readonly external: boolean };
    readonly eventTriggerConfig: {
      readonly scale: {
        readonly minExecutions: number;
        readonly rules: readonly [{ metadata: object; identity: string }];
      };
    };
  };
  readonly template: {
    readonly scale: { readonly minReplicas: number; readonly maxReplicas: number };
    readonly containers: readonly [
      { readonly env: readonly { name: string; value: string }[]; readonly resources: object },
    ];
  };
}
const inputsOf = ({ inputs }: { inputs: Readonly<Record<string, unknown>> }) => inputs as unknown as Inputs;
const environment = (resource: { inputs: Readonly<Record<string, unknown>> }) =>
  Object.fromEntries(inputsOf(resource).template.containers[0].env.map(({ name, value }) => [name, value]));

describe("The pipeline on Azure", () => {
  it("starts a job per visible message, from zero, and never repeats one by itself", async () => {
    const { resources } = await register(azure);
    const { configuration } = inputsOf(child(resources, "worker"));
    expect(configuration.replicaRetryLimit).to.equal(0);
    expect(configuration.eventTriggerConfig.scale.minExecutions).to.equal(0);
    const [rule] = configuration.eventTriggerConfig.scale.rules;
    expect(rule.metadata).to.deep.equal({
      ...{ accountName: "pipeaccount", queueName: "tasks", queueLength: "1", queueLengthStrategy: "visibleonly" },
    });
  });

  it("gives an execution the time of three tasks, and the platform a little more", async () => {
    const { resources } = await register(azure, { taskTimeoutSeconds: 100 });
    const worker = child(resources, "worker");
    const { TRIVET_EXECUTION_TIMEOUT_SECONDS, TRIVET_TASK_TIMEOUT_SECONDS } = environment(worker);
    expect([TRIVET_TASK_TIMEOUT_SECONDS, TRIVET_EXECUTION_TIMEOUT_SECONDS]).to.deep.equal(["100", "480"]);
    expect(inputsOf(worker).configuration.replicaTimeout).to.equal(530);
  });

  it("has the queue of dead letters that its hosts expect, before anything starts", async () => {
    for (const host of ["job", "functions"]) {
      const { resources } = await register(azure, { host });
      expect(ofType(resources, "Queue").map(({ inputs }) => inputs.queueName)).to.have.members([
        "tasks",
        "tasks-poison",
      ]);
      expect(child(resources, host === "job" ? "worker" : "functions-worker").dependsOn).to.include(
        "pipe-dead-letters",
      );
    }
  });

  it("lets nobody delete, and each write only under its prefixes", async () => {
    const { resources } = await register(azure, azure.full);
    const writers = ofType(resources, "RoleAssignment").filter(({ inputs }) =>
      String(inputs.roleDefinitionId).endsWith("ba92f5b4-2d11-453d-a403-e96b0029c9fe"),
    );
    expect(writers.map(({ name }) => name)).to.have.members([
      "pipe-worker-objects",
      "pipe-submitter-objects",
      "pipe-submitter-objects-0",
    ]);
    for (const { inputs, name } of writers) {
      expect(inputs.condition, name).to.include(
        "!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete'})",
      );
      expect(String(inputs.condition).includes("'rounds/'")).to.equal(name === "pipe-worker-objects");
      expect(inputs.scope).to.match(/containers\/data$/);
      expect(inputs.conditionVersion).to.equal("2.0");
      const depth = [...String(inputs.condition)].reduce(
        (open, letter) => open + (letter === "(" ? 1 : letter === ")" ? -1 : 0),
        0,
      );
      expect(depth).to.equal(0);
    }
  });

  it("pulls with an identity whose right exists before the job does", async () => {
    const { resources } = await register(azure);
    expect(child(resources, "worker").dependsOn).to.include("pipe-worker-pull");
    expect(inputsOf(child(resources, "worker")).configuration.registries).to.have.length(1);
    const { resources: without } = await register(azure, { registry: { skip: true } });
    expect(inputsOf(child(without, "worker")).configuration.registries).to.deep.equal([]);
  });

  it("asks for no workspace key: Azure Monitor brings the lines", async () => {
    const { resources } = await register(azure, azure.full);
    expect(child(resources, "environment").inputs.appLogsConfiguration).to.deep.equal({ destination: "azure-monitor" });
    expect(child(resources, "workspace").inputs.features).to.deep.equal({ disableLocalAuth: true });
    expect(resources.flatMap(({ secrets }) => secrets)).to.deep.equal([]);
  });

  it("watches age, errors, dead letters and throttles", async () => {
    const { resources } = await register(azure, { alertEmail: "ops@example.org" });
    const queries = ofType(resources, "ScheduledQueryRule").map(({ inputs }) => JSON.stringify(inputs.criteria));
    expect(queries).to.have.length(3);
    for (const words of ["/tasks-poison/messages", "removed == 0", "ERROR"])
      expect(
        queries.filter((query) => query.includes(words)),
        words,
      ).to.have.length(1);
    expect(JSON.stringify(child(resources, "throttle-alarm").inputs)).to.include("ServerBusyError");
    for (const { inputs } of ofType(resources, "ScheduledQueryRule"))
      expect(JSON.stringify(inputs.actions)).to.include("/ActionGroup/pipe-alerts");
  });

  it("protects what Azure would remove with all that is in it, unless told to", async () => {
    const stored = ["pipe-resource-group", "pipeaccount", "pipe-container", "piperegistry", "pipe-workspace"];
    const flagged = async (
      removalPolicy: "retain" | "empty" | "destroy" | undefined,
      flag: "protect" | "retainOnDelete",
    ) =>
      (await register(azure, { removalPolicy })).resources.filter((resource) => resource[flag]).map(({ name }) => name);
    expect(await flagged(undefined, "protect")).to.have.members(stored);
    expect(await flagged("empty", "protect")).to.have.members(stored);
    expect(await flagged("destroy", "protect")).to.deep.equal([]);
    expect(await flagged("retain", "retainOnDelete")).to.have.members(stored);
  });

  it("runs Azure's Functions host when asked, with its bookkeeping in another account", async () => {
    const { resources, result } = await register(azure, azure.options["functions host"]!);
    const worker = child(resources, "functions-worker");
    expect(worker.inputs.kind).to.equal("functionapp");
    expect(inputsOf(worker).template.scale).to.deep.equal({ minReplicas: 1, maxReplicas: 10 });
    expect(inputsOf(worker).configuration.ingress.external).to.equal(false);
    expect(environment(worker)).to.include({
      AzureFunctionsJobHost__functionTimeout: "00:09:50",
      AzureWebJobsStorage__accountName: "pipehostaccount",
      TRIVET_PLATFORM: "azure-functions",
      TRIVET_QUEUE_NAME: "tasks",
    });
    expect(child(resources, "host-storage").inputs.scope).to.match(/pipehostaccount$/);
    expect(await known(result.workerIdentity)).to.equal(child(resources, "worker-tasks").inputs.principalId);
  });

  it("lets in nobody but the named callers", async () => {
    const { resources } = await register(azure, azure.full);
    const text = JSON.stringify(child(resources, "predictor-authentication").inputs);
    expect(text).to.include('"unauthenticatedClientAction":"Return401"');
    expect(text).to.include('"allowedApplications":["33333333-3333-3333-3333-333333333333"]');
    const { resources: closed } = await register(azure, {
      predict: true,
      predictClientId: "22222222-2222-2222-2222-222222222222",
    });
    expect(JSON.stringify(child(closed, "predictor-authentication").inputs)).to.include(
      '"allowedApplications":["22222222-2222-2222-2222-222222222222"]',
    );
  });

  it("gives sizes that Container Apps has", () => {
    expect([1024, 2048, 4096, 8192].map(replicaSize)).to.deep.equal([
      ...[
        { cpu: 0.5, memory: "1Gi" },
        { cpu: 1, memory: "2Gi" },
        { cpu: 2, memory: "4Gi" },
        { cpu: 4, memory: "8Gi" },
      ],
    ]);
  });

  it("reads the user's key's URL", async () => {
    const { resources } = await register(azure, {
      ...azure.full,
      encryptionKey: "https://v.vault.azure.net/keys/k/0af1",
    });
    const account = resources.find(({ name }) => name === "pipeaccount")!;
    expect(account.inputs.encryption).to.deep.include({
      keyVaultProperties: { keyVaultUri: "https://v.vault.azure.net", keyName: "k", keyVersion: "0af1" },
    });
  });

  it("says what each option needs on Azure", async () => {
    const error = await register(azure, {
      ...{
        predict: true,
        gpu: true,
        host: "functions",
        encryptionKey: "mine",
        alertEmail: "a@b.org",
        monthlyBudgetDollars: 5,
      },
      ...{ location: "West US 3", network: { existingSubnets: ["a", "b"] } },
    }).catch((reason: Error) => reason.message);
    for (const path of [
      "location",
      "encryptionKey",
      "budgetStartsOn",
      "encryptionIdentity",
      "predictClientId",
      "gpu",
      "network.existingSubnets",
    ])
      expect(error).to.include(`\n  - ${path} `);
    const warm = await register(azure, { warmInstances: 1 }).catch((reason: Error) => reason.message);
    expect(warm).to.include('warmInstances needs host: "functions"');
  });
});
