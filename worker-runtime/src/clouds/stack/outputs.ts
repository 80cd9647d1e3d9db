import { UserError } from "../../errors.ts";

/** What a deployed stack tells of itself, as far as the command needs it: outputs of a training pipeline. */
export interface StackOutputs {
  readonly cloud: Cloud;
  /** AWS alone needs it: its requests go to a region. */
  readonly region: string | undefined;
  /** `s3://BUCKET`, `gs://BUCKET`, or `https://ACCOUNT.blob.core.windows.net/CONTAINER`. */
  readonly storeUrl: string;
  /** An SQS URL, `projects/P/topics/T`, or a Storage Queue URL. */
  readonly queueUrl: string;
  /** Where tasks end up that were delivered too often: an SQS URL, `projects/P/subscriptions/S`, or a Storage Queue URL. */
  readonly deadLetterQueueUrl: string | undefined;
  /** A page with the queue, the workers and their errors. */
  readonly dashboardUrl: string | undefined;
  /** Where the workers write their logs: a log group's name, a log bucket's id, or a workspace's resource id. */
  readonly logLocation: string | undefined;
}

export type Cloud = "aws" | "gcp" | "azure";

interface Form {
  readonly pattern: RegExp;
  /** What is allowed, for people. */
  readonly words: string;
}

const sqs: Form = { pattern: /^https?:\/\/[^\s?#]+$/, words: "the address of an SQS queue" };
const storageQueue: Form = { pattern: sqs.pattern, words: "https://ACCOUNT.queue.core.windows.net/QUEUE" };

/** How each cloud's outputs look. The group of `storeUrl` is what the cloud's adapter opens. */
const forms: Record<Cloud, Readonly<Record<"storeUrl" | "queueUrl" | "deadLetterQueueUrl", Form>>> = {
  aws: {
    storeUrl: { pattern: /^s3:\/\/([^\s/]+)$/, words: "s3://BUCKET" },
    queueUrl: sqs,
    deadLetterQueueUrl: sqs,
  },
  gcp: {
    storeUrl: { pattern: /^gs:\/\/([^\s/]+)$/, words: "gs://BUCKET" },
    queueUrl: { pattern: /^projects\/[^\s/]+\/topics\/[^\s/]+$/, words: "projects/PROJECT/topics/TOPIC" },
    deadLetterQueueUrl: {
      pattern: /^projects\/[^\s/]+\/subscriptions\/[^\s/]+$/,
      words: "projects/PROJECT/subscriptions/SUBSCRIPTION",
    },
  },
  azure: {
    storeUrl: {
      pattern: /^(https?:\/\/[^\s/?#]+(?:\/[^\s/?#]+)+)$/,
      words: "https://ACCOUNT.blob.core.windows.net/CONTAINER",
    },
    queueUrl: storageQueue,
    deadLetterQueueUrl: storageQueue,
  },
};

const region: Form = { pattern: /^[a-z0-9-]+$/, words: "a region's name" };
const logs: Form = { pattern: /^\/?[\w.-]+(\/[\w.-]+)*$/, words: "the name or id of a place for logs" };
const page: Form = { pattern: /^https?:\/\/\S+$/, words: "a page's address" };

const needed = ["cloud", "storeUrl", "queueUrl"] as const;

/**
 * Reads the JSON of `pulumi stack output --json`. `place` names where it came from in errors. Throws `UserError` for what
 * is no such JSON, and for outputs that are missing or not of a pipeline.
 */
export function parseStackOutputs(json: string, place: string): StackOutputs {
  const outputs = parsed(json);
  if (!isRecord(outputs)) {
    throw new UserError(
      `${place} is not the JSON of \`pulumi stack output --json\`: an object with the stack's outputs.`,
    );
  }
  const missing = needed.filter((name) => outputs[name] === undefined);
  if (missing.length > 0) throw missingOutputs(missing, outputs, place);
  const { cloud } = outputs;
  if (!isCloud(cloud)) throw wrongOutput("cloud", cloud, "aws, gcp or azure", place);
  const text = (name: string, form: Form) => matching(name, outputs[name], form, place);
  // A pipeline without such a thing says so by an empty text.
  const textIfAny = (name: string, form: Form) => (outputs[name] ? text(name, form) : undefined);
  const { storeUrl, queueUrl, deadLetterQueueUrl } = forms[cloud];
  return {
    cloud,
    region: cloud === "aws" ? textIfAny("region", region) : undefined,
    storeUrl: text("storeUrl", storeUrl),
    queueUrl: text("queueUrl", queueUrl),
    deadLetterQueueUrl: textIfAny("deadLetterQueueUrl", deadLetterQueueUrl),
    dashboardUrl: textIfAny("dashboardUrl", page),
    logLocation: textIfAny("logLocation", logs),
  };
}

/** What the cloud's adapter opens: a bucket's name, or on Azure a container's address. */
export function storeName({ cloud, storeUrl }: StackOutputs): string {
  return forms[cloud].storeUrl.pattern.exec(storeUrl)![1]!;
}

function matching(name: string, value: unknown, { pattern, words }: Form, place: string): string {
  if (typeof value === "string" && pattern.test(value)) return value;
  throw wrongOutput(name, value, words, place);
}

function missingOutputs(missing: readonly string[], outputs: Record<string, unknown>, place: string): UserError {
  const names = Object.keys(outputs);
  const holder = names.find((name) => {
    const inner = outputs[name];
    return isRecord(inner) && missing.every((key) => key in inner);
  });
  const found = names.length === 0 ? "It has no outputs: is it up?" : `It has ${names.slice(0, 20).join(", ")}.`;
  const where = holder === undefined ? found : `They are inside its output ${holder}.`;
  return new UserError(
    `${place} lacks the ${missing.length === 1 ? "output" : "outputs"} ${missing.join(", ")} of a training pipeline. ${where} ` +
      "The stack's program must export the pipeline's outputs under their own names.",
  );
}

function wrongOutput(name: string, value: unknown, allowed: string, place: string): UserError {
  const secret = value === "[secret]" ? " No output of a pipeline is secret; the stack's program made it one." : "";
  return new UserError(`In ${place} the output ${name} is ${JSON.stringify(value)}, which is not ${allowed}.${secret}`);
}

function isCloud(value: unknown): value is Cloud {
  return typeof value === "string" && Object.hasOwn(forms, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
