import type { Delivery } from "../../ports/task-queue.ts";
import { CloudWorker } from "../cloud-worker.ts";
import { type Configuration, otherVariables } from "../configuration.ts";
import type { Log } from "../log.ts";
import type { CommonParts } from "../main.ts";
import { openCloud } from "./open-cloud.ts";
import { type Invocation, serveInvocations } from "./runtime-api.ts";

/** Starts the worker as a Lambda function whose events are batches of SQS messages. Never returns. */
export async function start(configuration: Configuration, parts: CommonParts): Promise<void> {
  let cloud: Awaited<ReturnType<typeof openCloud>> | undefined;
  const worker = new CloudWorker({
    ...parts,
    openCloud: async () => {
      cloud = await openCloud(configuration);
      return cloud;
    },
  });
  const { env } = process;
  if (env[otherVariables.lambdaInitializationType] === "provisioned-concurrency") await worker.warmUp();
  const returnMessage: ReturnMessage = async (handle, delaySeconds) => cloud?.queue.release(handle, delaySeconds);
  await serveInvocations(env[otherVariables.lambdaRuntimeApi]!, (invocation) =>
    handleBatch(invocation, worker, returnMessage, parts.log),
  );
}

/** What Lambda's event source mapping hands over of an SQS message; it holds more than this. */
interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: { readonly ApproximateReceiveCount: string; readonly SentTimestamp: string };
}

/** Makes an SQS message visible again after `delaySeconds`, instead of at the end of its visibility timeout. */
export type ReturnMessage = (receiptHandle: string, delaySeconds: number) => Promise<void>;

/** The messages that are to come again; Lambda deletes the others from the queue. */
interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Works on the messages of one event, one after the other. */
export async function handleBatch(
  { payload, deadlineMs }: Invocation,
  worker: CloudWorker,
  returnMessage: ReturnMessage,
  log: Log,
): Promise<BatchAnswer> {
  const records = recordsOf(payload);
  if (!records) {
    log("WARNING", `The event is not a batch of SQS messages, so there is nothing to do: ${payload.slice(0, 200)}`);
    return { batchItemFailures: [] };
  }
  const failures: { itemIdentifier: string }[] = [];
  for (const { messageId, receiptHandle, body, attributes } of records) {
    const delivery: Delivery = {
      body,
      attempt: Number(attributes.ApproximateReceiveCount),
      sentAtMs: Number(attributes.SentTimestamp),
      // Acknowledged is what the answer does not name.
      acknowledge: async () => {},
      release: (delaySeconds) => returnMessage(receiptHandle, delaySeconds),
      // Lambda asks for a visibility timeout of six times the function's, so that a message which finds no free function can
      // wait, and leaves a message hidden that long when the function dies over it. This one has found its function.
      hideFor: (seconds) => returnMessage(receiptHandle, seconds),
    };
    if ((await worker.handle(delivery, deadlineMs)) === "retry") failures.push({ itemIdentifier: messageId });
  }
  return { batchItemFailures: failures };
}

function recordsOf(payload: string): readonly SqsRecord[] | undefined {
  try {
    const { Records } = JSON.parse(payload);
    const areMessages = Records.every((record: { eventSource?: string }) => record.eventSource === "aws:sqs");
    return areMessages ? Records : undefined;
  } catch {
    return undefined;
  }
}
