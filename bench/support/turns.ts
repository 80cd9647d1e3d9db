import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * A program that is timed, in a process of its own. It says "ready" when it is warm, and then, for each line with a
 * number of seconds, works for that long and answers with a line of JSON: how many samples, and how many seconds of CPU.
 */
export interface Contestant {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** One at a time on one thread. oneDNN and MKL would take as many as there are cores. */
const oneThread = {
  TF_NUM_INTRAOP_THREADS: "1",
  TF_NUM_INTEROP_THREADS: "1",
  OMP_NUM_THREADS: "1",
  MKL_NUM_THREADS: "1",
  TF_CPP_MIN_LOG_LEVEL: "3",
};

/**
 * Samples per second of CPU time of each contestant, in each of `turns` turns. They take turns since a machine's speed
 * varies, and CPU time is what counts since other programs run too. One that fails has the reason instead.
 */
export async function takeTurns(
  contestants: readonly Contestant[],
  { turns, seconds }: { readonly turns: number; readonly seconds: number },
): Promise<Record<string, number[] | string>> {
  const running = contestants.map((contestant) => ({ name: contestant.name, ...start(contestant) }));
  const rates: Record<string, number[] | string> = {};
  try {
    for (const { name, answer } of running) rates[name] = (await answer()) === "ready" ? [] : "did not start";
    for (let turn = 0; turn < turns; turn++) {
      for (const { name, ask } of running) {
        const list = rates[name]!;
        if (typeof list === "string") continue;
        const line = await ask(seconds);
        if (line === undefined) rates[name] = "ended early";
        else {
          const measured = JSON.parse(line) as { samples: number; cpuSeconds: number };
          list.push(Math.round(measured.samples / measured.cpuSeconds));
        }
      }
    }
    for (const { name, errors } of running) {
      if (typeof rates[name] === "string") rates[name] += `: ${errors.join("").trim().split("\n").at(-1)}`;
    }
  } finally {
    for (const { child } of running) child.kill();
  }
  return rates;
}

function start({ command, args }: Contestant) {
  const child = spawn(command, args, { env: { ...process.env, ...oneThread } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const errors: string[] = [];
  child.stderr.on("data", (chunk) => errors.push(String(chunk)));
  child.stdin.on("error", () => {});
  const answer = async (): Promise<string | undefined> => (await lines.next()).value;
  const ask = (seconds: number) => {
    child.stdin.write(`${seconds}\n`);
    return answer();
  };
  return { child, errors, answer, ask };
}

/** The other side: works in turns when it is asked to. `step` gives how many samples it has taken. */
export async function beContestant(step: () => number | Promise<number>): Promise<void> {
  for (let i = 0; i < 20; i++) await step();
  console.log("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    const endMs = performance.now() + 1000 * Number(line);
    const before = process.cpuUsage();
    let samples = 0;
    while (performance.now() < endMs) samples += await step();
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ samples, cpuSeconds: (user + system) / 1e6 }));
  }
}
