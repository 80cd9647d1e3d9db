import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { setTensorFlowDefaults } from "../training/tensorflow-defaults.ts";

/**
 * Loads TensorFlow in such a way that the task's inputs can be fetched meanwhile: its library, which takes a fifth of a
 * second in which nothing else happens in a thread, in one of its own where the machine has a core for that; beside it the
 * JavaScript. Whoever needs TensorFlow before that is done waits for what is left of it, no longer.
 */
export async function loadTensorFlow(): Promise<void> {
  setTensorFlowDefaults(); // Before the thread: whoever comes first decides for the process how many threads share a sum.
  const thread = availableParallelism() > 1 ? startLoading() : undefined;
  const [{ loadBackend }] = await Promise.all([
    import("../training/backend.ts"),
    import("@tensorflow/tfjs"),
    thread?.loaded,
  ]);
  await loadBackend();
  void thread?.end();
}

/** A thread that loads tfjs-node's binding, and with it TensorFlow's library. They go when it ends, if no other has them. */
function startLoading() {
  const tfjsNode = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-node/package.json"));
  const code = `
    const { parentPort, workerData } = require("node:worker_threads");
    require(workerData);
    parentPort.on("message", () => {}).postMessage("loaded");`;
  const workerData = join(tfjsNode, "lib", "napi-v8", "tfjs_binding.node");
  const thread = new Worker(code, { eval: true, workerData });
  thread.unref();
  // Where it cannot be loaded, `loadBackend` finds that out too, and says why.
  const loaded = new Promise<void>((resolve) => {
    thread.once("message", () => resolve()).once("error", () => resolve());
  });
  return { loaded, end: () => thread.terminate() };
}
