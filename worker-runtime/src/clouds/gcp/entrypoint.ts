import { CloudWorker } from "../cloud-worker.ts";
import { type Configuration, otherVariables } from "../configuration.ts";
import type { CommonParts } from "../main.ts";
import { type Pushed, serveUntilSignal } from "../push-server.ts";
import { openCloud } from "./open-cloud.ts";

/** Starts the worker as a Cloud Run service that a Pub/Sub subscription pushes to. */
export async function start(configuration: Configuration, parts: CommonParts): Promise<void> {
  const worker = new CloudWorker({ ...parts, openCloud: () => openCloud(configuration) });
  const port = Number(process.env[otherVariables.httpPort] ?? 8080);
  const timeoutSeconds = configuration.taskTimeoutSeconds;
  const options = { worker, clock: parts.clock, port, timeoutSeconds, decode: decodePush, acknowledgement: "{}" };
  await serveUntilSignal(options, parts.log);
}

/** `requestBody`: what Pub/Sub sends (cloud.google.com/pubsub/docs/push); anything else is given as it is. */
export async function decodePush(requestBody: string, nowMs: number): Promise<Pushed> {
  let push: Push | null;
  try {
    push = JSON.parse(requestBody);
  } catch {
    push = null;
  }
  const { data, attributes, publishTime } = push?.message ?? {};
  if (typeof data !== "string") return { body: requestBody, deliveries: 1 };
  // Pub/Sub cannot delay a message; one that is to come later says so in an attribute.
  const isEarly = attributes !== undefined && (await import("./task-queue.ts")).earlyByMs(attributes, nowMs) > 0;
  const body = Buffer.from(data, "base64").toString();
  const sent = publishTime === undefined ? {} : { sentAtMs: Date.parse(publishTime) };
  return { body, deliveries: push?.deliveryAttempt ?? 1, ...sent, isEarly };
}

interface Push {
  readonly message?: {
    readonly data?: string;
    readonly attributes?: Readonly<Record<string, string>>;
    readonly publishTime?: string;
  };
  /** There is one when the subscription has a dead-letter topic, as the components' has. */
  readonly deliveryAttempt?: number;
}
