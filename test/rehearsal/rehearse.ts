import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { isOver, readResult, readRounds } from "../../worker-runtime/src/protocol/run-record.ts";
import type { DeployedPipeline, RehearsedCloud } from "./clouds/cloud.ts";
import type { FunctionEvent, FunctionHost } from "./functions/deployed.ts";
import type { WorkerImage } from "./image.ts";
import { identities } from "./permissions/calls.ts";
import { makeStack, type RehearsedStack, type Settings, type StackEvent } from "./stack.ts";

/** What happens, for whoever watches. */
export type RehearsalEvent =
  | StackEvent
  | FunctionEvent
  | { readonly type: "round"; readonly job: string; readonly round: number; readonly rounds: number }
  /** A sentence. */
  | { readonly type: "said"; readonly text: string };

/** A stack that is up, with its functions waiting for messages. */
export interface Rehearsal {
  readonly stack: RehearsedStack;
  readonly pipeline: DeployedPipeline;
  readonly host: FunctionHost;
  readonly tell: (event: RehearsalEvent) => void;
}

/** What a rehearsal found. Times are in seconds. */
export interface Rehearsed<Played> {
  readonly played: Played;
  /** In the cloud; the stack itself and the component are none. */
  readonly resources: number;
  readonly previewSeconds: number;
  readonly upSeconds: number;
  readonly secondUpSeconds: number;
  readonly destroySeconds: number;
  readonly functionsStarted: number;
  readonly mostAtOnce: number;
  /** The largest memory of an instance, in MiB, and what was deployed. */
  readonly peakMib: number;
  readonly memoryMib: number;
  /** What each identity may do, and what it did. */
  readonly permissions: DeployedPipeline["permissions"];
}

/**
 * The whole life of a stack: `pulumi preview` and `up`; `play`, while its functions work; a second `up` that must change
 * nothing; and a `destroy` after which there must be nothing. Throws where any of that is not so, or where somebody asked
 * for something that their role does not grant.
 */
export async function rehearse<Played>(
  rehearsed: RehearsedCloud,
  image: WorkerImage,
  settings: Settings,
  play: (rehearsal: Rehearsal) => Promise<Played>,
  tell: (event: RehearsalEvent) => void = () => {},
): Promise<Rehearsed<Played>> {
  const folder = await mkdtemp(path.join(tmpdir(), "trivet-rehearsal-"));
  const stack = await makeStack(rehearsed, folder, image, { removalPolicy: "destroy", ...settings }, tell);
  try {
    const [planned, previewSeconds] = await timed(() => stack.pulumi.changes("preview"));
    const [made, upSeconds] = await timed(() => stack.pulumi.changes("up"));
    demand(same(planned, made), `pulumi up made ${JSON.stringify(made)}, the preview said ${JSON.stringify(planned)}`);
    const resources = stack.things.length;
    tell({ type: "said", text: `pulumi up made ${resources} resources in ${upSeconds.toFixed(1)} s` });

    const pipeline = await stack.running.open(stack.things);
    const host = await pipeline.startHost(tell);
    const played = await play({ stack, pipeline, host, tell }).finally(() => host.stop());
    const { permissions } = pipeline;
    for (const identity of identities) {
      const { refused } = permissions[identity];
      demand(
        refused.length === 0,
        `the ${identity} asked for what its role does not grant: ${JSON.stringify(refused)}`,
      );
    }

    const [changed, secondUpSeconds] = await timed(() => stack.pulumi.changes("up"));
    demand(same(Object.keys(changed), ["same"]), `a second pulumi up changed ${JSON.stringify(changed)}`);
    const [, destroySeconds] = await timed(() => stack.pulumi.changes("destroy"));
    await proveEmpty(stack);
    tell({ type: "said", text: "pulumi destroy: the state, the buckets and the queues are empty" });
    return {
      ...{ played, resources, previewSeconds, upSeconds, secondUpSeconds, destroySeconds, permissions },
      ...{ functionsStarted: host.started, mostAtOnce: host.mostAtOnce },
      ...{ peakMib: host.peakMib, memoryMib: pipeline.worker.memoryMib },
    };
  } finally {
    await stack.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Throws unless nothing is left: in Pulumi's state, with the provider, and in the emulators themselves. */
async function proveEmpty({ pulumi, things, running }: RehearsedStack): Promise<void> {
  const left = {
    "in the state": (await pulumi.resources()).map(({ urn }) => urn),
    "with the provider": things.map(({ name }) => name),
    "of buckets and queues": await running.all(),
  };
  for (const [where, names] of Object.entries(left))
    demand(names.length === 0, `pulumi destroy left ${names.length} things ${where}: ${names.join(", ")}`);
}

/** What came of a job. */
export interface TrainedJob {
  readonly job: string;
  readonly weightsHash: string;
  readonly state: string;
  /** From the moment of the submission, in seconds. */
  readonly seconds: JobSeconds;
}

export interface JobSeconds {
  /** To the beginning of the first task. */
  readonly begun: number;
  /** To the end of the first training step of a process that was started for it; undefined where one was warm. */
  readonly firstStep: number | undefined;
  /** To the first update in the store. */
  readonly firstUpdate: number;
  readonly total: number;
}

/** Submits a job through the stack's outputs, and waits for its end. */
export async function trainInCloud(rehearsal: Rehearsal, jobFile: string, ...flags: string[]): Promise<TrainedJob> {
  const { stack } = rehearsal;
  const job = (await stack.trivet("submit", jobFile, "--stack", stack.name, "--quiet", ...flags)).trim();
  return waitForEnd(rehearsal, job);
}

/** Waits for a job's end, and tells its rounds while they come. */
export async function waitForEnd({ pipeline, host, tell }: Rehearsal, job: string): Promise<TrainedJob> {
  const { store } = pipeline;
  const givenUp = AbortSignal.timeout(900_000);
  const plan = await waitFor(async () => readJson<{ rounds: number }>(store, keys.plan(job)), givenUp);
  let told = 0;
  while (!(await isOver(store, job))) {
    const complete = (await store.list(keys.manifest(job, 0).replace(/[^/]+$/, ""))).length;
    for (; told < complete; told++) tell({ type: "round", job, round: told + 1, rounds: plan.rounds });
    if (givenUp.aborted) throw new Error(`${job} does not end:\n${host.log.slice(-5).map(show).join("\n")}`);
    await setTimeout(200);
  }
  const result = await readResult(store, job);
  if (!result) throw new Error(`${job} ended without a result:\n${host.log.slice(-5).map(show).join("\n")}`);
  return { job, weightsHash: result.weightsHash, state: result.state, seconds: await secondsOf(store, job, host) };
}

const show = ({ line }: FunctionHost["log"][number]) => JSON.stringify(line);

async function secondsOf(store: ObjectStore, job: string, { log }: FunctionHost): Promise<JobSeconds> {
  const [first] = await readRounds(store, job);
  const steps = first!.traces.filter(({ task }) => task === "step").toSorted((a, b) => a.finishedAtMs - b.finishedAtMs);
  const begun = steps.toSorted((a, b) => a.startedAtMs - b.startedAtMs)[0]!;
  const submittedAtMs = begun.startedAtMs - begun.queueMs;
  const firstSteps = log
    .filter(({ line }) => line.job === job)
    .flatMap(({ line, startedAtMs }) => {
      const { firstStep } = (line.startUpMs ?? {}) as { firstStep?: number };
      return firstStep === undefined ? [] : [startedAtMs + firstStep];
    });
  const since = (ms: number) => (ms - submittedAtMs) / 1000;
  const ends = await store.head(keys.result(job, "manifest.json"));
  return {
    begun: since(begun.startedAtMs),
    firstStep: firstSteps.length === 0 ? undefined : since(Math.min(...firstSteps)),
    firstUpdate: since(steps[0]!.finishedAtMs),
    total: since(ends!.createdAtMs),
  };
}

async function readJson<T>(store: ObjectStore, key: string): Promise<T | undefined> {
  const bytes = await store.get(key);
  return bytes && JSON.parse(Buffer.from(bytes).toString());
}

/** Asks again and again until there is an answer. */
export async function waitFor<T>(ask: () => Promise<T | undefined>, givenUp: AbortSignal): Promise<T> {
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    givenUp.throwIfAborted();
    await setTimeout(200);
  }
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const startedAtMs = performance.now();
  return [await work(), (performance.now() - startedAtMs) / 1000];
}

export function demand(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Error(otherwise);
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
