import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Tensor2D } from "@tensorflow/tfjs";
import { expect } from "chai";
import type { Tf } from "../../../worker-runtime/src/models/model.ts";
import type { Backend } from "../../../worker-runtime/src/training/backend.ts";
import { createTrainer } from "../../../worker-runtime/src/training/create-trainer.ts";
import { EagerTrainer } from "../../../worker-runtime/src/training/eager-trainer.ts";
import { initialWeights } from "../../../worker-runtime/src/training/initialisers.ts";
import type { Binding, NativeBackend } from "../../../worker-runtime/src/training/native.ts";
import type { Trainer } from "../../../worker-runtime/src/training/trainer.ts";
import { expectSameBits, optimizers, requireNative, smallModel } from "./support.ts";

describe("a trainer", () => {
  let backend: Backend & { readonly native: NativeBackend };

  before(async function () {
    backend = await requireNative(this);
  });

  const network = smallModel((tf: Tf, w: Tensor2D, x: Tensor2D, y: Tensor2D) =>
    tf.losses.softmaxCrossEntropy(tf.softmax(y), tf.relu(tf.matMul(x, w))),
  );
  const readsBack = smallModel((tf: Tf, w: Tensor2D, x: Tensor2D, y: Tensor2D) =>
    tf.losses.meanSquaredError(y, tf.matMul(x, w)).mul(x.dataSync().length),
  );

  /** Both kinds of trainer, and one that has to fall back. */
  const kinds: Record<
    string,
    { model: typeof network.model; batches: typeof network.batches; open: typeof createTrainer }
  > = {
    recorded: { ...network, open: createTrainer },
    "op by op": { ...network, open: (...parts) => new EagerTrainer(...parts) },
    "fallen back": { ...readsBack, open: createTrainer },
  };

  for (const [kind, { model, batches, open }] of Object.entries(kinds)) {
    const start = initialWeights(model.parameters, 3);

    it(`goes on after a pause as if there had been none: ${kind}`, () => {
      for (const [name, optimizer] of Object.entries(optimizers)) {
        const whole = open(backend, model, { optimizer });
        whole.begin(start);
        for (const batch of batches) whole.step(batch, 0.01);
        for (let pause = 0; pause <= batches.length; pause++) {
          const paused = open(backend, model, { optimizer });
          paused.begin(start);
          for (const batch of batches.slice(0, pause)) paused.step(batch, 0.01);
          const [weights, state] = [paused.weights(), paused.state()];
          paused.dispose();

          const resumed = open(backend, model, { optimizer });
          resumed.begin(weights, state);
          expectSameBits(resumed.weights(), weights, "weights that were given");
          expectSameBits(resumed.state(), state, "state that was given");
          for (const batch of batches.slice(pause)) resumed.step(batch, 0.01);
          expectSameBits(resumed.weights(), whole.weights(), `${name}, weights after a pause at ${pause}`);
          expectSameBits(resumed.state(), whole.state(), `${name}, state after a pause at ${pause}`);
          resumed.dispose();
        }
        whole.dispose();
      }
    });

    it(`begins anew from weights alone, whatever went before: ${kind}`, () => {
      const trainer = open(backend, model, { optimizer: optimizers.adam! });
      const losses = [1, 2].map(() => {
        trainer.begin(start);
        return batches.map((batch) => trainer.step(batch, 0.01));
      });
      expect(losses[1]).to.deep.equal(losses[0]);
      trainer.dispose();
    });

    it(`keeps what it is given and what it gave apart from what it holds: ${kind}`, () => {
      const trainer = open(backend, model, { optimizer: optimizers.momentum! });
      // TensorFlow shares the memory of arrays that start at a multiple of 64 bytes, which every 16th number does.
      for (let offset = 0; offset <= 32; offset++) {
        const [given, state] = [0, 1].map(() => new Float32Array(start.length + offset).subarray(offset));
        given!.set(start);
        trainer.begin(given!, state!);
        given!.fill(7);
        state!.fill(7);
        expectSameBits(trainer.weights(), start, "weights");
        trainer.step(batches[0]!, 0.01);
        expect(new Set([...given!, ...state!])).to.deep.equal(new Set([7]));
        const after = trainer.weights();
        const copy = after.slice();
        after.fill(7);
        expectSameBits(trainer.weights(), copy, "weights after a step");
      }
      trainer.dispose();
    });

    it(`holds no more after many steps than after a few, and nothing in the end: ${kind}`, () => {
      const count = countTensors(backend);
      const before = count.held();
      const trainer = open(backend, model, { optimizer: optimizers.adam! });
      const round = (steps: number) => {
        trainer.begin(start);
        for (let step = 0; step < steps; step++) trainer.step(batches[step % batches.length]!, 0.01 / (1 + step));
        trainer.weights();
        trainer.state();
        // A third time is one call of what the first two have recorded.
        for (let i = 0; i < 3; i++) trainer.outputs(batches[0]!);
        return count.held();
      };
      const afterAFew = round(5);
      expect(round(60)).to.equal(afterAFew);
      expect(round(3)).to.equal(afterAFew);
      trainer.dispose();
      expect(count.held()).to.equal(before);
      count.stop();
    });
  }

  it("answers with the weights as they are now", () => {
    const { model, batches } = smallModel((tf: Tf, w: Tensor2D, x: Tensor2D, y: Tensor2D) =>
      tf.losses.meanSquaredError(y, tf.matMul(x, w)),
    );
    const answering = { ...model, outputs: (_: Tf, [w]: Parameters<typeof model.outputs>[1]) => w! };
    const trainers: Trainer[] = [
      createTrainer(backend, answering, { optimizer: { kind: "sgd" } }),
      new EagerTrainer(backend, answering, { optimizer: { kind: "sgd" } }),
    ];
    for (const trainer of trainers) {
      trainer.begin(initialWeights(model.parameters, 3));
      for (const batch of batches) {
        expectSameBits(trainer.outputs(batch), trainer.weights(), "answers");
        trainer.step(batch, 0.1);
      }
      expectSameBits(trainer.outputs(batches[0]!), trainer.weights(), "answers");
      trainer.dispose();
    }
  });

  it("runs on one thread unless the environment says otherwise, and subtracts rows in the same order on two", async function () {
    this.timeout(60_000);
    const run = async (environment: Record<string, string>) => {
      const { TF_NUM_INTRAOP_THREADS: _, ...rest } = process.env;
      const program = `
        import { courseOf, requireNative, tableModel } from ${JSON.stringify(import.meta.resolve("./support.ts"))};
        import { createTrainer } from ${JSON.stringify(import.meta.resolve("../../../worker-runtime/src/training/create-trainer.ts"))};
        import { sha256 } from ${JSON.stringify(import.meta.resolve("../../../worker-runtime/src/hash.ts"))};
        const backend = await requireNative({});
        const { model, batches } = tableModel(20000, 500, 60);
        const { weights } = courseOf(createTrainer(backend, model, { optimizer: { kind: "sgd" } }), model, batches);
        const hashes = weights.map((values) => sha256(new Uint8Array(values.buffer)));
        console.log(JSON.stringify({ threads: backend.stamp.threads, hashes }));
      `;
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
        env: { ...rest, ...environment },
      });
      return JSON.parse(stdout) as { threads: number; hashes: string[] };
    };
    const [one, two] = await Promise.all([run({}), run({ TF_NUM_INTRAOP_THREADS: "2" })]);
    expect([one.threads, two.threads]).to.deep.equal([1, 2]);
    expect(two.hashes).to.deep.equal(one.hashes);
  });
});

/** Counts what tfjs and the binding hold from now on: tensors, and loaded graphs. */
function countTensors({ tf, native }: { readonly tf: Tf; readonly native: NativeBackend }) {
  const real = native.binding;
  let [tensors, graphs] = [0, 0];
  const counted = <Given extends readonly unknown[]>(outputs: Given): Given => {
    tensors += outputs.length;
    return outputs;
  };
  native.binding = {
    __proto__: real,
    createTensor: (...call: Parameters<Binding["createTensor"]>) => counted([real.createTensor(...call)])[0],
    executeOp: (...call: Parameters<Binding["executeOp"]>) => counted(real.executeOp(...call)),
    runSavedModel: (...call: Parameters<Binding["runSavedModel"]>) => counted(real.runSavedModel(...call)),
    deleteTensor(id: number) {
      tensors--;
      real.deleteTensor(id);
    },
    loadSavedModel(...call: Parameters<Binding["loadSavedModel"]>) {
      graphs++;
      return real.loadSavedModel(...call);
    },
    deleteSavedModel(id: number) {
      graphs--;
      real.deleteSavedModel(id);
    },
  } as unknown as Binding;
  return {
    held: () => `${tf.memory().numTensors} of tfjs, ${tensors} of the binding, ${graphs} graphs`,
    stop() {
      native.binding = real;
    },
  };
}
