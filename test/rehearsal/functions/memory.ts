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

/** Watches the memory of instances, and keeps the most that one of them had. */
export class MemoryWatch {
  /** In MiB. */
  peakMib = 0;

  /** Tells `onExceeded` once when a process, with what it started, has more than `limitMib`. Returns what ends the watch. */
  watch(pid: number, limitMib: number, onExceeded: (residentMib: number) => void): () => void {
    const timer = setInterval(() => {
      const nowMib = residentMib(pid);
      this.peakMib = Math.max(this.peakMib, nowMib);
      if (nowMib <= limitMib) return;
      clearInterval(timer);
      onExceeded(nowMib);
    }, lookEveryMs);
    return () => clearInterval(timer);
  }
}
