import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../ports/clock.ts";
import { maximumMessageBytes } from "../ports/task-queue.ts";
import type { CloudWorker } from "./cloud-worker.ts";
import type { Log } from "./log.ts";

/** A message as a platform pushes it. */
export interface Pushed {
  readonly body: string;
  /** 1 for the first delivery. */
  readonly deliveries: number;
  /** When the queue got it, where the platform says so. */
  readonly sentAtMs?: number;
  /** Pushed before its time, by a platform that cannot wait. */
  readonly isEarly?: boolean;
}

export interface PushServerOptions {
  readonly worker: CloudWorker;
  readonly clock: Clock;
  /** 0: any that is free. */
  readonly port: number;
  /** From the arrival of a request until the platform gives it up. */
  readonly timeoutSeconds: number;
  /** Takes the message out of a request's body, or gives the body itself when there is none in it. */
  readonly decode: (requestBody: string, nowMs: number) => Pushed | Promise<Pushed>;
  /** Body of the answer by which the platform knows that the message is done with. */
  readonly acknowledgement: string;
}

/** Larger than any of our messages in base64 with the platform's fields around it. */
const maximumRequestBytes = 4 * maximumMessageBytes;
/** Cloud Run sends SIGKILL 10 s after SIGTERM; the others wait longer. */
const graceMs = 8000;

/**
 * Takes messages that a platform pushes over HTTP. The answer is the acknowledgement, so it is sent when the task is
 * committed, and not before: 200 for what must not come again, which is also a message that nobody can work on; 500 for
 * what must. Never 429 or 503: those say that the instance is busy. `GET` is for health checks. Resolves when the server
 * listens.
 */
export async function servePush(options: PushServerOptions): Promise<Server> {
  const server = createServer((request, response) => {
    answer(options, server, request, response).catch(() => response.destroy()); // The platform hung up.
  });
  // Longer than any platform keeps a connection for its next request, so that this side never closes one under it.
  server.keepAliveTimeout = 900_000;
  server.listen(options.port);
  await once(server, "listening");
  return server;
}

/**
 * Serves until SIGTERM; then it takes no more messages, lets the task under way pause and be answered, and ends the process.
 * Says in the log that it listens.
 */
export async function serveUntilSignal(options: PushServerOptions, log: Log): Promise<void> {
  const { worker } = options;
  const server = await servePush(options);
  process.once("SIGTERM", async () => {
    const closed = once(server, "close");
    server.close();
    await worker.drain(graceMs);
    await closed;
    process.exit(0);
  });
  const { port } = server.address() as AddressInfo;
  log("INFO", `The worker listens on port ${port}.`, { event: "start", port });
}

async function answer(
  { worker, clock, decode, timeoutSeconds, acknowledgement }: PushServerOptions,
  server: Server,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== "POST") {
    response.end("ready\n");
    return;
  }
  const arrivedAtMs = clock.nowMs();
  const { body, deliveries, sentAtMs, isEarly } = await decode(await readBody(request), arrivedAtMs);
  const sent = sentAtMs === undefined ? {} : { sentAtMs };
  const delivery = { body, attempt: deliveries, ...sent, acknowledge: async () => {}, release: async () => {} };
  const again = isEarly || (await worker.handle(delivery, arrivedAtMs + timeoutSeconds * 1000)) === "retry";
  response.statusCode = again ? 500 : 200;
  response.setHeader("content-type", "application/json");
  if (!server.listening) response.setHeader("connection", "close");
  response.end(again ? "{}" : acknowledgement);
}

/** The body, or the beginning of one that is far too large. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (sizeBytes < maximumRequestBytes) chunks.push(chunk);
    sizeBytes += chunk.length;
  }
  return Buffer.concat(chunks).toString();
}
