import { setTimeout as sleep } from "node:timers/promises";
import { LiveRecord } from "@trivet/worker-runtime/clouds/live-record";
import type { LocatedJob } from "../job-place.ts";
import { say } from "../output.ts";
import { LiveServer } from "./server.ts";

/** How often the store is asked while somebody looks: a cloud's requests cost money. */
const pauseMs = { here: 1000, cloud: 5000 };

/** The live page of a job, kept up to date until it is ended. */
export class LiveView {
  readonly #record: LiveRecord;
  readonly #server: LiveServer;
  #ended = false;

  private constructor(record: LiveRecord, server: LiveServer) {
    this.#record = record;
    this.#server = server;
  }

  /** Serves the page and says where. */
  static async start({ store, job }: LocatedJob, place: "here" | "cloud", port: number | undefined): Promise<LiveView> {
    const record = await LiveRecord.open(store, job);
    const view = new LiveView(record, await LiveServer.start(await record.look(), port));
    say(`The page, for this machine alone: ${view.#server.url}`);
    void view.#keepUpToDate(pauseMs[place]);
    return view;
  }

  async #keepUpToDate(pauseMs: number): Promise<void> {
    while (!this.#ended) {
      // No reason for the process to go on.
      await sleep(pauseMs, undefined, { ref: false });
      // Whoever follows the job tells of a store that cannot be read; the page stays as it is.
      if (this.#server.isWatched && !this.#ended)
        await this.#record.look().then(
          (record) => this.#ended || this.#server.update(record),
          () => {},
        );
    }
  }

  /** The last state; the page stays in the browsers. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#server.end(await this.#record.look());
  }
}
