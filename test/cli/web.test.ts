import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { AxeResults } from "axe-core";
import { expect } from "chai";
import { JSDOM } from "jsdom";
import { livePage } from "../../cli/src/web/page.ts";
import { LiveServer } from "../../cli/src/web/server.ts";
import { LiveRecord } from "../../worker-runtime/src/clouds/live-record.ts";
import { renderComparison } from "../../worker-runtime/src/result/comparison.ts";
import { pageBody, renderReport } from "../../worker-runtime/src/result/report.ts";
import type { PageRecord } from "../../worker-runtime/src/result/run-record.ts";
import { exampleRun } from "../support/run-record.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { planOf, World } from "../worker/protocol/world.ts";
import { writeJob } from "./reviews-job.ts";
import { command, runTrivet } from "./run-trivet.ts";

const run = exampleRun({ rounds: 8 });

/** The example run as it stands while round `round` is under way. */
function under(round: number): PageRecord {
  return {
    ...run,
    rounds: run.rounds.slice(0, round),
    metrics: run.rounds[round - 1]?.metrics ?? {},
    outcome: { state: "running" },
    resultRound: undefined,
    weightsHash: undefined,
    workersDone: 2,
  };
}

interface Answer {
  readonly code: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** A request with headers as given, which `fetch` would not send. */
function ask(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method, agent: false }, async (response) => {
      const chunks = await response.toArray();
      resolve({ code: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() });
    });
    sent.on("error", reject).end();
  });
}

/** The events of a page, as a browser gets them; ends with the server. */
async function* eventsOf(url: string) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(`${url}events`, { agent: false }, resolve);
    sent.on("error", reject).end();
  });
  expect(response.headers["content-type"]).to.equal("text/event-stream");
  let name = "";
  for await (const line of createInterface({ input: response })) {
    if (line.startsWith("event: ")) name = line.slice(7);
    if (line.startsWith("data: ")) yield { name, data: JSON.parse(line.slice(6)) };
  }
}

describe("the live page's server", () => {
  let server: LiveServer;
  let ended = false;
  beforeEach(async () => {
    server = await LiveServer.start(under(3));
    ended = false;
  });
  afterEach(async () => {
    if (!ended) await server.end(run);
  });

  it("gives the page to whoever knows its address, and lets it load nothing from anywhere", async () => {
    const { code, headers, text } = await ask(server.url);
    expect(code).to.equal(200);
    expect(text).to.include(pageBody(under(3)).text);
    const policy = headers["content-security-policy"]!;
    expect(policy).to.include("default-src 'none'").and.include("connect-src 'self'");
    expect(policy).to.match(/script-src 'sha256-[A-Za-z0-9+/=]{44}'/);
    expect(headers).to.include({ "referrer-policy": "no-referrer", "cache-control": "no-store" });
    expect(headers).not.to.have.property("access-control-allow-origin");
    expect(text).to.not.match(/(src|href)="(?!#|data:,)/);
  });

  it("refuses who does not know the token, and comes to another one each time", async () => {
    const { origin, pathname } = new URL(server.url);
    expect(pathname).to.match(/^\/[\w-]{32}\/$/);
    for (const path of ["/", "/events", "/wrong/", `${pathname.slice(0, -2)}x/`, `/x${pathname}`])
      expect((await ask(origin + path)).code, path).to.equal(403);
    expect((await ask(`${server.url}other`)).code).to.equal(404);
    expect((await ask(server.url, {}, "POST")).code).to.equal(405);
    const other = await LiveServer.start(under(1));
    expect(new URL(other.url).pathname).not.to.equal(pathname);
    await other.end(run);
  });

  it("refuses another host's name and another page's request, though the token is right", async () => {
    const { port } = new URL(server.url);
    for (const headers of [
      { host: "attacker.example" },
      { host: `attacker.example:${port}` },
      { host: `127.0.0.1.attacker.example:${port}` },
      { origin: "https://attacker.example" },
      { origin: "null" },
    ] as Record<string, string>[])
      expect((await ask(server.url, headers)).code, JSON.stringify(headers)).to.equal(403);
    expect((await ask(server.url, { host: `localhost:${port}` })).code).to.equal(200);
    expect((await ask(`${server.url}events`, { host: "attacker.example" })).code).to.equal(403);
  });

  it("sends the parts that have changed, and at the end that it is the end", async () => {
    const events = eventsOf(server.url);
    const seen: { name: string; data: { id?: string; markup?: string } }[] = [];
    for await (const event of events) {
      seen.push(event);
      // Everything has been sent once: a new round comes.
      if (seen.length === 10) server.update(under(4));
      if (seen.filter(({ name }) => name === "status").length === 2 && !ended) {
        ended = true;
        void server.end(run);
      }
    }
    const ids = (from: number, to: number) => seen.slice(from, to).map(({ data }) => data.id);
    expect(ids(0, 9)).to.deep.equal([
      "heading",
      "learning",
      "time",
      "cost",
      "environment",
      "data",
      "integrity",
      "loading",
      "job",
    ]);
    const second = seen.findIndex(({ name }, i) => i > 9 && name === "status");
    expect(ids(10, second)).to.deep.equal(["heading", "learning", "time", "environment"]);
    expect(seen[10]!.data.markup).to.include("4 of 8\u00a0rounds complete");
    expect(seen.at(-1)).to.deep.include({ name: "end" });
    expect(seen.at(-1)!.data).to.match(/^Finished after 8.rounds\. Held-out accuracy: 0\.\d+\.$/);
    expect(seen.some(({ data }) => data.id === "loading" && data.markup !== "")).to.equal(true);
  });

  it("says so where its port is taken", async () => {
    const port = Number(new URL(server.url).port);
    const error = await LiveServer.start(run, port).catch((error: Error) => error);
    expect((error as Error).message).to.include(`--port ${port} cannot be used`);
  });
});

describe("the live page in a browser", () => {
  /** A window with the page; `send` plays the server. */
  function open(record: PageRecord) {
    const sources: { listeners: Map<string, (event: object) => void>; closed: boolean; url: string }[] = [];
    const { window } = new JSDOM(livePage(record), {
      runScripts: "dangerously",
      pretendToBeVisual: true,
      beforeParse(window) {
        window.EventSource = class {
          listeners = new Map<string, (event: object) => void>();
          closed = false;
          url: string;
          constructor(url: string) {
            this.url = url;
            sources.push(this);
          }
          addEventListener(name: string, listener: (event: object) => void) {
            this.listeners.set(name, listener);
          }
          close() {
            this.closed = true;
          }
        } as unknown as typeof window.EventSource;
      },
    });
    const send = (name: string, data?: unknown) => sources[0]!.listeners.get(name)!({ data: JSON.stringify(data) });
    return { window, document: window.document, sources, send };
  }

  it("puts new parts in place, and leaves focus, folds and scrolling as they were", () => {
    const { window, document, send } = open(under(3));
    const details = document.querySelector<HTMLDetailsElement>("#learning details")!;
    details.open = true;
    document.querySelector<HTMLElement>("#learning summary")!.focus();
    document.querySelector("#learning .scroll")!.scrollLeft = 40;
    const page = new JSDOM(renderReport(run)).window.document;
    send("part", { id: "learning", markup: page.getElementById("learning")!.innerHTML });
    expect(document.querySelectorAll("#learning tbody tr")).to.have.length(9);
    expect(document.querySelector<HTMLDetailsElement>("#learning details")!.open).to.equal(true);
    expect(document.activeElement).to.equal(document.querySelector("#learning summary"));
    expect(document.querySelector("#learning .scroll")!.scrollLeft).to.equal(40);
    expect(document.getElementById("loading")!.hidden).to.equal(true);
    send("part", { id: "loading", markup: page.getElementById("loading")!.innerHTML });
    expect(document.getElementById("loading")!.hidden).to.equal(false);
    window.close();
  });

  it("tells a screen reader how the run stands, not more often than every ten seconds, and its end at once", () => {
    const { window, document, sources, send } = open(under(3));
    const status = document.querySelector('[role="status"]')!;
    expect(sources[0]!.url).to.equal("events");
    send("status", "first");
    send("status", "too soon");
    expect(status.textContent).to.equal("first");
    send("end", "It is over.");
    expect(status.textContent).to.equal("It is over.");
    expect(sources[0]!.closed).to.equal(true);
    window.close();
  });

  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  const compared = (job: string) => ({
    ...{ job, state: "finished", closedRounds: 9, plannedRounds: 8, rounds: run.rounds, resultRound: 8 },
    ...{ metrics: run.metrics, trainLoss: 0.1, clockMs: 1000, weightsHash: run.weightsHash },
  });
  const pages: Record<string, () => string> = {
    "the live page": () => livePage(under(3)),
    "the live page before the first round": () => livePage(under(0)),
    "the report": () => renderReport(run),
    "a comparison": () =>
      renderComparison({
        jobs: [compared("one-1"), compared("two-2")],
        fields: [{ path: "training.learningRate", values: [1, 2] }],
      }),
  };
  for (const [name, render] of Object.entries(pages))
    it(`has nothing in ${name} that axe finds fault with`, async () => {
      const { window } = new JSDOM(render().replace(/<script>.*<\/script>/s, ""), { runScripts: "outside-only" });
      window.eval(axe);
      // Contrast needs a browser that paints; the style sheet's colours were chosen for it.
      const { violations } = (await window.eval(
        `axe.run(document, { rules: { "color-contrast": { enabled: false } } })`,
      )) as AxeResults;
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).to.deep.equal([]);
      window.close();
    });
});

describe("a live record", () => {
  it("follows a job from before its first round to its result, as the report has it", async () => {
    const world = new World({ plan: planOf() });
    await world.submit();
    const live = await LiveRecord.open(world.store, world.plan.job);
    expect(await live.look()).to.deep.include({
      rounds: [],
      metrics: {},
      outcome: { state: "running" },
      workersDone: 0,
    });
    const worker = world.worker();
    for (let i = 0; i < 3; i++) await worker.handle((await world.queue.receive(300))!);
    expect(await live.look()).to.include({ workersDone: 2, weightsHash: undefined });
    await world.work();
    const result = (await world.result())!;
    const last = await live.look();
    expect(last).to.include({ resultRound: 3, weightsHash: result.weightsHash });
    expect(last.rounds.map(({ round }) => round)).to.deep.equal([0, 1, 2, 3]);
    expect(last.metrics).to.deep.equal(result.metrics);
  });
});

describe("trivet watch --web", () => {
  const folder = temporaryFolder();

  it("follows a job that trains here, serves its page until it has ended, and then ends itself", async () => {
    writeJob(folder(), 60, 400);
    // A job that exists, and goes on as soon as somebody trains it.
    const begun = spawn(process.execPath, [command, "train", "--json"], {
      cwd: folder(),
      stdio: ["ignore", "pipe", "ignore"],
    });
    const begunClosed = new Promise((resolve) => begun.on("close", resolve));
    for await (const line of createInterface({ input: begun.stdout }))
      if (JSON.parse(line).type === "round") begun.kill("SIGINT");
    await begunClosed;
    expect((await runTrivet(folder(), ["list"])).stdout).to.match(/^reviews-\w+ +interrupted +\d+\/60 /m);
    const watching = spawn(process.execPath, [command, "watch", "reviews", "--web"], {
      cwd: folder(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const closed = new Promise<number | null>((resolve) => watching.on("close", resolve));
    const lines = createInterface({ input: watching.stderr });
    let url = "";
    for await (const line of lines) {
      url = /^The page, for this machine alone: (\S+)$/.exec(line)?.[1] ?? url;
      if (url) break;
    }
    watching.stderr.resume();
    watching.stdout.resume();
    expect((await ask(url)).text).to.include("rounds complete");
    const names: string[] = [];
    const following = (async () => {
      for await (const { name } of eventsOf(url)) names.push(name);
    })();
    expect((await runTrivet(folder(), ["train"])).exitCode).to.equal(0);
    await following;
    expect(names.at(-1)).to.equal("end");
    expect(await closed).to.equal(0);
    const report = readFileSync(
      join(folder(), ".trivet/jobs", readdirSync(join(folder(), ".trivet/jobs"))[0]!, "result/report.html"),
      "utf8",
    );
    expect(report).to.include('<section id="learning">');
    expect((await runTrivet(folder(), ["watch", "reviews", "--port", "8080"])).stderr).to.include("say --web, too");
  });
});
