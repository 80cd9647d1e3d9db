import { sha256 } from "../../worker-runtime/src/hash.ts";
import type { Plan } from "../../worker-runtime/src/job/plan.ts";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import type { Message } from "../../worker-runtime/src/protocol/messages.ts";
import { readResult } from "../../worker-runtime/src/protocol/run-record.ts";
import { verifyJob } from "../../worker-runtime/src/protocol/verify.ts";
import type { Expected } from "./expected.ts";
import type { SimulatedStore } from "./store.ts";

/** What must hold at every moment, whatever goes wrong. */
export class SafetyChecks {
  readonly problems: string[] = [];
  /** When the job got its result, or was given up. */
  overAtMs: number | undefined;
  readonly #store: () => SimulatedStore;
  readonly #plan: Plan;
  readonly #hashes = new Map<string, string>();

  constructor(plan: Plan, store: () => SimulatedStore) {
    this.#plan = plan;
    this.#store = store;
  }

  created(key: string, body: Uint8Array, nowMs: number): void {
    const { job } = this.#plan;
    const hash = sha256(body);
    const before = this.#hashes.get(key);
    // Lifecycle may have removed it: then the same may be stored again, but nothing else.
    if (before !== undefined && before !== hash && /manifests|plan|spec|result/.test(key))
      this.problems.push(`${key} was stored twice, with other bytes`);
    this.#hashes.set(key, hash);
    if (key === keys.result(job, "manifest.json") || key === keys.decision(job, "failed")) this.overAtMs ??= nowMs;
  }

  /** A message leaves the queue: what it asked for must be stored. */
  acknowledging(body: string): void {
    const { job, plan, objects } = { job: this.#plan.job, plan: this.#plan, objects: this.#store().objects };
    const { task } = JSON.parse(body) as Message;
    const has = (key: string) => objects.has(key);
    if (has(keys.decision(job, "failed")) || has(keys.result(job, "manifest.json"))) return;
    if (has(keys.decision(job, "cancel")) || has(keys.decision(job, "stop"))) return;
    if (task.kind === "finish") return void this.problems.push("finish was acknowledged without a result");
    if (has(keys.manifest(job, task.round)) || task.kind === "advance") return;
    const prefix = task.kind === "step" ? keys.parts(job, task.round, task.worker) : "";
    const paused = prefix !== "" && [...objects.keys()].some((key) => key.startsWith(prefix));
    const output =
      task.kind === "step" ? keys.update(job, task.round, task.worker) : keys.model(job, task.round + 1, task.shard);
    if (task.round < plan.rounds + 1 && !has(output) && !paused)
      this.problems.push(`${task.kind} of round ${task.round} was acknowledged before ${output} was stored`);
  }

  /** Nothing that was stored has been changed in place. */
  unchanged(): void {
    for (const [key, { body }] of this.#store().objects)
      if (sha256(body) !== this.#hashes.get(key)) this.problems.push(`${key} has other bytes than when it was stored`);
  }

  /** The result is the one that the job has without any fault, and everything fits together. */
  async outcome(store: ObjectStore, expected: Expected, wasCancelled: boolean): Promise<void> {
    const say = (problem: string) => this.problems.push(problem);
    const { job } = this.#plan;
    const result = await readResult(store, job);
    if (!result) {
      const failed = await store.get(keys.decision(job, "failed"));
      return void say(`the job failed: ${failed ? Buffer.from(failed) : "no result and no reason"}`);
    }
    if (await store.head(keys.decision(job, "failed"))) say("the job has a result and has failed");
    if (result.state === "cancelled" && !wasCancelled) say("the job is cancelled, though nobody cancelled it");
    if (result.weightsHash !== expected.weights[result.round]) say(`other weights in round ${result.round}`);
    const closed = expected.chain.indexOf(result.chainHash);
    if (closed < 0 && result.round > 0) say("another chain of manifests");
    if (result.state !== "cancelled")
      for (const field of ["state", "round", "weightsHash", "chainHash"] as const)
        if (result[field] !== expected.result[field])
          say(`${field} is ${result[field]}, not ${expected.result[field]}`);
    const { problems, divergences } = await verifyJob(store, job);
    for (const problem of problems) say(`verify: ${problem}`);
    if (divergences.length > 0) say(`${divergences.length} divergences were recorded`);
  }
}
