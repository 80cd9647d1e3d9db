import * as pulumi from "@pulumi/pulumi";
import { openScope } from "../open-scope.ts";
import type { TrainingPipelineArgs, TrainingPipelineOutputs } from "../pipeline.ts";
import type { Problems } from "../validation.ts";
import { type GcpNodes, nameRules } from "./children.ts";
import { createSubmitter, createWorkerIdentity } from "./identity.ts";
import { createLogs } from "./logs.ts";
import { createNetwork } from "./network.ts";
import { createObjectStore } from "./object-store.ts";
import { createObservability } from "./observability.ts";
import { createPrediction } from "./prediction.ts";
import { allowKey, createPubsubAgent, enableApis } from "./project.ts";
import { createRegistry } from "./registry.ts";
import { createNewDataTrigger, createSchedules } from "./schedule.ts";
import { createTaskQueue } from "./task-queue.ts";
import { createWorker } from "./worker.ts";

/** What Google Cloud needs to be told beside what all clouds are told. The project is the provider's. */
export interface GcpTrainingPipelineArgs extends TrainingPipelineArgs {
  /** The region, such as `us-central1`. Buckets, services and messages stay in it. */
  location: pulumi.Input<string>;
  /** Switch on the APIs that the pipeline uses, and leave them on. Turn it off where somebody else does. Default: true. */
  enableApis?: boolean;
  /** The billing account, `012345-6789AB-CDEF01`. Needed for `monthlyBudgetDollars`. */
  billingAccount?: pulumi.Input<string>;
  /** One NVIDIA L4 per worker, about 0.67 dollars an hour while instances live. Needs `memoryMib` of 16,384. Default: false. */
  gpu?: boolean;
}

const nodesOf = new WeakMap<GcpTrainingPipeline, GcpNodes>();

/**
 * Trains in Cloud Run: a bucket, a topic with dead letters, a registry, a service from a container image, and who may do
 * what. It scales to zero; what stays costs well under a dollar a month (storage of the image and the data).
 */
export class GcpTrainingPipeline extends pulumi.ComponentResource implements TrainingPipelineOutputs {
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

  constructor(name: string, args: GcpTrainingPipelineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("trivet:index:GcpTrainingPipeline", name, {}, opts);
    const { nodes, outputs } = build(this, name, args, opts);
    nodesOf.set(this, nodes);
    Object.assign(this, outputs);
    this.registerOutputs({ ...outputs });
  }

  /** Every child, for what the arguments do not offer. */
  get nodes(): GcpNodes {
    return nodesOf.get(this) ?? {};
  }
}

/** What may be wrong on Google Cloud alone. */
function check(problems: Problems, args: GcpTrainingPipelineArgs): void {
  problems.matches("location", args.location ?? "", /^[a-z]+(-[a-z]+)+[0-9]+$/, "a region, such as us-central1");
  problems.matches(
    "billingAccount",
    args.billingAccount,
    /^[0-9A-F]{6}(-[0-9A-F]{6}){2}$/,
    "a billing account, such as 012345-6789AB-CDEF01",
  );
  problems.matches(
    "encryptionKey",
    args.encryptionKey,
    /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/,
    "a Cloud KMS key's id, projects/P/locations/L/keyRings/R/cryptoKeys/K",
  );
  problems.matches("bucket.existing", args.bucket?.existing, /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, "a bucket's name");
  if (args.monthlyBudgetDollars !== undefined && args.billingAccount === undefined)
    problems.found.push([
      "billingAccount",
      "is needed for monthlyBudgetDollars: Google Cloud's budgets belong to a billing account",
    ]);
  for (const flag of ["gpu", "enableApis"] as const) problems.plainFlag(flag, args[flag]);
  if (args.gpu)
    problems.check("memoryMib", args.memoryMib ?? 0, (mib) =>
      mib >= 16_384
        ? undefined
        : "must be at least 16384 with gpu: Cloud Run has an L4 with 16 GiB and 4 cores at the least",
    );
  if (args.network?.existingSubnets && args.network.existingSubnets.length !== 1)
    problems.found.push([
      "network.existingSubnets",
      `has ${args.network.existingSubnets.length} subnets; Google Cloud takes exactly one`,
    ]);
}

function build(
  component: GcpTrainingPipeline,
  name: string,
  args: GcpTrainingPipelineArgs,
  opts?: pulumi.ComponentResourceOptions,
) {
  const scope = openScope("gcp", component, name, args, { nameRules, check, opts });
  enableApis(scope, args);
  const pubsubAgent = createPubsubAgent(scope);
  allowKey(scope, args, pubsubAgent);
  const bucket = createObjectStore(scope, args);
  const queues = createTaskQueue(scope, args, pubsubAgent);
  const { queue, deadLetterSubscription } = queues;
  const { imageUri, registryUrl } = createRegistry(scope, args);
  const account = createWorkerIdentity(scope, { bucket, queue });
  const submitter = createSubmitter(scope, args, { bucket, queue, deadLetterSubscription });
  const vpcAccess = createNetwork(scope, args);
  const parts = { ...queues, imageUri, bucket };
  const { worker, trigger } = createWorker(scope, args, { ...parts, account, pubsubAgent, vpcAccess });
  const predictor = createPrediction(scope, args, parts);
  createSchedules(scope, args, { bucket, queue });
  createNewDataTrigger(scope, args, { bucket, queue });
  const logLocation = createLogs(scope, args, queue.project, [worker.name, ...(predictor ? [predictor.name] : [])]);
  const dashboardUrl = createObservability(scope, args, { worker, trigger, deadLetterSubscription });
  const outputs: TrainingPipelineOutputs = {
    cloud: pulumi.output("gcp"),
    region: worker.location,
    storeUrl: pulumi.interpolate`gs://${bucket}`,
    queueUrl: queue.id,
    deadLetterQueueUrl: deadLetterSubscription.id,
    registryUrl,
    imageUri,
    workerName: worker.name,
    workerIdentity: account.email,
    submitterGrant: submitter.email,
    logLocation,
    dashboardUrl,
    predictionUrl: predictor?.uri ?? pulumi.output(""),
  };
  return { nodes: scope.nodes as GcpNodes, outputs };
}
