import { UserError } from "../../errors.ts";
import { type Output, type Rule, topologicalOrder } from "../recorded/graph.ts";
import { originOf } from "../recorded/origin.ts";
import { passes } from "../recorded/passes/index.ts";
import type { NotRecordable } from "../recorded/recording.ts";
import type { ExactArithmetic } from "./exact.ts";
import { treatmentOf } from "./operations.ts";

/**
 * A pass that makes a recorded graph portable: its result has the same bits on every CPU and with any number of threads.
 * What was quantised is shared by all that the pass rewrites, so a graph needs a pass of its own.
 */
export function portablePass(exact: ExactArithmetic): Rule {
  return (node) => {
    const treatment = treatmentOf(node);
    return typeof treatment === "function" ? treatment(exact, node) : undefined;
  };
}

/** All rewrites of a recorded graph that is to be portable: those that make it faster, then the one that makes it portable. */
export function portablePasses(exact: ExactArithmetic): readonly Rule[] {
  return [...passes, portablePass(exact)];
}

/** Refuses a graph with operations that are not known to have the same bits on every CPU. */
export function refuseUnportable(outputs: readonly Output[]): void {
  const unknown = topologicalOrder(outputs.map(({ node }) => node)).filter((node) => treatmentOf(node) === undefined);
  if (unknown.length === 0) return;
  const named = new Map(unknown.reverse().map((node) => [node.op, originOf(node)]));
  const list = [...named].map(([op, origin]) => (origin ? `${op} (${origin})` : op));
  throw new UserError(
    `numerics: the model uses ${list.length === 1 ? "an operation that is" : "operations that are"} not known to give the same ` +
      `bits on every CPU: ${list.join(", ")}. Use others in its place, or write \`numerics: native\` into the job file: ` +
      "then the result can be repeated only on machines of the same kind.",
  );
}

/** Op by op, a model has other bits on other CPUs. `what`: "the step" or the like. */
export function cannotBePortable(what: string, { message }: NotRecordable): UserError {
  return new UserError(
    `numerics: portable needs ${what} as one recorded graph, which cannot be had: ${message}. Change the model, or write ` +
      "`numerics: native` into the job file: then the result can be repeated only on machines of the same kind.",
  );
}
