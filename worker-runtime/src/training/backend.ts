import util from "node:util";
import type { Tf } from "../models/model.ts";
import { type Cpu, readCpu } from "./cpu.ts";
import { withTensorFlowKernels } from "./kernels.ts";
import { type NativeBackend, nativeBackend } from "./native.ts";
import { setTensorFlowDefaults } from "./tensorflow-defaults.ts";
import type { KernelStamp } from "./trainer.ts";

/** What computes: TensorFlow's C library where it can be loaded, else plain JavaScript. */
export interface Backend {
  readonly tf: Tf;
  /** TensorFlow's C library behind tfjs-node; undefined when plain JavaScript computes. */
  readonly native: NativeBackend | undefined;
  readonly stamp: KernelStamp;
  /** For the user, when something is not as it should be: what, why, and what to do. */
  readonly notice?: string;
}

let loading: Promise<Backend> | undefined;

/**
 * Loads TensorFlow (0.3 to 0.8 s, once for each process; later calls get the same backend). Unless the environment says
 * otherwise it runs on one thread (`TF_NUM_INTRAOP_THREADS`, `TF_NUM_INTEROP_THREADS`) and logs errors only
 * (`TF_CPP_MIN_LOG_LEVEL`).
 */
export function loadBackend(): Promise<Backend> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Backend> {
  const cpu = readCpu();
  // TensorFlow's builds end the process with an illegal instruction on an x86 CPU without AVX (Nehalem, Westmere).
  if (process.arch === "x64" && cpu.known && !cpu.flags.includes("avx")) {
    return loadJavaScript(cpu, "this CPU has no AVX instructions, which TensorFlow needs");
  }
  try {
    return await loadNative(cpu);
  } catch (error) {
    return loadJavaScript(cpu, error instanceof Error ? error.message.split("\n")[0]! : String(error));
  }
}

async function loadNative(cpu: Cpu): Promise<Backend> {
  setTensorFlowDefaults();
  // tfjs-node 4.22 calls a function that Node 23 removed.
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;

  const tfjs = (await import("@tensorflow/tfjs-node")).default as unknown as Tf;
  tfjs.enableProdMode();
  const native = nativeBackend(tfjs);
  const tf = withTensorFlowKernels(tfjs, native);
  const stamp: KernelStamp = {
    backend: "tensorflow",
    tensorflow: native.binding.TF_Version,
    threads: Number(process.env.TF_NUM_INTRAOP_THREADS),
    oneDnn: usesOneDnn(cpu),
    cpu: cpu.flags.join(" "),
  };
  return { tf, native, stamp };
}

async function loadJavaScript(cpu: Cpu, reason: string): Promise<Backend> {
  const tf = (await import("@tensorflow/tfjs")).default as unknown as Tf;
  tf.enableProdMode();
  await tf.setBackend("cpu");
  return {
    tf,
    native: undefined,
    stamp: { backend: "javascript", tensorflow: tf.version.tfjs, threads: 1, oneDnn: false, cpu: cpu.flags.join(" ") },
    notice:
      `TensorFlow's native library could not be loaded (${reason}), so training runs in plain JavaScript, which is 20 to ` +
      "500 times slower. `node tools/setup.mjs` in Trivet's folder installs the library; `trivet doctor` says what is missing.",
  };
}

/**
 * Whether TensorFlow uses oneDNN's kernels: as `TF_ENABLE_ONEDNN_OPTS` says, else on CPUs with instructions for neural
 * networks (`IsMKLEnabled` in tensorflow/core/util/util.cc).
 */
function usesOneDnn(cpu: Cpu): boolean {
  const asked = process.env.TF_ENABLE_ONEDNN_OPTS?.toLowerCase();
  if (asked === "1" || asked === "true") return true;
  if (asked === "0" || asked === "false") return false;
  return ["avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16"].some((flag) =>
    cpu.flags.includes(flag),
  );
}
