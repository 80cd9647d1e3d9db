import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { tools } from "../tools/tools.ts";
import type { CaseStudy } from "./case-studies.ts";

const run = promisify(execFile);

/** A CPU and a way to run TensorFlow on it. */
export interface Machine {
  /** A model that qemu emulates; undefined: the CPU that is here. */
  readonly cpu?: string;
  /** The most that oneDNN's kernels may use; undefined: all that the CPU has. */
  readonly cap?: "SSE41" | "AVX" | "AVX2" | "AVX512_CORE";
  readonly threads: 1 | 2;
  readonly oneDnn: boolean;
}

/** CPU models with AVX, which TensorFlow needs: of Intel without and with AVX2, of AMD, and all that qemu can do. */
export const emulatedCpus = ["SandyBridge", "Haswell", "EPYC", "max"] as const;
export const caps = ["SSE41", "AVX", "AVX2", "AVX512_CORE"] as const;

/** What is in the stamp of this machine's CPU, for a table. */
export function thisCpu(): string {
  return /^model name\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "unknown";
}

/** Program and first arguments to run Node on a machine. */
export async function nodeOn({ cpu }: Machine): Promise<string[]> {
  return cpu === undefined ? [process.execPath] : [...(await tools.qemu.command()), "-cpu", cpu, process.execPath];
}

export function environmentOf({ cap, threads, oneDnn }: Machine): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...(cap && { ONEDNN_MAX_CPU_ISA: cap }),
    TF_ENABLE_ONEDNN_OPTS: oneDnn ? "1" : "0",
    TF_NUM_INTRAOP_THREADS: String(threads),
  };
}

export type Hashes = Readonly<Record<CaseStudy, { readonly weights: string; readonly chain: string }>>;

/** Trains the case studies on a machine. */
export async function trainOn(machine: Machine, folder: string, numerics: "portable" | "native"): Promise<Hashes> {
  return (await runOn(machine, "train-here.ts", folder, numerics)) as Hashes;
}

/** What a program of this folder prints on a machine, read as JSON. */
export async function runOn(machine: Machine, script: string, ...words: string[]): Promise<unknown> {
  const [program, ...first] = (await nodeOn(machine)) as [string, ...string[]];
  const file = path.join(import.meta.dirname, script);
  const { stdout } = await run(program, [...first, file, ...words], { env: environmentOf(machine) });
  return JSON.parse(stdout);
}
