import type * as pulumi from "@pulumi/pulumi";

/** What `pulumi destroy` does to stored data (the bucket or account, the registry, the logs). */
export const RemovalPolicy = {
  /** They stay in the cloud account when the stack is destroyed, and go on to cost what they store. */
  Retain: "retain",
  /** They are removed when empty; a destroy with data in them stops with an error. */
  Empty: "empty",
  /** They are removed with all that is in them. */
  Destroy: "destroy",
} as const;
export type RemovalPolicy = (typeof RemovalPolicy)[keyof typeof RemovalPolicy];

/** Build the worker image during `pulumi up`, and push it to the pipeline's registry. Needs Docker with buildx. */
export interface ImageBuild {
  /** Folder with the worker's files, which `npm run image` in Trivet's repository makes: its `.trivet/image`. */
  context: pulumi.Input<string>;
  /** Path of the Dockerfile, Trivet's `worker-runtime/image/Dockerfile`. Default: `Dockerfile` in `context`. */
  dockerfile?: pulumi.Input<string>;
  /** Target in the Dockerfile. Default: `worker`; `azure-functions` for Azure's `host: "functions"`. */
  target?: pulumi.Input<string>;
}

/**
 * Start a stored job again at fixed times. A firing costs one message, on Azure also some seconds of a small container;
 * Google Cloud bills 0.10 dollars a month for each schedule beyond an account's first three.
 */
export interface Schedule {
  /** Lower-case letters, digits and hyphens, 1-20 characters. Part of the resource's name. */
  name: string;
  /** Five fields, `minute hour day-of-month month day-of-week`, such as `0 3 * * 1-5`. In UTC. */
  cron: pulumi.Input<string>;
  /** Name of the job to start again. It must have been submitted once. */
  job: pulumi.Input<string>;
}

/** Where objects are stored. */
export interface Bucket {
  /**
   * Use this one, and leave its settings alone: an S3 or Cloud Storage bucket's name, or the resource id of an Azure
   * storage account. Default: a bucket is created.
   */
  existing?: pulumi.Input<string>;
}

/** Where the worker image is stored. */
export interface Registry {
  /** Use this one: an ECR repository's URL, an Artifact Registry repository's path, or an Azure registry's resource id. */
  existing?: pulumi.Input<string>;
  /** Create none: `image` comes from somewhere else that the function may read. Default: false. */
  skip?: boolean;
}

/** Where logs go. */
export interface Logs {
  /** Use this one: a CloudWatch log group's name, a Cloud Logging bucket's id, or a Log Analytics workspace's resource id. */
  existing?: pulumi.Input<string>;
  /** Create none: the platform's own default, whose retention is not ours. Default: false. */
  skip?: boolean;
}

/** The private network of the functions. */
export interface Network {
  /** Create a small one without a way to the internet. AWS bills its SQS endpoint, about 15 dollars a month. Default: false. */
  create?: boolean;
  /** Use these subnets: AWS ids (two zones), one Google Cloud subnetwork, or one Azure subnet's resource id. */
  existingSubnets?: pulumi.Input<string>[];
  /** AWS only: security groups for `existingSubnets`. */
  existingSecurityGroups?: pulumi.Input<string>[];
}

/**
 * What every pipeline is told, on each cloud. Values are inputs; what decides *which* resources exist is plain, so that a
 * preview is complete. Limits of each cloud: docs/differences.md.
 */
export interface TrainingPipelineArgs {
  /** The worker image by digest: `REPOSITORY@sha256:...`. One of `image` and `build` is needed. */
  image?: pulumi.Input<string>;
  /** Build the image instead. Storage in the registry costs about 0.10 dollars per GB and month. */
  build?: ImageBuild;
  /**
   * Memory of a worker in MiB; CPU follows it (one core per 2,048 MiB, on AWS per 1,769). A worker computes on one core
   * by default. Compute is billed by it, while a task runs. Default: 2048.
   */
  memoryMib?: pulumi.Input<number>;
  /**
   * A worker ends its task at a planned boundary before this many seconds; the platform ends it 50 seconds later.
   * Longer tasks mean fewer starts, and more to repeat after a fault. Default: 540.
   */
  taskTimeoutSeconds?: pulumi.Input<number>;
  /** Workers that may run at the same time: the cap of what can be spent per second. Default: 10. */
  maxConcurrency?: pulumi.Input<number>;
  /** Workers kept warm, billed while idle (about 20-25 dollars a month each at 2,048 MiB). Default: 0. */
  warmInstances?: pulumi.Input<number>;
  /** Deliveries of a message before it is a dead letter. On Google Cloud a push to a busy service counts too. Default: 20. */
  maxAttempts?: pulumi.Input<number>;
  /** Days that the data of rounds is kept; results stay. At least as long as dead letters may come back. Default: 30. */
  roundRetentionDays?: pulumi.Input<number>;
  /** Days that logs are kept. Default: 30. */
  logRetentionDays?: pulumi.Input<number>;
  /**
   * A key of yours for all that is stored: a KMS key's ARN, a Cloud KMS key's id, or a Key Vault key's URL. About 1 dollar
   * per month and 0.03 per 10,000 uses. Default: the platform's own keys, at no cost.
   */
  encryptionKey?: pulumi.Input<string>;
  /** Who is told of dead letters, errors, waiting tasks and the budget. Default: nobody; the alarms exist all the same. */
  alertEmail?: pulumi.Input<string>;
  /** Dollars per month; an e-mail at 80 % and when the month is forecast to pass it. An alert, not a cap. Needs `alertEmail`. */
  monthlyBudgetDollars?: pulumi.Input<number>;
  /** Start stored jobs again at fixed times. At most 20. Default: none. */
  schedules?: Schedule[];
  /** Start job J again, on all of `incoming/J/`, whenever an object is stored there. Costs one message each. Default: false. */
  onNewData?: boolean;
  /** A prediction endpoint over HTTPS that scales to zero; the caller proves who it is to the platform. Default: false. */
  predict?: boolean;
  /** Who may call it: AWS principal ARNs, Google Cloud members (`user:a@b.org`), or Azure client ids. Default: nobody. */
  predictCallers?: pulumi.Input<string>[];
  /** Who may submit jobs: AWS principal ARNs, Google Cloud members, or object ids of Azure users. Default: nobody. */
  submitters?: pulumi.Input<string>[];
  /** Put on everything that can carry tags (Google Cloud: labels, made lower case). Default: only `trivet-pipeline`. */
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** What `pulumi destroy` does to stored data. Default: "empty". */
  removalPolicy?: RemovalPolicy;
  /** Adopt a bucket instead of creating one. */
  bucket?: Bucket;
  /** Adopt or skip the registry instead of creating one. */
  registry?: Registry;
  /** Adopt or skip the log store instead of creating one. */
  logs?: Logs;
  /** Create or adopt a private network. Default: none: the functions reach the platform's services over TLS. */
  network?: Network;
  /**
   * Last word on any child: `{ worker: { description: "..." } }` is laid over the arguments of the child of that name in
   * `nodes`. In TypeScript write `satisfies AwsTransform` (`GcpTransform`, `AzureTransform`) for the child's own types.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the only type for "anything" that Pulumi's schema knows
  transform?: Record<string, any>;
}

/** What every pipeline tells, on each cloud. Nothing in it is secret. */
export interface TrainingPipelineOutputs {
  /** `aws`, `gcp` or `azure`. */
  readonly cloud: pulumi.Output<string>;
  /** The region (AWS, Google Cloud) or location (Azure). */
  readonly region: pulumi.Output<string>;
  /** `s3://BUCKET`, `gs://BUCKET`, or `https://ACCOUNT.blob.core.windows.net/CONTAINER`. */
  readonly storeUrl: pulumi.Output<string>;
  /** Where tasks are sent: an SQS URL, `projects/P/topics/T`, or a Storage Queue URL. */
  readonly queueUrl: pulumi.Output<string>;
  /** Where dead letters are found: an SQS URL, `projects/P/subscriptions/S`, or a Storage Queue URL. */
  readonly deadLetterQueueUrl: pulumi.Output<string>;
  /** Repository to push the worker image to; empty when the registry is skipped. */
  readonly registryUrl: pulumi.Output<string>;
  /** The image that the worker runs, by digest. */
  readonly imageUri: pulumi.Output<string>;
  /** The function, service, app or job that works. */
  readonly workerName: pulumi.Output<string>;
  /** Whom the worker is: a role's ARN, a service account's e-mail, or a managed identity's object id. */
  readonly workerIdentity: pulumi.Output<string>;
  /** What lets a person submit: a policy's ARN to attach, a service account's e-mail to impersonate, or an identity's resource id. */
  readonly submitterGrant: pulumi.Output<string>;
  /** Where the logs are: a log group's name, a log bucket's id, or a workspace's resource id. */
  readonly logLocation: pulumi.Output<string>;
  /** A page that shows queue, workers and errors. */
  readonly dashboardUrl: pulumi.Output<string>;
  /** The prediction endpoint; empty without `predict`. */
  readonly predictionUrl: pulumi.Output<string>;
}
