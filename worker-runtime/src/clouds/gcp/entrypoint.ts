import { CloudWorker } from "../cloud-worker.ts";
import { type Configuration, otherVariables } from "../configuration.ts";
import type { CommonParts } from "../main.ts";
import { endOnSignal, type Pushed, servePush } from "../push-server.ts";
import { openCloud } from "./open-cloud.ts";

/** Starts the worker as a Cloud Run service that a Pub/Sub subscription pushes to. */
export async function start(configuration: Configuration, parts: CommonParts): Promise<void> {
  const worker = new CloudWorker({ ...parts, openCloud: () => openCloud(configuration) });
  const port = Number(process.env[otherVariables.cloudRunPort] ?? 8080);
  const timeoutSeconds = configuration.taskTimeoutSeconds;
  const options = { worker, clock: parts.clock, port, timeoutSeconds, decode: decodePush, acknowledgement: "{}" };
  endOnSignal(worker, await servePush(options));
}

/** `requestBody`: what Pub/Sub sends (cloud.google.com/pubsub/docs/push); anything else is given as it is. */
export function decodePush(requestBody: string): Pushed {
  try {
    const { message, deliveryAttempt } = JSON.parse(requestBody);
    // `deliveryAttempt` is there when the subscription has a dead-letter topic, as the components' has.
    return { body: Buffer.from(message.data, "base64").toString(), deliveries: deliveryAttempt ?? 1 };
  } catch {
    return { body: requestBody, deliveries: 1 };
  }
}
