// A program that machines.ts starts on real and emulated CPUs: `node train-here.ts <folder of the data> <numerics>`. It
// trains the three case studies through the whole protocol, in memory, and prints the hashes of their results as JSON.
import { systemClock } from "../../worker-runtime/src/clouds/local/clock.ts";
import { prepare } from "../../worker-runtime/src/clouds/local/prepare.ts";
import { MemoryObjectStore } from "../../worker-runtime/src/clouds/memory/object-store.ts";
import { MemoryTaskQueue } from "../../worker-runtime/src/clouds/memory/task-queue.ts";
import type { JobDocument } from "../../worker-runtime/src/job/document.ts";
import { isOver, readResult } from "../../worker-runtime/src/protocol/run-record.ts";
import { submit } from "../../worker-runtime/src/protocol/submit.ts";
import { Worker } from "../../worker-runtime/src/protocol/worker.ts";
import { openLearner } from "../../worker-runtime/src/training/learner.ts";
import { type CaseStudy, caseStudies, shortJob } from "./case-studies.ts";

const [, , folder, numerics] = process.argv as [string, string, string, JobDocument["numerics"]];

async function train(study: CaseStudy): Promise<{ weights: string; chain: string }> {
  const document = await shortJob(study, numerics);
  const [store, queue] = [new MemoryObjectStore(systemClock), new MemoryTaskQueue(systemClock)];
  const signal = new AbortController().signal;
  const plan = await prepare(store, { document, folder, signal, again: false, onEvent: () => {} });
  await submit(store, queue, systemClock.nowMs(), document, plan);
  const worker = new Worker({
    ...{ store, queue, place: "here", clock: systemClock },
    openLearner: (from, document, plan) =>
      openLearner(from, document, plan, { nowMs: systemClock.nowMs, onNotice: console.error }),
    peakMemoryBytes: () => 0,
    remainingMs: () => Infinity,
  });
  while (!(await isOver(store, plan.job))) {
    const delivery = await queue.receive(900);
    if (!delivery) throw new Error(`${study} is stuck.`);
    const handled = await worker.handle(delivery);
    if (handled.outcome === "retry") throw handled.error;
  }
  const { weightsHash, chainHash } = (await readResult(store, plan.job))!;
  return { weights: weightsHash, chain: chainHash };
}

const hashes: Partial<Record<CaseStudy, object>> = {};
for (const study of caseStudies) hashes[study] = await train(study);
console.log(JSON.stringify(hashes));
