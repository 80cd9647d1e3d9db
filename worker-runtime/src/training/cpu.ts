import { readFileSync } from "node:fs";

/** Instruction sets that TensorFlow, Eigen and oneDNN choose their kernels by. */
const relevant = /^(sse4_[12]|avx|avx2|avx_\w+|avx512\w*|fma|f16c|amx_\w+|asimd\w*|sve\w*|bf16|i8mm)$/;

export interface Cpu {
  /** Whether the operating system tells the CPU's flags. */
  readonly known: boolean;
  /** The flags that matter to kernels, sorted; only the architecture where they are not known. */
  readonly flags: readonly string[];
}

/** What Linux says of the CPU. */
export function readCpu(): Cpu {
  try {
    return parseCpu(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return { known: false, flags: [process.arch] };
  }
}

/** `text`: the content of /proc/cpuinfo. x86 calls the line "flags", ARM "Features". */
export function parseCpu(text: string): Cpu {
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1];
  if (line === undefined) return { known: false, flags: [process.arch] };
  return {
    known: true,
    flags: line
      .split(/\s+/)
      .filter((flag) => relevant.test(flag))
      .sort(),
  };
}
