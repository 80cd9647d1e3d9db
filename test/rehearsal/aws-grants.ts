import type { Handle, HttpRequest } from "../support/middleman.ts";

/** A call as IAM sees it. */
interface Call {
  readonly action: string;
  readonly resource: string;
}

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: unknown;
}

/** Lets pass what a role's policy grants, and refuses the rest as AWS does. Keeps both. */
export class Grants {
  readonly used: Call[] = [];
  readonly refused: Call[] = [];
  readonly #statements: readonly Statement[];

  /** Throws for what it does not understand: denials, conditions, other forms of a statement. */
  constructor(policy: string) {
    this.#statements = JSON.parse(policy).Statement;
    for (const { Effect, Action, Resource, Condition } of this.#statements)
      if (Effect !== "Allow" || Condition !== undefined || !Array.isArray(Action) || !Array.isArray(Resource))
        throw new Error(`a statement that is not a plain grant: ${policy}`);
  }

  get actions(): string[] {
    return [...new Set(this.#statements.flatMap(({ Action }) => Action))];
  }

  guard: Handle = async (request, send) => {
    const call = callOf(request);
    const isGranted = this.#statements.some(
      ({ Action, Resource }) =>
        Action.includes(call.action) && Resource.some((pattern) => fits(pattern, call.resource)),
    );
    (isGranted ? this.used : this.refused).push(call);
    if (isGranted) return send(request);
    const body = Buffer.from(`<Error><Code>AccessDenied</Code><Message>no grant of ${call.action}</Message></Error>`);
    return { status: 403, headers: { "content-type": "application/xml" }, body };
  };
}

/** docs.aws.amazon.com/service-authorization: the actions of Amazon S3 and of Amazon SQS. */
function callOf({ method, url, headers, body }: HttpRequest): Call {
  const target = headers["x-amz-target"];
  if (typeof target === "string") {
    const action = target.replace("AmazonSQS.", "sqs:").replace(/Batch$/, "");
    const queue = new URL(JSON.parse(body.toString()).QueueUrl).pathname.split("/").at(-1);
    return { action, resource: `arn:aws:sqs:us-east-1:123456789012:${queue}` };
  }
  const [bucket, ...key] = decodeURIComponent(new URL(url, "http://s3").pathname).slice(1).split("/");
  const object = key.join("/");
  if (object === "") return { action: "s3:ListBucket", resource: `arn:aws:s3:::${bucket}` };
  const actions: Record<string, string> = { GET: "s3:GetObject", HEAD: "s3:GetObject", DELETE: "s3:DeleteObject" };
  return { action: actions[method] ?? "s3:PutObject", resource: `arn:aws:s3:::${bucket}/${object}` };
}

/** `*` stands for any text, `?` is not used. */
function fits(pattern: string, resource: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(resource);
}
