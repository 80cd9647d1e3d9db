import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import type { Check } from "./check.ts";

const gibibyte = 2 ** 30;

export const node: Check = {
  name: "Node",
  async run() {
    const { node } = process.versions;
    const text = `${node} on ${process.platform} ${process.arch}`;
    if (Number(node.split(".")[0]) >= 24) return { status: "ok", text };
    return { status: "warn", text, fix: "Trivet is tested with Node 24; install that one." };
  },
};

export const cores: Check = {
  name: "cores",
  async run() {
    return { status: "ok", text: `${availableParallelism()} of ${cpus()[0]?.model.trim() ?? "an unknown CPU"}` };
  },
};

export const memory: Check = {
  name: "memory",
  async run() {
    // A container's limit, where there is one.
    const limit = process.constrainedMemory();
    const total = limit > 0 && limit < totalmem() ? limit : totalmem();
    const free = Math.min(process.availableMemory(), freemem());
    const text = `${(free / gibibyte).toFixed(1)} GiB free of ${(total / gibibyte).toFixed(1)} GiB`;
    if (free >= gibibyte) return { status: "ok", text };
    return { status: "warn", text, fix: "A worker process takes about 0.4 GiB: train with fewer --processes." };
  },
};
