import { CloudWorker } from "../cloud-worker.ts";
import { type Configuration, otherVariables } from "../configuration.ts";
import type { CommonParts } from "../main.ts";
import { type Pushed, serveUntilSignal } from "../push-server.ts";
import { openCloud } from "./open-cloud.ts";

/** The answer of a function without outputs (learn.microsoft.com/azure/azure-functions/functions-custom-handlers). */
const acknowledgement = JSON.stringify({ Outputs: {}, Logs: [], ReturnValue: null });

/** Starts the worker as a custom handler behind Microsoft's Functions host, which takes the messages out of the queue. */
export async function start(configuration: Configuration, parts: CommonParts): Promise<void> {
  const worker = new CloudWorker({ ...parts, openCloud: () => openCloud(configuration) });
  const port = Number(process.env[otherVariables.functionsPort]);
  const timeoutSeconds = configuration.taskTimeoutSeconds;
  const options = { worker, clock: parts.clock, port, timeoutSeconds, decode: decodeInvocation, acknowledgement };
  await serveUntilSignal(options, parts.log);
}

/** The name of the trigger in worker-runtime/image/azure-functions/task/function.json. */
const triggerName = "message";

/** `requestBody`: what the Functions host sends for a queue trigger; anything else is given as it is. */
export function decodeInvocation(requestBody: string): Pushed {
  try {
    const { Data, Metadata } = JSON.parse(requestBody);
    // The host writes every value as JSON, a text too (ScriptInvocationContextExtensions.cs in azure-functions-host).
    const value: unknown = JSON.parse(Data[triggerName]);
    const body = typeof value === "string" ? value : Data[triggerName];
    const sentAtMs = Date.parse(String(Metadata.InsertionTime).replaceAll('"', ""));
    return { body, deliveries: Number(Metadata.DequeueCount) || 1, ...(sentAtMs > 0 && { sentAtMs }) };
  } catch {
    return { body: requestBody, deliveries: 1 };
  }
}
