import { UserError } from "../errors.ts";

/**
 * Where a worker runs. The image is the same everywhere; `azure-functions` alone adds Microsoft's host around it. An
 * `azure-job` is an execution of an event-driven Container Apps job, which takes its messages out of the queue by itself.
 */
export const platforms = ["aws-lambda", "gcp-cloud-run", "azure-job", "azure-functions"] as const;
export type Platform = (typeof platforms)[number];

/**
 * What the image does: train, answer predictions over HTTPS (not behind the Functions host), or send a schedule's message
 * and end (an `azure-job` alone; the other clouds' schedulers send to the queue themselves).
 */
export const roles = ["worker", "predict", "schedule"] as const;
export type Role = (typeof roles)[number];

/** The environment variables that the components give a worker. None holds a key: identity is the platform's own. */
export const variables = {
  /** One of `platforms`. */
  platform: "TRIVET_PLATFORM",
  /** One of `roles`; a worker where it is not set. */
  role: "TRIVET_ROLE",
  /** AWS and GCP: the bucket's name. Azure: the container's address, `https://<account>.blob.core.windows.net/<container>`. */
  store: "TRIVET_STORE",
  /**
   * Where the worker sends tasks. AWS: the queue's address. GCP: the topic, `projects/<project>/topics/<topic>`. Azure:
   * the queue's address, `https://<account>.queue.core.windows.net/<queue>`.
   */
  queue: "TRIVET_QUEUE",
  /** Seconds that the platform gives one task. Lambda tells it by itself. */
  taskTimeoutSeconds: "TRIVET_TASK_TIMEOUT_SECONDS",
  /** `azure-functions` alone, for the host's trigger (image/azure-functions): the queue's name. */
  functionsQueueName: "TRIVET_QUEUE_NAME",
  /** `azure-functions` alone, for the host's trigger: the queue service, `https://<account>.queue.core.windows.net`. */
  functionsQueueService: "TRIVET_TASKS__queueServiceUri",
  /** `azure-job` alone: seconds from an execution's start to its end, as the job's `replicaTimeout` says. */
  executionTimeoutSeconds: "TRIVET_EXECUTION_TIMEOUT_SECONDS",
  /** `azure-job` alone: seconds that an execution waits for another message before it ends. */
  idleSeconds: "TRIVET_IDLE_SECONDS",
  /** `azure-job` alone: where messages go that were delivered too often. The other platforms move them by themselves. */
  deadLetterQueue: "TRIVET_DEAD_LETTER_QUEUE",
  /** `azure-job` alone: deliveries after which a message goes there. */
  maximumDeliveries: "TRIVET_MAXIMUM_DELIVERIES",
  /** `schedule` alone: the message to send. */
  message: "TRIVET_MESSAGE",
} as const;

/** What the worker takes where a variable is not set; components say the same to the platform. */
export const defaults = {
  taskTimeoutSeconds: 540,
  /** Three tasks at the least: starting an execution (pulling the image, loading TensorFlow) should pay. */
  executionTimeoutSeconds: 1800,
  /** As long as KEDA waits between two looks at the queue, which is when a new execution would start at the earliest. */
  idleSeconds: 30,
  /** Deliveries before the platform takes a message away. More than the worker's own tries: a worker that can say so
   * ends the job instead. Pub/Sub counts a push for which no instance was free as a delivery too. */
  deliveriesBeforeDeadLetter: 20,
} as const;

/** Environment variables that the worker reads and that platforms set, or a person who looks for something. */
export const otherVariables = {
  /** Container Apps jobs: names this execution, the same at every try. */
  azureExecution: "CONTAINER_APP_JOB_EXECUTION_NAME",
  /** Lambda: host and port of its runtime interface. */
  lambdaRuntimeApi: "AWS_LAMBDA_RUNTIME_API",
  /** Lambda: `provisioned-concurrency` where an instance is started ahead of its first message. */
  lambdaInitializationType: "AWS_LAMBDA_INITIALIZATION_TYPE",
  /** Lambda: the function's memory in MB, which is what it bills. */
  lambdaMemory: "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  /** Lambda: the invocation's trace; the worker sets it for the SDK, which reads it. */
  lambdaTraceId: "_X_AMZN_TRACE_ID",
  /** Cloud Run, and predictions on Container Apps: the port to listen on. */
  httpPort: "PORT",
  /** Functions host: the port to listen on. */
  functionsPort: "FUNCTIONS_CUSTOMHANDLER_PORT",
  /** Addresses of emulators, by the names that `aws` and `gcloud` know. (Google's SDK takes STORAGE_EMULATOR_HOST otherwise.) */
  awsEndpoint: "AWS_ENDPOINT_URL",
  storageEndpoint: "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE",
  pubSubEndpoint: "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB",
  /** TensorFlow's threads and logging; training/backend.ts sets what is not set. */
  tensorFlowOpThreads: "TF_NUM_INTRAOP_THREADS",
  tensorFlowGraphThreads: "TF_NUM_INTEROP_THREADS",
  tensorFlowLogLevel: "TF_CPP_MIN_LOG_LEVEL",
  tensorFlowOneDnn: "TF_ENABLE_ONEDNN_OPTS",
} as const;

/** A worker's configuration, checked. */
export interface Configuration {
  readonly platform: Platform;
  readonly role: Role;
  readonly store: string;
  readonly queue: string;
  readonly taskTimeoutSeconds: number;
  readonly executionTimeoutSeconds: number;
  readonly idleSeconds: number;
  readonly deadLetterQueue: string | undefined;
  readonly maximumDeliveries: number;
  readonly message: string | undefined;
}

interface Form {
  readonly pattern: RegExp;
  /** Completes "must be". */
  readonly words: string;
}

const bucket: Form = {
  pattern: /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/,
  words: "a bucket's name without gs:// or s3://, such as my-pipeline-data",
};
const address = (words: string): Form => ({ pattern: /^https?:\/\/[^\s/?#]+(\/[^\s/?#]+)+$/, words });
const azureQueue = address("a queue's address, https://<account>.queue.core.windows.net/<queue>");

const scheduleMessage: Form = {
  pattern: /^\{"retrain":\{.*\}$/s,
  words: 'the message of a schedule, {"retrain":{"job":"...","schedule":"..."},"trivet":1}',
};

const forms: Record<Platform, { readonly store: Form; readonly queue: Form }> = {
  "aws-lambda": {
    store: bucket,
    queue: address("a queue's address, https://sqs.<region>.amazonaws.com/<account>/<queue>"),
  },
  "gcp-cloud-run": {
    store: bucket,
    queue: {
      pattern: /^projects\/[^\s/]+\/topics\/[^\s/]+$/,
      words: "a topic's full name, projects/<project>/topics/<topic>",
    },
  },
  "azure-job": {
    store: address("a container's address, https://<account>.blob.core.windows.net/<container>"),
    queue: azureQueue,
  },
  "azure-functions": {
    store: address("a container's address, https://<account>.blob.core.windows.net/<container>"),
    queue: azureQueue,
  },
};

/**
 * Reads the worker's configuration. Throws one UserError that lists every variable with something wrong, and what is
 * allowed there.
 */
export function readConfiguration(environment: Readonly<Record<string, string | undefined>>): Configuration {
  const problems: string[] = [];
  const text = (name: string, { pattern, words }: Form): string => {
    const value = environment[name] ?? "";
    if (value === "") problems.push(`${name} is not set; it must be ${words}`);
    else if (!pattern.test(value)) problems.push(`${name} is ${JSON.stringify(value)}; it must be ${words}`);
    return value;
  };
  const whole = (name: string, byDefault: number, most: number, unit = "seconds "): number => {
    const value = environment[name];
    if (value === undefined || value === "") return byDefault;
    if (/^\d{1,6}$/.test(value) && Number(value) >= 1 && Number(value) <= most) return Number(value);
    problems.push(
      `${name} is ${JSON.stringify(value)}; it must be a whole number ${unit && `of ${unit}`}from 1 to ${most}`,
    );
    return byDefault;
  };

  const platform = text(variables.platform, {
    pattern: new RegExp(`^(${platforms.join("|")})$`),
    words: `one of ${platforms.join(", ")}`,
  }) as Platform;
  const roleText = environment[variables.role] || "worker";
  if (!roles.includes(roleText as Role))
    problems.push(`${variables.role} is ${JSON.stringify(roleText)}; it must be one of ${roles.join(", ")}`);
  if (problems.length > 0) throw configurationError(problems);
  const role = roleText as Role;
  if ((role === "predict" && platform === "azure-functions") || (role === "schedule" && platform !== "azure-job"))
    problems.push(`${variables.role} is "${role}", which there is not on ${platform}`);
  const { store, queue } = forms[platform];
  const day = 86_400;
  const configuration: Configuration = {
    ...{ platform, role },
    store: text(variables.store, store),
    queue: text(variables.queue, queue),
    taskTimeoutSeconds: whole(variables.taskTimeoutSeconds, defaults.taskTimeoutSeconds, day),
    executionTimeoutSeconds: whole(variables.executionTimeoutSeconds, defaults.executionTimeoutSeconds, day),
    idleSeconds: whole(variables.idleSeconds, defaults.idleSeconds, 3600),
    deadLetterQueue:
      platform === "azure-job" && role === "worker" ? text(variables.deadLetterQueue, azureQueue) : undefined,
    maximumDeliveries: whole(variables.maximumDeliveries, defaults.deliveriesBeforeDeadLetter, 1000, ""),
    message: role === "schedule" ? text(variables.message, scheduleMessage) : undefined,
  };
  if (problems.length > 0) throw configurationError(problems);
  return configuration;
}

function configurationError(problems: readonly string[]): UserError {
  return new UserError(
    `The worker's environment is not as it should be: ${problems.join(". ")}. Trivet's components set these variables; ` +
      "a worker that is started in another way needs them too.",
  );
}
