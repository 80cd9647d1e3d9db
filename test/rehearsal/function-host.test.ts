import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { WorkerProcess } from "../entrypoints/worker-process.ts";
import type { DeployedFunction, FunctionEvent, FunctionHost } from "./functions/deployed.ts";
import { JobHost } from "./functions/job-host.ts";
import { PushHost, type PushPlatform } from "./functions/push-host.ts";

/** A function that does as its message says: it answers, hangs, ends, or takes 300 MiB. */
const program = `
const say = (fields) => console.log(JSON.stringify({ severity: "INFO", message: "", ...fields }));
const server = require("node:http").createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => { body += chunk; });
  request.on("end", () => {
    if (body === "hang") return;
    if (body === "end") process.exit(1);
    if (body === "eat") { globalThis.eaten = Buffer.alloc(300 * 2 ** 20, 1); return; }
    response.end();
  });
});
server.listen(0, "127.0.0.1", () => say({ port: server.address().port }));
`;

const deployed: DeployedFunction = {
  ...{ name: "function", environment: {}, memoryMib: 200, timeoutSeconds: 60, maxConcurrency: 2, warmInstances: 0 },
};

describe("The host of functions that are called with messages", function () {
  this.timeout(60_000);
  let host: FunctionHost | undefined;
  afterEach(async () => {
    await host?.stop();
    host = undefined;
  });

  /** Hosts the program over these messages; resolves when each is done, those that fail once being sent once more as "ok". */
  async function runWith(messages: readonly string[], changes: Partial<DeployedFunction> = {}, idleSeconds = 60) {
    const waiting = [...messages];
    const events: FunctionEvent[] = [];
    const done: string[] = [];
    const all = Promise.withResolvers<void>();
    const platform: PushPlatform = {
      async receive() {
        const payload = waiting.shift();
        if (payload === undefined) return undefined;
        return {
          payload,
          async done() {
            done.push(payload);
            if (done.length === messages.length) all.resolve();
          },
          async failed() {
            waiting.push("again");
          },
        };
      },
      async start() {
        const process_ = new WorkerProcess([process.execPath, "-e", program], {});
        const { port } = await process_.line((line) => line.port !== undefined);
        return {
          process: process_,
          invoke: async (body) => (await fetch(`http://127.0.0.1:${port}`, { method: "POST", body })).ok,
        };
      },
    };
    host = new PushHost({ ...deployed, ...changes }, platform, (event) => events.push(event), idleSeconds);
    if (messages.length > 0) await all.promise;
    return {
      host,
      done,
      events,
      killed: () => events.flatMap((event) => (event.type === "killed" ? [event.reason] : [])),
    };
  }

  it("ends one at its deployed time limit, and its message comes again", async () => {
    const { done, killed } = await runWith(["hang"], { timeoutSeconds: 1 });
    expect(killed()).to.deep.equal(["its 1 s are over"]);
    expect(done).to.deep.equal(["again"]);
  });

  it("ends one that has more memory than was deployed", async () => {
    const { done, killed } = await runWith(["eat"]);
    expect(killed()).to.have.length(1);
    expect(killed()[0]).to.match(/^it has \d+ of 200 MiB$/);
    expect(done).to.deep.equal(["again"]);
  });

  it("gives the message of one that died to another", async () => {
    const { done, killed } = await runWith(["end"]);
    expect(killed()).to.deep.equal(["it ended by itself"]);
    expect(done).to.deep.equal(["again"]);
  });

  it("starts no more than may run at once, and works on all messages with them", async () => {
    const { host, done } = await runWith(Array.from({ length: 20 }, (_, i) => `message ${i}`));
    expect(done).to.have.length(20);
    expect(host.mostAtOnce).to.be.within(1, 2);
    expect(host.started).to.be.within(1, 2);
  });

  it("scales to zero when there is nothing to do", async () => {
    const { host, events } = await runWith(["one", "two"], {}, 0);
    await host.idle();
    expect(host.running).to.equal(0);
    expect(events.at(-1)).to.include({ type: "stopped", running: 0 });
  });

  it("keeps the instances that are to be warm", async () => {
    const { host } = await runWith(["one", "two", "three"], { warmInstances: 1 }, 0);
    await host.idle();
    expect(host.running).to.equal(1);
  });
});

describe("The host of jobs that take their messages themselves", function () {
  this.timeout(60_000);
  const job = { ...deployed, name: "job", pollingSeconds: 1 };

  /** Hosts executions of a script while `waiting()` messages are visible, until so many have ended. */
  async function runWith(script: string, executions: number, visible: () => number, changes: Partial<typeof job> = {}) {
    const events: FunctionEvent[] = [];
    const enough = Promise.withResolvers<void>();
    const platform = {
      countVisible: async () => visible(),
      start: () => new WorkerProcess([process.execPath, "-e", script], {}),
    };
    const host = new JobHost({ ...job, ...changes }, platform, (event) => {
      events.push(event);
      if (events.filter(({ type }) => type !== "started").length >= executions) enough.resolve();
    });
    await enough.promise;
    await host.stop();
    return { host, events };
  }

  it("starts an execution for each message that waits, no more than may run at once", async () => {
    const { host, events } = await runWith("setTimeout(() => {}, 200)", 3, () => 5);
    expect(host.mostAtOnce).to.equal(2);
    expect(events[0]).to.deep.equal({ type: "started", name: "job-1", running: 1 });
  });

  it("starts none while no message is visible", async () => {
    let asked = 0;
    const { host } = await runWith("", 1, () => (++asked === 4 ? 1 : 0));
    expect(host.started).to.equal(1);
  });

  it("ends one at its deployed time limit", async () => {
    const { events } = await runWith("setInterval(() => {}, 1000)", 1, () => 1, { timeoutSeconds: 1 });
    expect(events.find(({ type }) => type === "killed")).to.include({ reason: "its 1 s are over" });
  });

  it("ends one that has more memory than was deployed", async () => {
    const script = "globalThis.eaten = Buffer.alloc(300 * 2 ** 20, 1); setInterval(() => {}, 1000)";
    const { events } = await runWith(script, 1, () => 1);
    const killed = events.find((event) => event.type === "killed");
    expect(killed?.reason).to.match(/^it has \d+ of 200 MiB$/);
  });
});
