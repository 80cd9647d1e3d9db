import type { Tensor, Tensor2D } from "@tensorflow/tfjs";
import { expect } from "chai";
import { UserError } from "../../../worker-runtime/src/errors.ts";
import type { Tf } from "../../../worker-runtime/src/models/model.ts";
import type { Backend } from "../../../worker-runtime/src/training/backend.ts";
import { refuseOtherWeights } from "../../../worker-runtime/src/training/recorded/checks.ts";
import {
  attribute,
  floatOp,
  makeNode,
  type Rule,
  scalar,
} from "../../../worker-runtime/src/training/recorded/graph.ts";
import { passes } from "../../../worker-runtime/src/training/recorded/passes/index.ts";
import { NotRecordable } from "../../../worker-runtime/src/training/recorded/recording.ts";
import { bothWays, expectSameCourse, requireNative, smallModel } from "./support.ts";

type Loss = (tf: Tf, w: Tensor2D, x: Tensor2D, y: Tensor2D) => Tensor;

const options = { optimizer: { kind: "sgd" as const } };

describe("a step that cannot be recorded", () => {
  let backend: Backend;

  before(async function () {
    backend = await requireNative(this);
  });

  const error = (tf: Tf, w: Tensor2D, x: Tensor2D, y: Tensor2D) => tf.losses.meanSquaredError(y, tf.matMul(x, w));

  /** Asserts that the steps have eager's bits all the same; gives the reason why they are not recorded. */
  function reasonOf(loss: Loss, { isPure = true } = {}): string | undefined {
    const { model, batches } = smallModel(loss);
    const { recorded, eager, trainer } = bothWays(backend, model, batches, options);
    expect(trainer.mode).to.equal("eager");
    if (isPure) expectSameCourse(recorded, eager, "steps that fell back");
    return trainer.reason;
  }

  it("reads a value back", () => {
    const reads = "it reads the values of a tensor while it runs";
    const branches: ((tf: Tf, w: Tensor2D, x: Tensor2D) => boolean)[] = [
      (_, __, x) => x.dataSync()[0]! > 0,
      (_, w) => w.arraySync()[0]![0]! > 0,
      (tf, w, x) => tf.matMul(x, w).sum().dataSync()[0]! > 0,
    ];
    for (const branch of branches) {
      expect(reasonOf((tf, w, x, y) => error(tf, w, x, y).mul(branch(tf, w, x) ? 1 : 2))).to.equal(reads);
    }
  });

  it("uses something that changes from step to step", () => {
    let calls = 0;
    const changing: Loss[] = [
      (tf, w, x, y) => error(tf, w, x, y).mul(1 + calls++),
      (tf, w, x, y) => error(tf, w, calls++ % 2 ? x.neg() : x, y),
      (tf, w, x, y) => error(tf, w, tf.dropout(x, 0.5) as Tensor2D, y),
      (tf, w, x, y) => error(tf, w, x.add(tf.randomNormal(x.shape)), y),
    ];
    for (const loss of changing) {
      expect(reasonOf(loss, { isPure: false })).to.equal(
        "recorded twice, the loss gave two different graphs: it branches, draws random numbers, or uses something besides its feeds",
      );
    }
  });

  it("uses an operation whose attributes a graph cannot have", () => {
    const loss: Loss = (tf, w, x, y) => error(tf, w, x, y).mul(tf.multinomial(tf.softmax(x), 1).sum().toFloat());
    expect(reasonOf(loss, { isPure: false })).to.equal(
      "it uses the operation Multinomial with an attribute that a graph cannot have",
    );
  });

  describe("because a rewrite of its graph is wrong", () => {
    /** Two layers, so that the gradient has products of its own. */
    const loss: Loss = (tf, w, x, y) =>
      tf.losses.meanSquaredError(tf.matMul(y, w, false, true), tf.matMul(tf.relu(tf.matMul(x, w)), w, false, true));

    function reasonWith(rule: Rule): string | undefined {
      const list = passes as Rule[];
      list.push(rule);
      try {
        return reasonOf(loss);
      } finally {
        list.pop();
      }
    }

    it("is noticed by the loss", () => {
      const doubled: Rule = ({ op, inputs, outputs }) =>
        op === "Relu" ? [floatOp("Mul", [inputs[0]!, scalar(2)], outputs[0]!.shape)] : undefined;
      expect(reasonWith(doubled)).to.match(/^the recorded step has a loss of [\d.]+, but op by op it is [\d.]+$/);
    });

    it("is noticed by the gradient, down to the last bit", () => {
      const nearly = 1 + 2 ** -23;
      const slightly: Rule = ({ op, inputs, outputs }) =>
        op === "ReluGrad" ? [floatOp("Mul", [floatOp(op, inputs), scalar(nearly)], outputs[0]!.shape)] : undefined;
      expect(reasonWith(slightly)).to.match(
        /^the recorded step has a gradient for "w" of [-\d.e]+, but op by op it is [-\d.e]+$/,
      );
    });

    it("is noticed where TensorFlow does not know the graph", () => {
      const unknown: Rule = ({ op, inputs }) => (op === "Relu" ? [floatOp("Rolu", inputs)] : undefined);
      expect(reasonWith(unknown)).to.match(/^TensorFlow could not load the recorded graph \(.*Rolu/);
    });

    it("is noticed where the graph fails when it runs", () => {
      const fails: Rule = ({ op, inputs, outputs }) => {
        if (op !== "Relu") return undefined;
        const attributes = { T: attribute.type(1), message: attribute.string("not a number") };
        const infinite = floatOp("RealDiv", [inputs[0]!, scalar(0)]);
        return makeNode("CheckNumerics", [infinite], attributes, outputs).outputs;
      };
      expect(reasonWith(fails)).to.match(/^TensorFlow could not run the recorded graph \(.*not a number/);
    });
  });

  it("is noticed by the weights, but for the roundings of rows that are subtracted one by one", () => {
    const parameters = ["dense", "table"].map((name) => ({
      name,
      shape: [2],
      initialiser: { kind: "zeros" } as const,
    }));
    const check = (weights: readonly number[]) => () =>
      refuseOtherWeights(parameters, Float32Array.of(1, 2, 3, 4), Float32Array.from(weights), [false, true]);
    check([1, 2, 3, 4])();
    check([1, 2, 3.0003, 4])();
    expect(check([1, 2.0000002, 3, 4])).to.throw(
      NotRecordable,
      'the recorded step gives 2.000000238418579 for a weight of "dense", but op by op it is 2',
    );
    expect(check([1, 2, 3, 4.0005])).to.throw(NotRecordable, 'for a weight of "table"');
    expect(check([1, 2, Number.NaN, 4])).to.throw(NotRecordable, 'gives NaN for a weight of "table"');
  });

  it("says what is wrong with a loss that no way of running it can train", () => {
    const run = (loss: Loss) => () => reasonOf(loss);
    expect(run((tf, _, x) => tf.mean(x))).to.throw(
      UserError,
      'The loss does not depend on "w", so it cannot be trained.',
    );
    expect(run((tf, w, x) => tf.matMul(x, w))).to.throw(
      UserError,
      "The model's loss has shape [8,3], but it must be one number",
    );
  });
});
