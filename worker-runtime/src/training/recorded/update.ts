import type { OptimizerSection } from "../../job/document.ts";
import { attribute, DataType, floatOp, makeNode, type Node, type Output, scalar } from "./graph.ts";
import { scaled } from "./passes/broadcasts.ts";
import { assignVariable, readVariable, subtractRows, subtractRowsQuickly } from "./variable.ts";

/** The variables of a session: the parameters, then each slot of the optimizer for all parameters, then its scalars. */
export interface Variables {
  readonly parameters: readonly Output[];
  readonly slots: readonly (readonly Output[])[];
  readonly scalars: readonly Output[];
}

/**
 * The nodes that update all variables, by TensorFlow's own kernels of the optimizers, and for rows by ours if there are any.
 * `readers`: for each parameter the nodes that read it, which must come before its update.
 */
export function updates(
  settings: OptimizerSection,
  { parameters, slots, scalars }: Variables,
  loss: Output,
  gradients: readonly Output[],
  rate: Output,
  readers: readonly (readonly Node[])[],
  hasOwnKernels: boolean,
): Node[] {
  const T = attribute.type(DataType.float32);
  switch (settings.kind) {
    case "sgd": {
      const values = valuesOf(loss, gradients);
      return parameters.map((parameter, i) => {
        const rows = gradientRows(gradients[i]!);
        if (rows === undefined) {
          const inputs = [parameter, rate, gradients[i]!];
          return makeNode("ResourceApplyGradientDescent", inputs, { T }, [], readers[i]);
        }
        const [subtract, first] = hasOwnKernels ? [subtractRowsQuickly, values] : [subtractRows, readers[i]!];
        const inOrder = (before: readonly Node[], { indices, values }: Rows) => [
          subtract(parameter, indices, scaled("Mul", values, rate), before),
        ];
        return rows.reduce(inOrder, first)[0]!;
      });
    }
    case "momentum": {
      const attributes = { T, use_nesterov: attribute.bool(settings.nesterov) };
      const momentum = scalar(settings.momentum);
      return parameters.map((parameter, i) => {
        const inputs = [parameter, slots[0]![i]!, rate, gradients[i]!, momentum];
        return makeNode("ResourceApplyMomentum", inputs, attributes, [], readers[i]);
      });
    }
    case "adam": {
      const [power1, power2] = scalars.map(readVariable) as [Output, Output];
      const [beta1, beta2, epsilon] = [scalar(settings.beta1), scalar(settings.beta2), scalar(settings.epsilon)];
      const nodes = parameters.map((parameter, i) => {
        const [mean, square] = [slots[0]![i]!, slots[1]![i]!];
        const inputs = [parameter, mean, square, power1, power2, rate, beta1, beta2, epsilon, gradients[i]!];
        return makeNode("ResourceApplyAdam", inputs, { T }, [], readers[i]);
      });
      return [
        ...nodes,
        assignVariable(scalars[0]!, floatOp("Mul", [power1, beta1])),
        assignVariable(scalars[1]!, floatOp("Mul", [power2, beta2])),
      ];
    }
  }
}

/**
 * Whether a parameter's update subtracts the rows of its gradient one by one. The gradient as one tensor, as it is when
 * the step runs op by op, adds them up first: the same sum in another order.
 */
export function updatesByRows(settings: OptimizerSection, gradient: Output): boolean {
  return settings.kind === "sgd" && gradientRows(gradient) !== undefined;
}

interface Rows {
  readonly indices: Output;
  readonly values: Output;
}

/** The nodes of the loss and of what the updates take: when they have run, nobody reads a variable any more. */
function valuesOf(loss: Output, gradients: readonly Output[]): Node[] {
  const taken = gradients.flatMap((gradient) => gradientRows(gradient)?.map(({ values }) => values) ?? [gradient]);
  return [loss, ...taken].map(({ node }) => node);
}

/**
 * The rows that a gradient is the sum of, when it comes from gathers alone: the gradient of a gather adds each row of
 * `values` to the row of zeros that `indices` names.
 */
function gradientRows(gradient: Output): Rows[] | undefined {
  const { op, inputs } = gradient.node;
  if (op === "UnsortedSegmentSum") return [{ values: inputs[0]!, indices: inputs[1]! }];
  if (op !== "Add" && op !== "AddV2") return undefined;
  const [left, right] = inputs.map(gradientRows);
  return left && right && [...left, ...right];
}
