import { type ChildProcess, fork } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../errors.ts";
import type { WorkerNews, WorkerOrder } from "./entrypoint.ts";

const entrypoint = fileURLToPath(new URL("./entrypoint.ts", import.meta.url));

/** Workers share the compiled code of their modules, which saves each of them a fifth of a second. */
const compileCache = enableCompileCache().directory;

/** A process that dies this often in a row without finishing one task will not get better. */
const deathsInARow = 3;

/** What all workers of a run are told. */
type Order = Omit<WorkerOrder, "place" | "life">;

export interface ProcessEvents {
  onNews(place: string, news: WorkerNews): void;
  /** A process ended by itself; it is started again after this has resolved. */
  onExit(place: string, exitCode: number | null, signal: NodeJS.Signals | null, restarts: number): Promise<void>;
  /** The workers cannot go on; called once. */
  onGiveUp(error: UserError): void;
}

/** The worker processes of one run: started at once, given their orders when there are any, started again when one dies. */
export class WorkerProcesses {
  readonly #events: ProcessEvents;
  readonly #logFolder: string;
  readonly #children = new Map<string, ChildProcess>();
  readonly #lives = new Map<string, number>();
  #order: Order | undefined;
  #stopped = false;

  constructor(places: readonly string[], logFolder: string, events: ProcessEvents) {
    this.#events = events;
    this.#logFolder = logFolder;
    for (const place of places) this.#start(place, 0, 0);
  }

  /** Process ids by place, for whoever wants to look at a worker or to kill it. */
  get pids(): Record<string, number | undefined> {
    return Object.fromEntries([...this.#children].map(([place, { pid }]) => [place, pid]));
  }

  /** From now on the workers work. */
  begin(order: Order): void {
    this.#order = order;
    for (const [place, child] of this.#children) child.send({ ...order, place, life: this.#lives.get(place) ?? 0 });
  }

  /** Ends all processes and waits until they are gone. Nothing is lost: what was not acknowledged is delivered again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const exits = [...this.#children.values()].map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) return resolve();
          child.once("exit", () => resolve());
          child.kill("SIGKILL");
        }),
    );
    await Promise.all(exits);
  }

  #start(place: string, restarts: number, deaths: number): void {
    const log = join(this.#logFolder, `${place}.log`);
    const output = openSync(log, "a");
    const env = { ...process.env, NODE_COMPILE_CACHE: compileCache };
    const child = fork(entrypoint, { stdio: ["ignore", output, output, "ipc"], env });
    closeSync(output);
    this.#children.set(place, child);
    this.#lives.set(place, restarts);
    let deathsNow = deaths + 1;
    child.on("message", (news: WorkerNews) => {
      if (news.type === "handled") deathsNow = 1;
      this.#events.onNews(place, news);
    });
    child.on("error", (error) => {
      // Orders for a process that has just died are an error too; its exit is what counts.
      if (child.pid !== undefined) return;
      this.#children.delete(place);
      this.#events.onGiveUp(new UserError(`A worker process could not be started: ${error.message}.`, 3));
    });
    child.on("exit", async (exitCode, signal) => {
      if (this.#stopped) return;
      await this.#events.onExit(place, exitCode, signal, restarts + 1);
      if (this.#stopped) return;
      if (deathsNow < deathsInARow) return this.#start(place, restarts + 1, deathsNow);
      const how = signal ? `by ${signal}` : `with exit code ${exitCode}`;
      const reason = `Worker ${place} ended ${how} ${deathsInARow} times in a row without finishing a task. Its output is in ${log}.`;
      this.#events.onGiveUp(new UserError(reason, 1));
    });
    if (this.#order) child.send({ ...this.#order, place, life: restarts });
  }
}
