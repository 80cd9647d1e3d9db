import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";

/** Writes what a benchmark measured to bench/results/<name>.json, with the machine that it was measured on. */
export function writeResult(name: string, measured: object): void {
  const folder = new URL("../results/", import.meta.url);
  const machine = { node: process.versions.node, cpu: `${cpus().length} x ${cpus()[0]?.model}` };
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify({ ...machine, ...measured }, null, 2)}\n`);
}

export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
