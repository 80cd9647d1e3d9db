import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { UserError } from "@trivet/worker-runtime/errors";
import { sectionsOf } from "@trivet/worker-runtime/result/report";
import type { PageRecord } from "@trivet/worker-runtime/result/run-record";
import { contentSecurityPolicy, livePage, statusOf } from "./page.ts";

/** A browser that takes nothing for so long that this much waits is let go; it connects again by itself. */
const waitingBytesLimit = 32 * 2 ** 20;

/** Who has not taken the last state by then does not get it. */
const lastStateMs = 2000;

const headers = {
  // Kept connections would keep the process from ending.
  connection: "close",
  "cache-control": "no-store",
  "content-security-policy": contentSecurityPolicy,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/**
 * Serves the page of a run on this machine alone. Only who knows the address may see it: its path begins with a token that is
 * drawn anew each time. A request whose Host is not this server's is refused too, so that no page of another site can reach it
 * by a name that points here (DNS rebinding).
 */
export class LiveServer {
  readonly #server: Server;
  readonly #token = randomBytes(24).toString("base64url");
  readonly #browsers = new Set<ServerResponse>();
  readonly #sent = new Map<string, string>();
  #record: PageRecord;

  private constructor(record: PageRecord) {
    this.#record = record;
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#keep(record);
  }

  /** `port` 0: a free one. Throws `UserError` where the port is taken. */
  static async start(record: PageRecord, port = 0): Promise<LiveServer> {
    const live = new LiveServer(record);
    live.#server.listen(port, "127.0.0.1");
    try {
      await once(live.#server, "listening");
    } catch (error) {
      throw new UserError(
        `--port ${port} cannot be used: ${(error as Error).message}. Without it a free one is taken.`,
      );
    }
    // The page is no reason to go on when all else is done.
    live.#server.unref();
    return live;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/${this.#token}/`;
  }

  /** Whether anybody looks. */
  get isWatched(): boolean {
    return this.#browsers.size > 0;
  }

  /** Sends what has changed to every browser. */
  update(record: PageRecord): void {
    this.#record = record;
    const events = this.#keep(record).map(({ id, markup }) => event("part", { id, markup }));
    if (events.length > 0) this.#send([...events, event("status", statusOf(record))].join(""));
  }

  /** Sends the last state, says that it is the last, and ends. */
  async end(record: PageRecord): Promise<void> {
    this.update(record);
    this.#send(event("end", statusOf(record)));
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const browser of this.#browsers) browser.end();
    const late = setTimeout(() => this.#server.closeAllConnections(), lastStateMs);
    await closed;
    clearTimeout(late);
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Remembers every part of the page, and gives those that are other than before. */
  #keep(record: PageRecord): { id: string; markup: string }[] {
    const parts = sectionsOf(record).map(({ id, content }) => ({ id, markup: content?.text ?? "" }));
    const changed = parts.filter(({ id, markup }) => this.#sent.get(id) !== markup);
    for (const { id, markup } of changed) this.#sent.set(id, markup);
    return changed;
  }

  #send(text: string): void {
    for (const browser of this.#browsers) {
      if (browser.writableLength > waitingBytesLimit) browser.destroy();
      else browser.write(text);
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const answer = (code: number, type: "html" | "plain", text: string) => {
      response.writeHead(code, { ...headers, "content-type": `text/${type}; charset=utf-8` }).end(text);
    };
    const [, token = "", ...rest] = (request.url ?? "").split("/");
    const path = rest.join("/");
    if (!this.#isOwn(request)) answer(403, "plain", "This page is for this machine alone.\n");
    else if (!isSame(token, this.#token))
      answer(403, "plain", "The address lacks its token; `trivet watch --web` printed it.\n");
    else if (request.method !== "GET") answer(405, "plain", "Only GET.\n");
    else if (path === "" && rest.length === 1) answer(200, "html", livePage(this.#record));
    else if (path === "events") this.#subscribe(response);
    else answer(404, "plain", "There is nothing here.\n");
  }

  /** Whether a request is for this server by its own name, and from no page of another. */
  #isOwn({ headers: { host = "", origin } }: IncomingMessage): boolean {
    const own = [`127.0.0.1:${this.#port}`, `localhost:${this.#port}`];
    return own.includes(host) && (origin === undefined || own.includes(origin.replace("http://", "")));
  }

  /** A browser may have loaded the page some time ago: it gets every part. */
  #subscribe(response: ServerResponse): void {
    response.writeHead(200, { ...headers, "content-type": "text/event-stream" });
    this.#browsers.add(response);
    response.on("close", () => this.#browsers.delete(response));
    const parts = [...this.#sent].map(([id, markup]) => event("part", { id, markup }));
    response.write([...parts, event("status", statusOf(this.#record))].join(""));
  }
}

/** One server-sent event; JSON has no line breaks, which would end it. */
function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
