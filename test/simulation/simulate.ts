import { cancelJob } from "../../worker-runtime/src/clouds/stack/cancel-job.ts";
import { UserError } from "../../worker-runtime/src/errors.ts";
import "../../worker-runtime/src/protocol/finish.ts"; // Loaded now, since it is imported late and files are no part of the simulation.
import { submit } from "../../worker-runtime/src/protocol/submit.ts";
import { Caller } from "./caller.ts";
import { Chance } from "./chance.ts";
import { SafetyChecks } from "./checks.ts";
import { expectedOf, jobOf } from "./expected.ts";
import { Functions } from "./functions.ts";
import { type Injected, Injector } from "./injector.ts";
import type { Faults, Options } from "./options.ts";
import { Scheduler } from "./scheduler.ts";
import { SimulatedStore } from "./store.ts";

export interface Simulated {
  /** What went wrong, a sentence each; empty when everything held. */
  readonly problems: readonly string[];
  readonly counts: Partial<Record<keyof Faults, number>>;
  readonly injected: readonly Injected[];
  readonly log: readonly string[];
  readonly events: number;
  /** Tasks that were begun. */
  readonly started: number;
  readonly trainings: number;
  readonly simulatedMs: number;
  /** Equal for two runs of the same options and the same code. */
  readonly fingerprint: number;
}

/** Once faults have stopped, a job needs no longer than this: a few visibility timeouts and looks. */
const liveWithinMs = 24 * 3600_000;
/** After the end, whatever is still in the queue is gone by then. */
const drainedWithinMs = 24 * 3600_000;
/** Far more than any job needs; what reaches it would go on for ever. */
const mostEvents = 200_000;

/** Runs one job to its end and checks it. */
export async function simulate(
  options: Options,
  how: { only?: ReadonlySet<Injected>; logs?: boolean } = {},
): Promise<Simulated> {
  const expected = await expectedOf(options);
  const { document, plan } = jobOf(options);
  const scheduler = new Scheduler();
  const chance = new Chance(options.seed);
  const injector = new Injector(options.faults, chance, scheduler, how);
  const checks: SafetyChecks = new SafetyChecks(plan, () => store);
  const store: SimulatedStore = new SimulatedStore(scheduler, injector, chance, options, (key, body) =>
    checks.created(key, body, scheduler.sinceBeginMs),
  );
  let trainings = 0;
  const functions = new Functions(scheduler, injector, chance, options, store, {
    acknowledging: (body) => checks.acknowledging(body),
    training(beganAtMs, task) {
      trainings++;
      if (checks.overAtMs !== undefined && beganAtMs > checks.overAtMs + longestTaskMs(options))
        checks.problems.push(`${task} trained ${Math.round((beganAtMs - checks.overAtMs) / 1000)} s after the end`);
    },
  });
  const calm = store.direct();
  const { faults, faultsEndSeconds } = options;
  let cancelled = false;

  /** A person's command that is tried until it has gone through. */
  const insist = async (name: string, command: (caller: Caller) => Promise<unknown>) => {
    for (let run = 1; ; run++) {
      const caller = new Caller(`${name}.${run}`, scheduler);
      const died = new Promise<"died">((resolve) => {
        caller.onKilled = () => resolve("died");
      });
      caller.mayFail = () => run <= 3;
      const answer = await Promise.race([command(caller).catch((error: Error) => error), died]);
      if (answer instanceof UserError && answer.exitCode !== 1) return;
      if (answer !== "died" && !(answer instanceof Error)) return;
      await scheduler.sleep(30_000);
    }
  };
  const submitFrom = (name: string) =>
    insist(name, (caller) => submit(store.for(caller), functions.queue.for(caller), scheduler.nowMs(), document, plan));

  const estimateMs = Math.min(faultsEndSeconds * 1000, roughDurationMs(options));
  const sometime = (kind: keyof Faults, act: () => void) => {
    for (let i = 0; i < faults[kind]; i++)
      scheduler.after(chance.between(`${kind} at`, 0, estimateMs), () => injector.comes(kind) && act());
  };
  const throttle = (limit: number) => () => {
    functions.limit = limit;
    scheduler.after(3600_000, () => {
      functions.limit = options.functions.concurrency;
      functions.pump();
    });
  };
  sometime("throttleToOne", throttle(1));
  sometime("throttleToZero", throttle(0));
  sometime("deploy", () => functions.deploy(chance.next("at once") < 0.5));
  // The best model must be kept for the result: a bucket's rule gives whole days for that.
  if (options.job.patience === 0) sometime("lifecycle", () => removeRounds(store, store.closedRounds() - 2));
  let submitted = 0;
  sometime("submitAgain", () => void submitFrom(`later-client-${++submitted}`));
  sometime("cancel", () => {
    cancelled = true;
    void insist("canceller", (caller) =>
      cancelJob({ store: store.for(caller), queue: functions.queue.for(caller) }, plan.job, "asked for", caller),
    );
  });
  scheduler.after(faultsEndSeconds * 1000, () => {
    injector.active = false;
    functions.limit = options.functions.concurrency;
    functions.pump();
  });

  const dataset = { version: 1, train: { examples: 1 }, heldOut: { examples: 1 }, encoding: null, skippedRows: 0 };
  await calm.putIfAbsent("datasets/none/manifest.json", Buffer.from(JSON.stringify(dataset)));
  void submitFrom("client");
  if (faults.twoClients > 0 && injector.comes("twoClients")) void submitFrom("second-client");

  // Safety while faults come, then liveness without them.
  const isOver = () => checks.overAtMs !== undefined;
  const tooMuch = () => scheduler.happened > mostEvents;
  await scheduler.run(() => isOver() || tooMuch(), faultsEndSeconds * 1000);
  await scheduler.run(() => isOver() || tooMuch(), faultsEndSeconds * 1000 + liveWithinMs);
  if (!isOver()) checks.problems.push(tooMuch() ? "the job goes on without an end" : "the job is stuck");
  else {
    // Then quiet: what is left in the queue is worked off, and changes nothing.
    injector.active = false;
    const isDrained = () => functions.queue.waiting === 0 && functions.busy === 0;
    await scheduler.run(() => isDrained() || tooMuch(), scheduler.sinceBeginMs + drainedWithinMs);
    if (!isDrained()) checks.problems.push(`${functions.queue.waiting} messages are left a day after the end`);
    await checks.outcome(calm, expected, cancelled);
    // And weeks later, when lifecycle has removed all rounds, the last duplicates come.
    removeRounds(store, Number.POSITIVE_INFINITY);
    await scheduler.run(tooMuch);
    await checks.outcome(calm, expected, cancelled);
    if (functions.queue.waiting > 0) checks.problems.push("messages are left weeks after the end");
  }
  checks.unchanged();
  return {
    problems: [...new Set(checks.problems)],
    ...{ counts: injector.counts, injected: injector.injected, log: injector.log, trainings },
    ...{ events: scheduler.happened, started: functions.started, simulatedMs: scheduler.sinceBeginMs },
    fingerprint: scheduler.fingerprint,
  };

  function removeRounds(from: SimulatedStore, before: number): void {
    for (const key of from.objects.keys()) {
      const round = /^rounds\/[^/]+\/(\d+)\//.exec(key)?.[1];
      if (round !== undefined && Number(round) < before) from.objects.delete(key);
    }
  }
}

/** A task that was under way at the end may still begin its next part. */
function longestTaskMs({ functions }: Options): number {
  return functions.timeLimitSeconds * 1000;
}

/** About how long the job takes; for faults that come once, so that they come while it runs. */
function roughDurationMs({ job, functions }: Options): number {
  const turns = Math.ceil(job.workers / functions.concurrency);
  const taskMs = job.localSteps * functions.localStepMs + 20 * functions.storeMs + 3 * functions.queueMs;
  return functions.coldStartMs + (job.rounds + 2) * turns * taskMs;
}
