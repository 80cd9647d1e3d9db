import type { ObjectInfo, ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import "../../worker-runtime/src/protocol/finish.ts"; // Loaded now, since the worker imports it late.
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { Worker } from "../../worker-runtime/src/protocol/worker.ts";
import { ArithmeticLearner } from "../worker/protocol/arithmetic-learner.ts";
import { planOf, World } from "../worker/protocol/world.ts";

/** The bounds of a small world. */
export interface Bounds {
  readonly reducers: number;
  readonly rounds: number;
  /** Tasks that are under way at one time. */
  readonly concurrency: number;
  readonly crashes: number;
  readonly duplicates: number;
  /** More states than these are not visited. */
  readonly mostStates: number;
}

export interface Explored {
  readonly states: number;
  readonly transitions: number;
  /** The longest of the shortest ways to a state. */
  readonly depth: number;
  readonly ends: number;
  readonly complete: boolean;
  /** What went wrong first, and the way there. */
  readonly problem: { readonly what: string; readonly way: readonly string[] } | undefined;
}

/** A task under way: all that it knows are the answers it has got so far, so that it can be done again up to here. */
interface Underway {
  readonly body: string;
  readonly attempt: number;
  readonly answers: readonly unknown[];
}

interface Waiting {
  readonly body: string;
  readonly attempt: number;
}

interface State {
  readonly objects: ReadonlyMap<string, Uint8Array>;
  readonly queue: readonly Waiting[];
  readonly tasks: readonly Underway[];
  readonly crashes: number;
  readonly duplicates: number;
  readonly depth: number;
  readonly from: State | undefined;
  readonly step: string;
}

interface Call {
  readonly kind: "put" | "get" | "head" | "list" | "send" | "acknowledge" | "release";
  readonly key: string;
  readonly body?: Uint8Array;
  readonly messages?: readonly string[];
  readonly read?: (objects: ReadonlyMap<string, Uint8Array>) => unknown;
}

/** Looks beyond this one are left out: each open round would go on sending them for ever. */
const lastLook = 2;
const quietTurns = 30;

/**
 * Visits every state that a job of two workers can get into: each order of their calls, each crash between two calls, each
 * message delivered twice, up to the bounds. Reads whose answer can no longer change are taken at once, since their order
 * makes no difference: what is stored is never changed.
 */
export async function explore(bounds: Bounds): Promise<Explored> {
  const plan = planOf({
    ...{ workers: 2, reducers: bounds.reducers, rounds: bounds.rounds, localSteps: 1, partSteps: 1, weightCount: 3 },
    ...{ parameters: [{ name: "w", shape: [3], offset: 0, length: 3 }], evaluateEvery: 0 },
  });
  const { job } = plan;
  const world = new World({ plan });
  await world.submit();
  const begin = new Map<string, Uint8Array>();
  for (const { key } of await world.store.list("")) begin.set(key, (await world.store.get(key))!);
  await world.work();
  const expected = world.store;
  const first = JSON.stringify({ trivet: 1, job, sentAtMs: 0, task: { kind: "advance", round: 0, look: 0 } });

  /** Runs a task with the answers that it has got, up to its next call; undefined: it has ended. */
  async function nextCall({ body, attempt, answers }: Underway): Promise<Call | undefined> {
    let asked = 0;
    let pending: Call | undefined;
    const call = (made: Call): Promise<unknown> => {
      const index = asked++;
      if (index < answers.length) return Promise.resolve(answers[index]);
      pending ??= made;
      return new Promise(() => {});
    };
    const info = (key: string, bytes: Uint8Array): ObjectInfo => ({ key, sizeBytes: bytes.length, createdAtMs: 0 });
    const store = {
      putIfAbsent: (key: string, bytes: Uint8Array) => call({ kind: "put", key, body: bytes }),
      get: (key: string, range?: { offsetBytes: number; lengthBytes: number }) =>
        call({
          ...{ kind: "get", key },
          read(objects) {
            const bytes = objects.get(key);
            return range ? bytes?.slice(range.offsetBytes, range.offsetBytes + range.lengthBytes) : bytes?.slice();
          },
        }),
      head: (key: string) =>
        call({
          ...{ kind: "head", key },
          read: (objects) => (objects.has(key) ? info(key, objects.get(key)!) : undefined),
        }),
      list: (prefix: string) =>
        call({
          ...{ kind: "list", key: prefix },
          read: (objects) =>
            [...objects]
              .filter(([key]) => key.startsWith(prefix))
              .map(([key, bytes]) => info(key, bytes))
              .sort((a, b) => (a.key < b.key ? -1 : 1)),
        }),
    } as unknown as ObjectStore;
    const worker = new Worker({
      store,
      queue: { send: async (messages) => void (await call({ kind: "send", key: "", messages })) },
      clock: { nowMs: () => 0, sleep: async () => {} },
      place: "somewhere",
      openLearner: async () => new ArithmeticLearner(plan.weightCount, plan.seed),
      peakMemoryBytes: () => 0,
      remainingMs: () => Number.POSITIVE_INFINITY,
    });
    void worker.handle({
      ...{ body, attempt },
      acknowledge: async () => void (await call({ kind: "acknowledge", key: "" })),
      release: async () => void (await call({ kind: "release", key: "" })),
    });
    for (let turn = 0; turn < quietTurns * (1 + answers.length) && !pending; turn++) await null;
    return pending;
  }

  /** Whether the answer is the same from now on. */
  const isFixed = (call: Call, objects: ReadonlyMap<string, Uint8Array>) =>
    (call.kind === "get" || call.kind === "head") && objects.has(call.key);

  /** Lets task `index` make its next call, and then all those whose answers are fixed. */
  async function advance(state: State, index: number): Promise<State | string> {
    let task = state.tasks[index]!;
    let objects = state.objects;
    let queue = state.queue;
    let ended = false;
    const words: string[] = [];
    for (let moved = false; ; ) {
      const call = await nextCall(task);
      if (!call) return `${nameOf(task.body)} waits for something that is no call`;
      if (moved && !isFixed(call, objects)) break;
      let answer: unknown;
      if (call.kind === "put") {
        answer = objects.has(call.key) ? "exists" : "created";
        if (answer === "created") {
          const wrong = await unexpected(call.key, call.body!);
          if (wrong) return wrong;
          objects = new Map(objects).set(call.key, call.body!);
        }
      } else if (call.kind === "send")
        queue = [...queue, ...call.messages!.filter(isLookedAt).map((body) => ({ body, attempt: 0 }))];
      else if (call.kind === "acknowledge") ended = true;
      else if (call.kind === "release") return `${nameOf(task.body)} failed`;
      else answer = call.read!(objects);
      if (!isFixed(call, state.objects)) words.push(`${call.kind} ${call.key}`);
      task = { ...task, answers: [...task.answers, answer] };
      moved = true;
      if (ended) break;
    }
    const tasks = ended ? state.tasks.toSpliced(index, 1) : state.tasks.with(index, task);
    return {
      ...state,
      objects,
      queue,
      tasks,
      depth: state.depth + 1,
      from: state,
      step: `${nameOf(task.body)}: ${words}`,
    };
  }

  /** Safety, at every put: whatever is stored is what is stored when nothing goes wrong. */
  async function unexpected(key: string, body: Uint8Array): Promise<string | undefined> {
    if (/hint|looks|traces|result\/(report|events|metrics)/.test(key)) return undefined;
    if (/divergences|failed/.test(key)) return `${key} was stored: ${Buffer.from(body)}`;
    const known = await expected.get(key);
    const [from, to] = key.startsWith("rounds/") ? [0, 32] : [0, body.length]; // Of a bundle: its content hash.
    if (key.endsWith("result/manifest.json")) {
      const [mine, theirs] = [body, known!].map((bytes) => JSON.parse(Buffer.from(bytes).toString()));
      return mine.weightsHash === theirs.weightsHash && mine.chainHash === theirs.chainHash
        ? undefined
        : "another result";
    }
    return known && Buffer.from(known.subarray(from, to)).equals(body.subarray(from, to))
      ? undefined
      : `${key} has other bytes`;
  }

  async function next(state: State): Promise<(State | string)[]> {
    const { tasks, queue } = state;
    const found: (State | string)[] = [];
    for (const index of tasks.keys()) {
      found.push(await advance(state, index));
      if (state.crashes > 0) {
        const { body, attempt } = tasks[index]!;
        const back = { ...state, tasks: tasks.toSpliced(index, 1), queue: [...queue, { body, attempt }] };
        found.push({
          ...back,
          crashes: state.crashes - 1,
          depth: state.depth + 1,
          from: state,
          step: `${nameOf(body)} crashes`,
        });
      }
    }
    if (tasks.length >= bounds.concurrency) return found;
    // A look comes after a minute: when nothing else is left to do.
    const isIdle = tasks.length === 0 && queue.every(({ body }) => lookOf(body) > 0);
    const seen = new Set<string>();
    for (const [index, { body, attempt }] of queue.entries()) {
      if ((lookOf(body) > 0 && !isIdle) || seen.has(`${body} ${attempt}`)) continue;
      seen.add(`${body} ${attempt}`);
      const begun = [...tasks, { body, attempt: attempt + 1, answers: [] }];
      const delivered = {
        ...state,
        tasks: begun,
        queue: queue.toSpliced(index, 1),
        depth: state.depth + 1,
        from: state,
      };
      found.push({ ...delivered, step: `${nameOf(body)} begins` });
      if (state.duplicates > 0)
        found.push({
          ...delivered,
          queue,
          duplicates: state.duplicates - 1,
          step: `${nameOf(body)} begins, and is there again`,
        });
    }
    return found;
  }

  const start: State = {
    ...{
      objects: begin,
      queue: [{ body: first, attempt: 0 }],
      tasks: [],
      depth: 0,
      from: undefined,
      step: "submitted",
    },
    ...{ crashes: bounds.crashes, duplicates: bounds.duplicates },
  };
  const seen = new Set([keyOf(start)]);
  let level: State[] = [start];
  let transitions = 0;
  let ends = 0;
  let depth = 0;
  const outcome = (problem?: Explored["problem"], complete = true): Explored => ({
    ...{ states: seen.size, transitions, depth, ends, complete, problem },
  });
  while (level.length > 0) {
    const following: State[] = [];
    for (const state of level) {
      depth = state.depth;
      const found = await next(state);
      if (found.length === 0) {
        ends++;
        if (!state.objects.has(keys.result(job, "manifest.json")))
          return outcome({ what: "nothing is left to do, and there is no result", way: wayTo(state) });
      }
      for (const one of found) {
        transitions++;
        if (typeof one === "string") return outcome({ what: one, way: wayTo(state) });
        const key = keyOf(one);
        if (seen.has(key)) continue;
        if (seen.size >= bounds.mostStates) return outcome(undefined, false);
        seen.add(key);
        following.push(one);
      }
    }
    level = following;
  }
  return outcome();
}

/** Two states with the same key go on in the same way. What is stored follows from its name, as is checked at each put. */
function keyOf({ objects, queue, tasks, crashes, duplicates }: State): string {
  const told = (answer: unknown) =>
    Array.isArray(answer)
      ? answer.map(({ key }) => key).join(" ")
      : typeof answer === "string"
        ? answer
        : answer !== undefined;
  return JSON.stringify([
    [...objects.keys()].sort(),
    queue.map(({ body, attempt }) => `${body}${Math.min(attempt, 1)}`).sort(),
    tasks.map(({ body, attempt, answers }) => `${body}${Math.min(attempt, 2)}${answers.map(told)}`).sort(),
    [crashes, duplicates],
  ]);
}

function lookOf(body: string): number {
  return JSON.parse(body).task.look ?? 0;
}

function isLookedAt(body: string): boolean {
  return lookOf(body) <= lastLook;
}

function nameOf(body: string): string {
  const { kind, ...ranks } = JSON.parse(body).task;
  return `${kind}(${Object.values(ranks)})`;
}

function wayTo(state: State): string[] {
  return state.from ? [...wayTo(state.from), state.step] : [state.step];
}
