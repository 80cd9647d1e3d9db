import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { maximumBodyBytes, type PredictionEndpoint } from "./endpoint.ts";

/** How long a caller may go on sending what is not read. */
const lingerMs = 1000;

/** Serves predictions over HTTP, for platforms that speak HTTPS and know the caller. Resolves when the server listens. */
export async function servePredictions(endpoint: PredictionEndpoint, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    answer(endpoint, server, request, response).catch(() => response.destroy()); // The caller hung up.
  });
  // Longer than any platform keeps a connection for its next request, so that this side never closes one under it.
  server.keepAliveTimeout = 900_000;
  server.listen(port);
  await once(server, "listening");
  return server;
}

async function answer(
  endpoint: PredictionEndpoint,
  server: Server,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "GET", url = "/" } = request;
  const [path = "/", query = ""] = url.split("?", 2);
  const body = await readBody(request);
  const { status, body: said } = await endpoint.answer({ method, path, query, body });
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  if (!server.listening) response.setHeader("connection", "close");
  response.end(`${JSON.stringify(said)}\n`, () => body === undefined && hangUp(request));
}

/**
 * Ends a request whose body is too large. To close at once, with bytes unread, would reset the connection, and the caller
 * might lose the answer with it; so what comes is thrown away for a moment.
 */
function hangUp(request: IncomingMessage): void {
  const timer = setTimeout(() => request.destroy(), lingerMs);
  request.once("close", () => clearTimeout(timer)).resume();
}

/** The body; undefined, with the rest of it unread, for one that is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > maximumBodyBytes) return undefined;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const take = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= maximumBodyBytes) chunks.push(chunk);
      else {
        request.off("data", take).pause();
        resolve(undefined);
      }
    };
    request.on("data", take);
    request.once("end", () => resolve(Buffer.concat(chunks).toString()));
    request.once("error", reject);
  });
}
