/** Where in a model's definition an operation comes from, to be named when it cannot be used. */
import type { Node } from "./graph.ts";

const origins = new WeakMap<Node, string>();
let current: string | undefined;

/** Runs a part of a model, such as "layer dense_1", whose operations then are said to come from there. */
export function within<Result>(part: string, run: () => Result): Result {
  const outer = current;
  current = part;
  try {
    return run();
  } finally {
    current = outer;
  }
}

/** Notes that a node was just made by the code that is running. */
export function noteOrigin(node: Node): void {
  const origin = current ?? callingLine();
  if (origin !== undefined) origins.set(node, origin);
}

/** For example "layer dense_1" or "model.ts:12"; undefined for what TensorFlow.js adds by itself, such as gradients. */
export function originOf(node: Node): string | undefined {
  return origins.get(node);
}

/** The line of a user's module (models/custom/module.ts loads it from a folder of its own) that calls, if one does. */
function callingLine(): string | undefined {
  const holder: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  // TensorFlow.js puts some twenty calls between a model's line and an operation.
  Error.stackTraceLimit = 60;
  Error.captureStackTrace(holder);
  Error.stackTraceLimit = limit;
  const place = /trivet-module-[^/]*\/(model\.\w+:\d+)/.exec(holder.stack ?? "");
  return place?.[1];
}
