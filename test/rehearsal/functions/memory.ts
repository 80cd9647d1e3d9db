import { readFileSync } from "node:fs";

const pageBytes = 4096;
const lookEveryMs = 200;

/**
 * Memory of a process and of what it started, in MiB: what is resident, which is what the clouds' limits count; 0 when it is
 * gone. `ulimit -v` would not do: V8 and TensorFlow reserve far more addresses than they use. Linux only.
 */
export function residentMib(pid: number): number {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    return (pages * pageBytes) / 2 ** 20 + children.reduce((sum, child) => sum + residentMib(Number(child)), 0);
  } catch {
    return 0;
  }
}

/** Tells `onExceeded` once when a process, with what it started, has more than `limitMib`; keeps the most that it had. */
export function watchMemory(pid: number, limitMib: number, onExceeded: (residentMib: number) => void) {
  let peakMib = 0;
  const timer = setInterval(() => {
    const nowMib = residentMib(pid);
    peakMib = Math.max(peakMib, nowMib);
    if (nowMib <= limitMib) return;
    clearInterval(timer);
    onExceeded(nowMib);
  }, lookEveryMs);
  return { peakMib: () => peakMib, stop: () => clearInterval(timer) };
}
