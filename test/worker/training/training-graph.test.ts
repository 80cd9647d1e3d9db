import { expect } from "chai";
import {
  attribute,
  constant,
  DataType,
  floatOp,
  makeNode,
  type Node,
  type Output,
  placeholder,
  rewrite,
  topologicalOrder,
} from "../../../worker-runtime/src/training/recorded/graph.ts";
import { passes } from "../../../worker-runtime/src/training/recorded/passes/index.ts";
import { trainingGraph } from "../../../worker-runtime/src/training/recorded/training-graph.ts";
import { makeVariable } from "../../../worker-runtime/src/training/recorded/variable.ts";
import { optimizers } from "./support.ts";

const float = (...shape: number[]) => placeholder({ type: DataType.float32, shape });
const ints = (...value: number[]) => ({ kind: "ints", value }) as const;
const integers = (type: number, ...values: number[]) => constant(type, [values.length], Int32Array.from(values));

function gather(table: Output, rows: Output): Output {
  const axis = constant(DataType.int32, [], Int32Array.of(0));
  const attributes = {
    Tparams: attribute.type(DataType.float32),
    Tindices: attribute.type(DataType.int32),
    Taxis: attribute.type(DataType.int32),
    batch_dims: { kind: "int", value: 0 } as const,
  };
  return makeNode("GatherV2", [table, rows, axis], attributes, [{ type: DataType.float32, shape: [2, 3] }]).outputs[0]!;
}

/** What a node needs, by all ways. */
const ancestors = (node: Node): Node[] => topologicalOrder([node]);

describe("the graph of a step", () => {
  it("changes the rows of a table in place only when nobody reads it any more, one gradient after the other", () => {
    const [table, x] = [float(5, 3), float(2, 3)];
    const rows = integers(DataType.int32, 1, 4);
    const size = constant(DataType.int32, [], Int32Array.of(5));
    const shape = { type: DataType.float32, shape: [5, 3] };
    const gradient = () => makeNode("UnsortedSegmentSum", [x, rows, size], {}, [shape]).outputs[0]!;
    const recording = { inputs: [table, x], outputs: [gather(table, rows), floatOp("Add", [gradient(), gradient()])] };
    const variables = { parameters: [makeVariable("table", [5, 3])], slots: [], scalars: [] };
    const { names } = trainingGraph(recording, { kind: "sgd" }, variables, passes, true);

    const nodes = topologicalOrder([names.loss!.node]);
    const changes = nodes.filter(({ op }) => op === "TrivetSubtractRows");
    expect(changes).to.have.length(2);
    for (const change of changes) {
      expect(ancestors(change).map(({ op }) => op)).to.include("GatherV2");
      expect(names.loss!.node.after.some((node) => ancestors(node).includes(change))).to.equal(true);
    }
    expect(ancestors(changes[1]!)).to.include(changes[0]);
  });

  it("takes relu after a pool instead of before, with both gradients", () => {
    const pool = {
      T: attribute.type(DataType.float32),
      ...{ ksize: ints(1, 2, 2, 1), strides: ints(1, 2, 2, 1), padding: attribute.string("SAME") },
    };
    const [x, gradient] = [float(2, 4, 4, 3), float(2, 2, 2, 3)];
    const relu = floatOp("Relu", [x]);
    const pooled = makeNode("MaxPool", [relu], pool, [gradient]).outputs[0]!;
    const spread = makeNode("MaxPoolGrad", [relu, pooled, gradient], pool, [x]).outputs[0]!;
    const roots = passes.reduce(rewrite, [pooled, floatOp("ReluGrad", [spread, relu])]);
    const nodes = topologicalOrder(roots.map(({ node }) => node));
    expect(nodes.filter(({ op }) => op.startsWith("Relu")).map(({ outputs }) => outputs[0]!.shape)).to.deep.equal([
      [2, 2, 2, 3],
      [2, 2, 2, 3],
    ]);
    expect(roots.map(({ node }) => node.op)).to.deep.equal(["Relu", "MaxPoolGrad"]);
  });

  for (const [name, optimizer] of Object.entries(optimizers)) {
    it(`updates a variable when all that read it have, and not before: ${name}`, () => {
      const [w, table, x] = [float(2, 3), float(5, 3), float(2, 3)];
      const rows = integers(DataType.int32, 1, 4);
      // Neither gradient needs what it is the gradient for, so nothing but the order keeps reads before updates.
      const loss = floatOp("AddN", [floatOp("Mul", [w, x]), gather(table, rows), floatOp("Neg", [w])]);
      const size = constant(DataType.int32, [], Int32Array.of(5));
      const rowGradient = makeNode("UnsortedSegmentSum", [x, rows, size], {}, [
        { type: DataType.float32, shape: [5, 3] },
      ]);
      const slots = optimizer.kind === "sgd" ? 0 : optimizer.kind === "adam" ? 2 : 1;
      const variables = {
        parameters: [makeVariable("w", [2, 3]), makeVariable("table", [5, 3])],
        slots: Array.from({ length: slots }, (_, slot) => [
          makeVariable(`${slot}/w`, [2, 3]),
          makeVariable(`${slot}/table`, [5, 3]),
        ]),
        scalars: optimizer.kind === "adam" ? [makeVariable("power1", []), makeVariable("power2", [])] : [],
      };
      const recording = { inputs: [w, table, x], outputs: [loss, x, rowGradient.outputs[0]!] };
      const { names, byRows } = trainingGraph(recording, optimizer, variables, passes);
      expect(byRows).to.deep.equal([false, optimizer.kind === "sgd"]);

      const nodes = topologicalOrder([names.loss!.node]);
      for (const parameter of variables.parameters) {
        const users = nodes.filter(({ inputs }) => inputs.includes(parameter));
        const updates = users.filter(({ op }) => /^Resource(Apply|Scatter)/.test(op));
        const readers = users.filter((node) => !updates.includes(node));
        expect(updates).to.have.length(1);
        expect(readers.map(({ op }) => op)).to.deep.equal([
          parameter === variables.parameters[0] ? "ReadVariableOp" : "ResourceGather",
        ]);
        for (const reader of readers) expect(updates[0]!.after).to.include(reader);
        // The loss that a step gives is there when the update is done.
        expect(names.loss!.node.after).to.include(updates[0]);
      }
    });
  }
});
