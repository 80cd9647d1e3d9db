import * as pulumi from "@pulumi/pulumi";
import { openScope } from "../open-scope.ts";
import type { TrainingPipelineArgs, TrainingPipelineOutputs } from "../pipeline.ts";
import type { Problems } from "../validation.ts";
import { type AzureNodes, nameRules } from "./children.ts";
import { createSubmitter } from "./identity.ts";
import { createLogs } from "./logs.ts";
import { createNetwork } from "./network.ts";
import { createObjectStore } from "./object-store.ts";
import { createObservability } from "./observability.ts";
import { createPlace } from "./place.ts";
import { createPrediction } from "./prediction.ts";
import { createRegistry } from "./registry.ts";
import { createNewDataTrigger, createSchedules } from "./schedule.ts";
import { createTaskQueue } from "./task-queue.ts";
import { createEnvironment, createWorker } from "./worker.ts";

/** What runs the worker on Azure. */
export const AzureHost = {
  /** An event-driven Container Apps job: an execution takes the messages itself. */
  Job: "job",
  /** Azure's Functions host on Container Apps, in an image of its own. Some of its scaling is still unsteady on Azure's side. */
  Functions: "functions",
} as const;
export type AzureHost = (typeof AzureHost)[keyof typeof AzureHost];

/** What Azure needs to be told beside what all clouds are told. */
export interface AzureTrainingPipelineArgs extends TrainingPipelineArgs {
  /** Where, such as `westus3`. */
  location: pulumi.Input<string>;
  /** Use this resource group. Default: one is created. */
  resourceGroupName?: pulumi.Input<string>;
  /** What runs the worker. Default: "job". */
  host?: AzureHost;
  /** First day of the budget's first month, `2027-01-01`: this month or a later one. Needed for `monthlyBudgetDollars`. */
  budgetStartsOn?: pulumi.Input<string>;
  /** Resource id of a managed identity that may use `encryptionKey`. Needed with it. */
  encryptionIdentity?: pulumi.Input<string>;
  /** Client id of an app registration of yours, which callers ask tokens for. Needed for `predict`. */
  predictClientId?: pulumi.Input<string>;
  /** One NVIDIA T4 per worker with 8 cores and 56 GiB, about 1.56 dollars an hour while it works. Needs `host: "job"`. Default: false. */
  gpu?: boolean;
}

const nodesOf = new WeakMap<AzureTrainingPipeline, AzureNodes>();

/**
 * Trains in Azure Container Apps: a storage account with queue and dead letters, a registry, a job (or function app) from
 * a container image, and who may do what. It scales to zero; what stays costs about 8 dollars a month (a basic registry,
 * three log alarms, storage).
 */
export class AzureTrainingPipeline extends pulumi.ComponentResource implements TrainingPipelineOutputs {
  public readonly cloud!: pulumi.Output<string>;
  public readonly region!: pulumi.Output<string>;
  public readonly storeUrl!: pulumi.Output<string>;
  public readonly queueUrl!: pulumi.Output<string>;
  public readonly deadLetterQueueUrl!: pulumi.Output<string>;
  public readonly registryUrl!: pulumi.Output<string>;
  public readonly imageUri!: pulumi.Output<string>;
  public readonly workerName!: pulumi.Output<string>;
  public readonly workerIdentity!: pulumi.Output<string>;
  public readonly submitterGrant!: pulumi.Output<string>;
  public readonly logLocation!: pulumi.Output<string>;
  public readonly dashboardUrl!: pulumi.Output<string>;
  public readonly predictionUrl!: pulumi.Output<string>;

  constructor(name: string, args: AzureTrainingPipelineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("trivet:index:AzureTrainingPipeline", name, {}, opts);
    const { nodes, outputs } = build(this, name, args, opts);
    nodesOf.set(this, nodes);
    Object.assign(this, outputs);
    this.registerOutputs({ ...outputs });
  }

  /** Every child, for what the arguments do not offer. */
  get nodes(): AzureNodes {
    return nodesOf.get(this) ?? {};
  }
}

/** What may be wrong on Azure alone. */
function check(problems: Problems, args: AzureTrainingPipelineArgs): void {
  const { found } = problems;
  const hosts: readonly string[] = Object.values(AzureHost);
  if (args.host !== undefined && !hosts.includes(args.host))
    found.push(["host", `must be one of ${hosts.join(", ")}, as plain text`]);
  problems.matches("location", args.location ?? "", /^[a-z]+[a-z0-9]*$/, "a location's short name, such as westus3");
  problems.matches(
    "budgetStartsOn",
    args.budgetStartsOn,
    /^20\d\d-(0[1-9]|1[0-2])-01$/,
    "the first day of a month, such as 2027-01-01",
  );
  problems.matches(
    "encryptionKey",
    args.encryptionKey,
    /^https:\/\/[^/\s]+\/keys\/[A-Za-z0-9-]+(\/[0-9a-f]+)?$/,
    "a key's URL, https://VAULT.vault.azure.net/keys/NAME",
  );
  problems.matches(
    "bucket.existing",
    args.bucket?.existing,
    /\/storageAccounts\/[a-z0-9]{3,24}$/,
    "a storage account's resource id",
  );
  problems.matches(
    "registry.existing",
    args.registry?.existing,
    /\/registries\/[A-Za-z0-9]{5,50}$/,
    "a registry's resource id",
  );
  const needed: [boolean, keyof AzureTrainingPipelineArgs, string][] = [
    [
      args.monthlyBudgetDollars !== undefined,
      "budgetStartsOn",
      "monthlyBudgetDollars: Azure's budgets start with a month that is not over",
    ],
    [
      args.encryptionKey !== undefined,
      "encryptionIdentity",
      "encryptionKey: the storage account reads the key as that identity",
    ],
    [args.predict === true, "predictClientId", "predict: Azure knows callers only through an app registration"],
  ];
  for (const [isNeeded, name, reason] of needed)
    if (isNeeded && args[name] === undefined) found.push([name, `is needed for ${reason}`]);
  problems.plainFlag("gpu", args.gpu);
  if (args.host === "functions" && args.gpu) found.push(["gpu", 'needs host: "job"']);
  if (args.host !== "functions")
    problems.check("warmInstances", args.warmInstances, (warm) =>
      warm > 0 ? 'needs host: "functions"; a job starts a container per message and keeps none' : undefined,
    );
  if (args.network?.existingSubnets && args.network.existingSubnets.length !== 1)
    found.push([
      "network.existingSubnets",
      `has ${args.network.existingSubnets.length} subnets; Azure takes exactly one`,
    ]);
}

function build(
  component: AzureTrainingPipeline,
  name: string,
  args: AzureTrainingPipelineArgs,
  opts?: pulumi.ComponentResourceOptions,
) {
  const scope = openScope("azure", component, name, args, { nameRules, check, opts });
  const { place, resourceGroupId } = createPlace(scope, args);
  const store = createObjectStore(scope, args, place);
  const { queue, deadLetters } = createTaskQueue(scope, store);
  const { registry, registryUrl, imageUri } = createRegistry(scope, args, place);
  const workspaceId = createLogs(scope, args, place, store);
  const subnetId = createNetwork(scope, args, place);
  const environment = createEnvironment(scope, args, place, subnetId, workspaceId);
  const parts = { place, store, queue, deadLetters, registry, environment, imageUri };
  const worker = createWorker(scope, args, parts);
  const submitter = createSubmitter(scope, args, place, parts);
  const predictionUrl = createPrediction(scope, args, parts);
  createSchedules(scope, args, parts, submitter);
  createNewDataTrigger(scope, args, parts);
  const watched = { place, resourceGroupId, store, queue, deadLetters, workspaceId, workerName: worker.name };
  const dashboardUrl = createObservability(scope, args, watched);
  const outputs: TrainingPipelineOutputs = {
    cloud: pulumi.output("azure"),
    region: place.location,
    storeUrl: store.containerUrl,
    queueUrl: queue.url,
    deadLetterQueueUrl: deadLetters.url,
    registryUrl,
    imageUri,
    workerName: worker.name,
    workerIdentity: worker.principalId,
    submitterGrant: submitter.id,
    logLocation: workspaceId ?? pulumi.output(""),
    dashboardUrl,
    predictionUrl,
  };
  return { nodes: scope.nodes as AzureNodes, outputs };
}
