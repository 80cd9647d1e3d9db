import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Ends the connection after so many bytes of the body. */
  readonly cutAfterBytes?: number;
}

/** Decides about a request: sends it on or not, as it is or changed, and what the client gets to see. */
export type Handle = (
  request: HttpRequest,
  send: (request: HttpRequest) => Promise<HttpReply>,
) => Promise<HttpReply | "hang up">;

export interface Middleman {
  readonly url: string;
  /** What came, in order. */
  readonly requests: HttpRequest[];
  /** From now on; by default everything is passed on. */
  handle: Handle;
  stop(): Promise<void>;
}

/** A server in front of another, that counts what passes, and can lose, damage, refuse or change it. */
export async function startMiddleman(targetUrl: string | (() => string)): Promise<Middleman> {
  const target = () => (typeof targetUrl === "string" ? targetUrl : targetUrl());
  const requests: HttpRequest[] = [];
  const proxy = { handle: ((request, send) => send(request)) as Handle };
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method = "GET", url = "/", headers } = incoming;
    const received = { method, url, headers, body: await buffer(incoming) };
    requests.push(received);
    const reply = await proxy.handle(received, (request) => sendTo(target(), request));
    if (reply === "hang up") return void incoming.socket.destroy();
    outgoing.writeHead(reply.status, withoutFraming(reply.headers, reply.body, method));
    if (reply.cutAfterBytes === undefined) return void outgoing.end(reply.body);
    outgoing.write(reply.body.subarray(0, reply.cutAfterBytes), () => incoming.socket.destroy());
  };
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: Error) => outgoing.destroy(error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  });
}

async function sendTo(target: string, { method, url, headers, body }: HttpRequest): Promise<HttpReply> {
  const { "transfer-encoding": _, ...rest } = headers;
  const outgoing = request(new URL(url, target), {
    method,
    headers: { ...rest, "content-length": String(body.length), connection: "close" },
  });
  outgoing.end(body);
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: incoming.statusCode!, headers: incoming.headers, body: await buffer(incoming) };
}

/** The body is sent in one piece, so it has a length; a HEAD's says that of the body which it has not. */
function withoutFraming(headers: IncomingHttpHeaders, body: Buffer, method: string): IncomingHttpHeaders {
  const { "transfer-encoding": _, connection: __, "keep-alive": ___, ...rest } = headers;
  return method === "HEAD" ? rest : { ...rest, "content-length": String(body.length) };
}
