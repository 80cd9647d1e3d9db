import type { Codec } from "../../worker-runtime/src/job/document.ts";
import { Chance } from "./chance.ts";

/**
 * How likely each fault is, or how often it comes; 0: never. What is likely once a call is bounded by what a job must
 * survive: at most three begun tasks of one message fail, since a fifth failure rightly ends the job.
 */
export interface Faults {
  /** At each call of store or queue: the function is killed before, or after, the call has its effect. */
  killBefore: number;
  killAfter: number;
  /** For each new function: everything takes it ten times as long. */
  straggler: number;
  /** For each delivery: nobody gets it, and the message stays hidden until its visibility ends. */
  lostDelivery: number;
  /** For each message: it is there two to five times. */
  duplicate: number;
  /** At each delivery: another message than the one that waits longest. */
  reordered: number;
  /** For each message: it comes up to two minutes later. */
  delay: number;
  /** For each message: it comes once more, two to six weeks later. */
  weeksLater: number;
  /** At each acknowledgement: it comes too late, and the message is there again. */
  lostAcknowledgement: number;
  /** At each send: the first messages are stored, then an error. */
  halfSent: number;
  /** At each call of the store: 503 or 429, and nothing was done. The adapter tries three times. */
  refused: number;
  /** At each put: 409, since another write is under way. */
  conflict: number;
  /** At each put: no answer, though the object was stored; so the adapter's second try meets its own object (412). */
  unanswered: number;
  /** At each read: a bit is flipped, or the end is missing, and nothing on the way has noticed. */
  flipped: number;
  truncated: number;
  /** What was stored less than so many milliseconds ago may be missing in lists. */
  lateListMs: number;
  /** For each function: its clock is wrong, by up to an hour, and jumps once. */
  clockJump: number;
  /** How often the platform starts only one function, or none at all, for an hour. */
  throttleToOne: number;
  throttleToZero: number;
  /** How often a new version of the worker is rolled out: running functions are ended after their task, or at once. */
  deploy: number;
  /** How often lifecycle removes the rounds that lie more than two behind the last complete one. */
  lifecycle: number;
  /** Somebody cancels the job at some moment. */
  cancel: number;
  /** Two clients submit the same job at once. */
  twoClients: number;
  /** How often somebody submits the job once more, at some moment. */
  submitAgain: number;
}

/** Everything that differs between two simulated jobs; a pure function of the seed. */
export interface Options {
  readonly seed: number;
  readonly job: {
    readonly workers: number;
    readonly reducers: number;
    readonly rounds: number;
    readonly localSteps: number;
    readonly partSteps: number;
    readonly codec: Codec;
    readonly evaluateEvery: number;
    readonly outerMomentum: number;
    /** 0: no early stop. */
    readonly patience: number;
  };
  readonly functions: {
    readonly concurrency: number;
    readonly coldStartMs: number;
    readonly localStepMs: number;
    readonly timeLimitSeconds: number;
    readonly visibilitySeconds: number;
    readonly storeMs: number;
    readonly queueMs: number;
  };
  readonly faults: Readonly<Faults>;
  /** When faults stop; from then on the job must come to its end. */
  readonly faultsEndSeconds: number;
}

/** The jobs: few enough that the outcome of each without faults is worked out once in a process. */
const jobs = 48;

function jobOf(number: number): Options["job"] {
  const chance = new Chance(number);
  const workers = chance.whole("workers", 1, 4);
  const localSteps = chance.whole("local steps", 1, 4);
  return {
    workers,
    reducers: chance.pick("reducers", [1, 1, 2, 3]),
    rounds: chance.whole("rounds", 1, 4),
    localSteps,
    partSteps: chance.whole("part steps", 1, localSteps),
    codec: chance.pick("codec", ["fp32", "bf16", "int8"] as const),
    evaluateEvery: chance.whole("evaluate every", 0, 2),
    outerMomentum: chance.pick("outer momentum", [0, 0.9]),
    patience: chance.pick("patience", [0, 0, 1]),
  };
}

export function optionsOf(seed: number): Options {
  const chance = new Chance(seed);
  const severity = chance.next("severity");
  const sometimes = (purpose: keyof Faults, value: number) =>
    chance.next(`has ${purpose}`) < 0.5 ? severity * chance.between(purpose, 0.3, 1) * value : 0;
  const times = (purpose: keyof Faults, likely: number, most: number) =>
    chance.next(`has ${purpose}`) < likely ? chance.whole(purpose, 1, most) : 0;
  const job = jobOf(chance.whole("job", 1, jobs));
  const timeLimitSeconds = chance.pick("time limit", [60, 300, 900]);
  const coldStartMs = chance.pick("cold start", [0, 500, 3_000, 20_000]);
  return {
    seed,
    job,
    functions: {
      concurrency: chance.whole("concurrency", 1, 8),
      coldStartMs,
      // A part of a share must fit into the time limit, even when it takes ten times as long.
      localStepMs: Math.min(
        chance.pick("local step", [1, 100, 2_000, 10_000]),
        (30 * timeLimitSeconds) / Math.min(job.partSteps, job.localSteps),
      ),
      timeLimitSeconds,
      // Hidden for longer than anyone may work on it, as every cloud's documentation asks for.
      visibilitySeconds: timeLimitSeconds * chance.pick("visibility", [1.1, 6]) + coldStartMs / 50,
      storeMs: chance.pick("store", [5, 20, 80]),
      queueMs: chance.pick("queue", [5, 50, 500]),
    },
    faults: {
      killBefore: sometimes("killBefore", 0.05),
      killAfter: sometimes("killAfter", 0.05),
      straggler: sometimes("straggler", 0.5),
      lostDelivery: sometimes("lostDelivery", 0.3),
      duplicate: sometimes("duplicate", 0.5),
      reordered: sometimes("reordered", 1),
      delay: sometimes("delay", 0.5),
      weeksLater: sometimes("weeksLater", 0.2),
      lostAcknowledgement: sometimes("lostAcknowledgement", 0.1),
      halfSent: sometimes("halfSent", 0.2),
      refused: sometimes("refused", 0.4),
      conflict: sometimes("conflict", 0.4),
      unanswered: sometimes("unanswered", 0.3),
      flipped: sometimes("flipped", 0.05),
      truncated: sometimes("truncated", 0.05),
      lateListMs: chance.next("has lateListMs") < 0.2 ? chance.whole("lateListMs", 1, 3_000) : 0,
      clockJump: sometimes("clockJump", 0.5),
      throttleToOne: times("throttleToOne", 0.2, 2),
      throttleToZero: times("throttleToZero", 0.1, 1),
      deploy: times("deploy", 0.3, 3),
      lifecycle: times("lifecycle", 0.4, 4),
      cancel: times("cancel", 0.1, 1),
      twoClients: times("twoClients", 0.2, 1),
      submitAgain: times("submitAgain", 0.2, 2),
    },
    faultsEndSeconds: Math.round(chance.pick("faults end", [60, 600, 7_200]) * chance.between("until", 0.2, 1)),
  };
}
