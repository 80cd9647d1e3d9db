import * as pulumi from "@pulumi/pulumi";
import { openScope } from "../open-scope.ts";
import type { TrainingPipelineArgs, TrainingPipelineOutputs } from "../pipeline.ts";
import type { Problems } from "../validation.ts";
import { type AwsNodes, nameRules } from "./children.ts";
import { createSubmitter, createWorkerIdentity } from "./identity.ts";
import { createLogs } from "./logs.ts";
import { createNetwork } from "./network.ts";
import { createObjectStore } from "./object-store.ts";
import { createObservability } from "./observability.ts";
import { createPrediction } from "./prediction.ts";
import { createRegistry } from "./registry.ts";
import { createNewDataTrigger, createSchedules } from "./schedule.ts";
import { createTaskQueue } from "./task-queue.ts";
import { createWorker } from "./worker.ts";

/** AWS has nothing to be told that the other clouds are not. */
export interface AwsTrainingPipelineArgs extends TrainingPipelineArgs {}

const nodesOf = new WeakMap<AwsTrainingPipeline, AwsNodes>();

/**
 * Trains in AWS Lambda: a bucket, a queue with dead letters, a registry, a function from a container image, and who may
 * do what. It scales to zero; what stays costs about 4 dollars a month (a dashboard, four alarms, the image's storage).
 */
export class AwsTrainingPipeline extends pulumi.ComponentResource implements TrainingPipelineOutputs {
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

  constructor(name: string, args: AwsTrainingPipelineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("trivet:index:AwsTrainingPipeline", name, {}, opts);
    const { nodes, outputs } = build(this, name, args, opts);
    nodesOf.set(this, nodes);
    Object.assign(this, outputs);
    this.registerOutputs({ ...outputs });
  }

  /** Every child, for what the arguments do not offer. */
  get nodes(): AwsNodes {
    return nodesOf.get(this) ?? {};
  }
}

/** What may be wrong on AWS alone. */
function check(problems: Problems, { network, encryptionKey, bucket }: AwsTrainingPipelineArgs): void {
  if (network?.existingSubnets && !network.existingSecurityGroups?.length)
    problems.found.push([
      "network.existingSecurityGroups",
      "is needed with existingSubnets: Lambda puts a function into both",
    ]);
  problems.matches(
    "encryptionKey",
    encryptionKey,
    /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/,
    "the ARN of a KMS key",
  );
  problems.matches("bucket.existing", bucket?.existing, /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket's name");
}

function build(
  component: AwsTrainingPipeline,
  name: string,
  args: AwsTrainingPipelineArgs,
  opts?: pulumi.ComponentResourceOptions,
) {
  const scope = openScope("aws", component, name, args, { nameRules, check, opts });
  const store = createObjectStore(scope, args);
  const { queue, deadLetters, queuePolicy } = createTaskQueue(scope, args, store);
  const { imageUri, registryUrl } = createRegistry(scope, args);
  const vpcConfig = createNetwork(scope, args);
  const logs = createLogs(scope, args, queue.arn);
  const { workerRole, workerPolicy } = createWorkerIdentity(scope, args, { store, queue, deadLetters, logs });
  const submitterPolicy = createSubmitter(scope, args, { store, queue, deadLetters, logs });
  const parts = { imageUri, store, queue, logs, vpcConfig };
  const worker = createWorker(scope, args, { ...parts, workerRole, workerPolicy });
  const predictionUrl = createPrediction(scope, args, parts);
  createSchedules(scope, args, { store, queue, deadLetters, queuePolicy });
  createNewDataTrigger(scope, args, { store, queue, deadLetters, queuePolicy });
  const dashboardUrl = createObservability(scope, args, { worker, queue, deadLetters });
  const outputs: TrainingPipelineOutputs = {
    cloud: pulumi.output("aws"),
    region: worker.region,
    storeUrl: pulumi.interpolate`s3://${store.name}`,
    queueUrl: queue.url,
    deadLetterQueueUrl: deadLetters.url,
    registryUrl,
    imageUri,
    workerName: worker.name,
    workerIdentity: workerRole.arn,
    submitterGrant: submitterPolicy.arn,
    logLocation: logs?.name ?? pulumi.interpolate`/aws/lambda/${worker.name}`,
    dashboardUrl,
    predictionUrl,
  };
  return { nodes: scope.nodes as AwsNodes, outputs };
}
