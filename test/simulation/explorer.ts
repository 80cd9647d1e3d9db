import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { type Call, nameOf, type Place, SmallWorld } from "./small-world.ts";

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

/** A message that waits: its number among those seen, doubled; one more when it has been delivered before. */
type Waiting = number;

interface State {
  /** The objects that are stored, a bit each. */
  readonly objects: bigint;
  readonly queue: readonly Waiting[];
  readonly tasks: readonly Place[];
  readonly crashes: number;
  readonly duplicates: number;
  readonly number: number;
}

type Next = Omit<State, "number"> & { readonly step: () => string };

/** Looks beyond this one are left out: each open round would go on sending them for ever. */
const lastLook = 2;

/**
 * Visits every state that a job of two workers can get into: each order of their calls, each order of their messages, a crash
 * before any call, a message delivered again at any moment, up to the bounds. Reads whose answer can no longer change are
 * taken at once, since their order makes no difference: what is stored is never changed.
 */
export async function explore(bounds: Bounds): Promise<Explored> {
  const { small, begin } = await SmallWorld.open(2, bounds.reducers, bounds.rounds);
  const messages: string[] = [];
  const looks: number[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (body: string) => {
    const known = numbers.get(body);
    if (known !== undefined) return known;
    looks.push(JSON.parse(body).task.look ?? 0);
    numbers.set(body, messages.push(body) - 1);
    return messages.length - 1;
  };
  const has = (objects: bigint, key: string) => (objects & small.bit(key)) !== 0n;
  /** Whether the answer is the same from now on. */
  const isFixed = ({ kind, key }: Call, objects: bigint) => (kind === "get" || kind === "head") && has(objects, key);

  /** Lets a task make its next call, and then all those whose answers are fixed. */
  async function advance(state: State, index: number): Promise<Next | string> {
    const begun = state.tasks[index]!;
    let { objects, queue } = state;
    let place = begun;
    for (;;) {
      const call = await small.nextCall(place);
      if (!call) return `${nameOf(place.body)} waits for something that is no call`;
      if (place !== begun && !isFixed(call, objects)) break;
      let [answer, says]: [unknown, string] = [undefined, ""];
      if (call.kind === "release") return `${nameOf(place.body)} failed`;
      if (call.kind === "acknowledge") {
        const step = () => `${nameOf(begun.body)}: ${wordsOf(begun, place)}`;
        return { ...state, objects, queue, tasks: state.tasks.toSpliced(index, 1), step };
      }
      if (call.kind === "put") {
        answer = says = has(objects, call.key) ? "exists" : "created";
        if (says === "created") {
          const wrong = await small.unexpected(place);
          if (wrong) return wrong;
          objects |= small.keep(call.key, call.body!);
        }
      } else if (call.kind === "send") {
        const sent = call.messages!.map(numberOf).filter((number) => looks[number]! <= lastLook);
        queue = [...queue, ...sent.map((number) => 2 * number)].sort((a, b) => a - b);
      } else ({ answer, says } = small.read(call, objects));
      place = small.after(place, answer, says);
    }
    const last = place;
    const tasks = state.tasks.with(index, last).sort((a, b) => a.id - b.id);
    return { ...state, objects, queue, tasks, step: () => `${nameOf(begun.body)}: ${wordsOf(begun, last)}` };
  }

  async function* next(state: State): AsyncGenerator<Next | string> {
    const { tasks, queue, crashes, duplicates } = state;
    for (const [index, { body }] of tasks.entries()) {
      yield advance(state, index);
      if (crashes === 0) continue;
      const back = [...queue, 2 * numberOf(body) + 1].sort((a, b) => a - b);
      const step = () => `${nameOf(body)} crashes`;
      yield { ...state, tasks: tasks.toSpliced(index, 1), queue: back, crashes: crashes - 1, step };
    }
    if (tasks.length >= bounds.concurrency) return;
    // A look comes after a minute: when nothing else is left to do.
    const isIdle = tasks.length === 0 && queue.every((waiting) => looks[waiting >> 1]! > 0);
    for (const [index, waiting] of queue.entries()) {
      if (waiting === queue[index - 1] || (looks[waiting >> 1]! > 0 && !isIdle)) continue;
      const body = messages[waiting >> 1]!;
      const begun = [...tasks, small.begin(body, waiting % 2 === 0 ? 1 : 2)].sort((a, b) => a.id - b.id);
      const step = () => `${nameOf(body)} begins`;
      yield { ...state, tasks: begun, queue: queue.toSpliced(index, 1), step };
      if (duplicates === 0) continue;
      yield { ...state, tasks: begun, duplicates: duplicates - 1, step: () => `${step()}, and is there again` };
    }
  }

  const first = JSON.stringify({
    ...{ trivet: 1, job: small.job, sentAtMs: 0 },
    task: { kind: "advance", round: 0, look: 0 },
  });
  const { crashes, duplicates } = bounds;
  const start: State = {
    ...{ objects: begin, queue: [2 * numberOf(first)], tasks: [], crashes, duplicates, number: 0 },
  };
  const seen = new Set([keyOf(start)]);
  /** Of each state: the one before it, and which of that one's steps leads here. */
  const parents = [-1];
  let [level, transitions, ends, depth]: [State[], number, number, number] = [[start], 0, 0, 0];
  const outcome = (problem?: Explored["problem"], complete = true): Explored => ({
    ...{ states: seen.size, transitions, depth, ends, complete, problem },
  });

  /** The steps that lead to a state: found again from the start, so that no state need remember its own. */
  async function wayTo(number: number): Promise<string[]> {
    const line = [number];
    while (line[0]! > 0) line.unshift(parents[line[0]!]!);
    const way = ["submitted"];
    // States are numbered in the order in which they are found, so a second search that follows the line alone needs keys only.
    let state: State = start;
    for (const wanted of line.slice(1)) {
      for await (const one of next(state)) {
        if (typeof one === "string" || keysByNumber(wanted) !== keyOf(one)) continue;
        way.push(one.step());
        state = { ...one, number: wanted };
        break;
      }
    }
    return way;
  }
  const keysByNumber = (wanted: number) => {
    let number = 0;
    for (const key of seen) if (number++ === wanted) return key;
    return undefined;
  };

  for (; level.length > 0; depth++) {
    const following: State[] = [];
    for (const state of level) {
      let isEnd = true;
      for await (const one of next(state)) {
        isEnd = false;
        transitions++;
        if (typeof one === "string") return outcome({ what: one, way: await wayTo(state.number) });
        const key = keyOf(one);
        if (seen.has(key)) continue;
        if (seen.size >= bounds.mostStates) return outcome(undefined, false);
        seen.add(key);
        const { step: _, ...found } = one;
        following.push({ ...found, number: parents.push(state.number) - 1 });
      }
      if (!isEnd) continue;
      ends++;
      if (!has(state.objects, keys.result(small.job, "manifest.json")))
        return outcome({ what: "nothing is left to do, and there is no result", way: await wayTo(state.number) });
    }
    level = following;
  }
  return outcome();

  /** The calls of a task from one place to another, without the reads whose answers were fixed. */
  function wordsOf(from: Place, to: Place): string {
    const words: string[] = [];
    for (let place = from; ; ) {
      const { kind, key } = place.call!;
      if (place === from || kind === "put" || kind === "acknowledge") words.push(`${kind} ${key}`.trim());
      if (place === to || kind === "acknowledge") return words.join(", ");
      const [only] = [...place.after.values()].filter((after) => isBefore(after, to));
      if (!only) return words.join(", ");
      place = only;
    }
  }

  function isBefore(place: Place, to: Place): boolean {
    return place.body === to.body && place.answers.every((answer, i) => answer === to.answers[i]);
  }
}

/** Two states with the same key go on in the same way. */
function keyOf({ objects, queue, tasks, crashes, duplicates }: Omit<State, "number">): string {
  return `${objects.toString(36)} ${queue} ${tasks.map(({ id }) => id)} ${crashes}${duplicates}`;
}
