import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { stepModels } from "../../../bench/step-models.ts";
import { prepare } from "../../../worker-runtime/src/clouds/local/prepare.ts";
import { MemoryObjectStore } from "../../../worker-runtime/src/clouds/memory/object-store.ts";
import { UserError } from "../../../worker-runtime/src/errors.ts";
import { readJob } from "../../../worker-runtime/src/job/parse.ts";
import type { CustomConfig } from "../../../worker-runtime/src/models/custom/network.ts";
import { custom } from "../../../worker-runtime/src/models/custom.ts";
import type { Backend } from "../../../worker-runtime/src/training/backend.ts";
import { createTrainer } from "../../../worker-runtime/src/training/create-trainer.ts";
import { split } from "../../../worker-runtime/src/training/flat.ts";
import { lossAndGradients } from "../../../worker-runtime/src/training/gradients.ts";
import { initialWeights } from "../../../worker-runtime/src/training/initialisers.ts";
import type { NativeBackend } from "../../../worker-runtime/src/training/native.ts";
import { ExactArithmetic } from "../../../worker-runtime/src/training/portable/exact.ts";
import { portablePasses } from "../../../worker-runtime/src/training/portable/rewrite.ts";
import {
  DataType,
  type Output,
  rewrite,
  topologicalOrder,
} from "../../../worker-runtime/src/training/recorded/graph.ts";
import { record } from "../../../worker-runtime/src/training/recorded/recording.ts";
import { feed, requireNative, stepModel } from "./support.ts";

/** What has other bits on other CPUs when it computes in float32. */
const dependsOnCpu =
  /^(MatMul|BatchMatMul.*|Conv[23]D.*|Depthwise.*|Sum|Mean|BiasAddGrad|AddN|Softmax.*|LogSoftmax|Rsqrt|Reciprocal|UnsortedSegmentSum|ResourceScatterSub|AvgPool.*)$/;

describe("the rewrite to portable numerics", () => {
  let backend: Backend & { readonly native: NativeBackend };

  before(async function () {
    backend = await requireNative(this);
  });

  for (const { key, name } of stepModels) {
    it(`leaves nothing in the step of ${name} that has other bits on other CPUs`, () => {
      const { tf, native } = backend;
      const { model, batches } = stepModel(key, [8]);
      const { parameters } = model;
      let recorded: readonly Output[] = [];
      tf.tidy(() => {
        const values = split(initialWeights(parameters, 1), parameters);
        const weights = values.map((values, i) => tf.tensor(values, [...parameters[i]!.shape]));
        const feeds = batches[0]!.map(({ values, shape, type }) => tf.tensor(values, [...shape], type));
        const run = () => lossAndGradients(tf, model, weights, feeds, 1);
        recorded = record(native, [...weights, ...feeds], run).recording.outputs;
      });
      for (const hasOwnKernels of [true, false]) {
        const portable = portablePasses(new ExactArithmetic({ hasOwnKernels })).reduce(rewrite, [...recorded]);
        expect(floatOps(recorded).some((op) => dependsOnCpu.test(op))).to.equal(true);
        expect(floatOps(portable).filter((op) => dependsOnCpu.test(op))).to.deep.equal([]);
      }
    });
  }

  function floatOps(outputs: readonly Output[]): string[] {
    return topologicalOrder(outputs.map(({ node }) => node))
      .filter(({ inputs }) => inputs.some(({ type }) => type === DataType.float32))
      .map(({ op }) => op);
  }

  it("refuses an operation that is not known to be portable, by its layer, before anything is computed", async () => {
    const { tf } = backend;
    const network = tf.sequential({
      layers: [
        tf.layers.inputLayer({ inputShape: [4, 4, 1] }),
        tf.layers.upSampling2d({ size: [2, 2], name: "larger" }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2 }),
      ],
    });
    const config = { kind: "custom", loss: "softmaxCrossEntropy", label: "class" } as CustomConfig;
    const source = { file: "model.json", topology: network.toJSON(undefined, false) as object };
    const model = await custom(config).model(config, { network: source, inputShape: [4, 4, 1], labels: ["a", "b"] });
    const trainer = createTrainer(backend, model, { optimizer: { kind: "sgd" }, numerics: "portable" });
    trainer.begin(initialWeights(model.parameters, 1));
    const label = { type: "int32", shape: [3], values: Int32Array.of(0, 1, 0) } as const;
    expect(() => trainer.step([feed("x", 3, 4, 4, 1), label], 0.1))
      .to.throw(UserError)
      .with.property(
        "message",
        "numerics: the model uses an operation that is not known to give the same bits on every CPU: " +
          'ResizeNearestNeighbor (layer "larger"). Use others in its place, or write `numerics: native` into the job file: ' +
          "then the result can be repeated only on machines of the same kind.",
      );
    trainer.dispose();
  });

  it("refuses it before the job starts, by the line of a user's module; natively the job is planned", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "trivet-portable-"));
    const example = path.join(import.meta.dirname, "../../../examples/custom");
    try {
      for (const name of ["job.yaml", "machines.csv"])
        writeFileSync(path.join(folder, name), readFileSync(path.join(example, name)));
      const lines = readFileSync(path.join(example, "model.ts"), "utf8").split("\n");
      const line = lines.findIndex((text) => text.includes("tf.relu("));
      writeFileSync(path.join(folder, "model.ts"), lines.join("\n").replace("tf.relu(", "tf.atan("));
      const document = await readJob(path.join(folder, "job.yaml"));
      const store = new MemoryObjectStore();
      const options = { folder, signal: new AbortController().signal, again: false, onEvent: () => {} };
      const refused = await prepare(store, { ...options, document }).catch((error: Error) => error);
      expect(refused)
        .to.be.instanceOf(UserError)
        .and.have.property("message")
        .that.includes(`Atan (model.ts:${line + 1})`);
      const plan = await prepare(store, { ...options, document: { ...document, numerics: "native" } });
      expect(plan.numerics).to.equal("native");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
