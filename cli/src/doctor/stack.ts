import { randomUUID } from "node:crypto";
import { checkStore } from "@trivet/worker-runtime/clouds/check-store";
import type { Stack } from "@trivet/worker-runtime/clouds/stack/open-stack";
import { keyPrefixes } from "@trivet/worker-runtime/protocol/keys";
import { encodeMessage } from "@trivet/worker-runtime/protocol/messages";
import { counted } from "../progress/format.ts";
import type { Check, Finding } from "./check.ts";

/** Far from right, and far from the 15 minutes after which S3 refuses requests (its error RequestTimeTooSkewed). */
const clockLimitMs = 60_000;

/** Whether a deployed stack keeps what training needs of it, seen with the credentials of whoever asks. */
export function stackChecks({ outputs, store, queue, countDeadLetters }: Stack): Check[] {
  const ownPrefix = () => `${keyPrefixes.jobs}check-${randomUUID()}`;
  return [
    {
      name: "store",
      async run() {
        // Without credentials, bucket or network every check would fail, each after several tries.
        await store.list(ownPrefix());
        const found = await checkStore(store);
        const broken = found.filter(({ problem, name }) => problem !== undefined && name !== "removal");
        if (broken.length > 0)
          return { status: "fail", text: broken.map(({ name, problem }) => `${name}: ${problem}`).join(". ") };
        const promises = found.map(({ name }) => name).join(", ");
        const left = found.find(({ name }) => name === "removal")?.problem;
        if (left === undefined) return { status: "ok", text: `${outputs.storeUrl} keeps ${promises}` };
        const fix = `Some small objects under ${keyPrefixes.jobs}check-... stay. Training removes nothing, so this does no harm.`;
        return { status: "warn", text: `${outputs.storeUrl} keeps all but removal: ${left}`, fix };
      },
    },
    {
      name: "clock",
      async run() {
        const key = `${ownPrefix()}/clock`;
        const beforeMs = Date.now();
        await store.putIfAbsent(key, new Uint8Array(0));
        const createdAtMs = (await store.head(key))!.createdAtMs;
        await store.delete(key).catch(() => {});
        return clockFinding(Math.max(0, beforeMs - createdAtMs, createdAtMs - Date.now()));
      },
    },
    {
      name: "queue",
      async run() {
        // A worker puts a task of a job that does not exist away at once. Receiving it here would take it from the workers.
        const job = `check-${randomUUID()}`;
        await queue.send([
          encodeMessage({ trivet: 1, job, sentAtMs: Date.now(), task: { kind: "advance", round: 0, look: 0 } }),
        ]);
        return {
          status: "ok",
          text: `${outputs.queueUrl} took a task; the log of the worker will tell that there is no job ${job}`,
        };
      },
    },
    {
      name: "given up",
      async run() {
        const count = await countDeadLetters();
        if (count === undefined) return { status: "warn", text: "the stack names no queue of dead letters" };
        if (count === 0) return { status: "ok", text: "no task" };
        return {
          status: "warn",
          text: `${counted(count, "task")}, in ${outputs.deadLetterQueueUrl}`,
          fix: `The workers' logs say why${outputs.dashboardUrl ? `: ${outputs.dashboardUrl}` : "."}`,
        };
      },
    },
  ];
}

function clockFinding(offMs: number): Finding {
  const text = `${Math.round(offMs / 1000)} s from the store's`;
  if (offMs <= clockLimitMs) return { status: "ok", text };
  const fix = "Set this machine's clock, for example with NTP: clouds refuse requests whose time is minutes off.";
  return { status: "warn", text, fix };
}
