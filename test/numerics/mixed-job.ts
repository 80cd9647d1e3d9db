import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { systemClock } from "../../worker-runtime/src/clouds/local/clock.ts";
import { LocalObjectStore } from "../../worker-runtime/src/clouds/local/object-store.ts";
import { prepare } from "../../worker-runtime/src/clouds/local/prepare.ts";
import { readResult, readRounds } from "../../worker-runtime/src/protocol/run-record.ts";
import { submit } from "../../worker-runtime/src/protocol/submit.ts";
import { verifyJob } from "../../worker-runtime/src/protocol/verify.ts";
import { type CaseStudy, shortJob } from "./case-studies.ts";
import { environmentOf, type Machine, nodeOn } from "./machines.ts";
import { openQueues, routed } from "./queues.ts";

/**
 * Trains one job by several machines at once, each with some of its workers. In an audit every step runs on every machine, on
 * the first one last, and is compared with what is stored.
 */
export async function trainTogether(
  machines: readonly Machine[],
  study: CaseStudy,
  folder: string,
  { numerics = "portable", audit = false }: { numerics?: "portable" | "native"; audit?: boolean } = {},
) {
  const document = await shortJob(study, numerics);
  const [storeFolder, queueFolder] = [
    path.join(folder, `store-${numerics}-${audit}`),
    path.join(folder, `queues-${numerics}-${audit}`),
  ];
  const store = await LocalObjectStore.open(storeFolder);
  const signal = new AbortController().signal;
  const { job, ...plan } = await prepare(store, { document, folder, signal, again: false, onEvent: () => {} });
  const queues = await openQueues(queueFolder, machines.length, "coordinator");
  await submit(store, routed(queues, audit), systemClock.nowMs(), document, { job, ...plan });
  const script = path.join(import.meta.dirname, "worker-on.ts");
  const ends = machines.map(async (machine, i) => {
    const [program, ...first] = (await nodeOn(machine)) as [string, ...string[]];
    const words = [storeFolder, queueFolder, String(i), String(machines.length), audit ? "audit" : "job", job];
    const child = spawn(program, [...first, script, ...words], {
      ...{ env: environmentOf(machine), stdio: ["ignore", "ignore", "pipe"] },
    });
    let errors = "";
    child.stderr!.on("data", (text) => {
      errors += text;
    });
    const [exitCode] = await once(child, "close");
    if (exitCode !== 0) throw new Error(`Machine ${i} ended with ${exitCode}: ${errors}`);
  });
  await Promise.all(ends);
  for (const queue of queues) queue.close();
  const { weightsHash, chainHash } = (await readResult(store, job))!;
  const { divergences, problems } = await verifyJob(store, job);
  const traces = (await readRounds(store, job)).flatMap((round) => round.traces);
  const places = new Set(traces.map(({ place }) => place));
  return { weights: weightsHash, chain: chainHash, divergences, problems, places };
}
