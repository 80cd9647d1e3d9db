import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { decodeSafetensors } from "../../../worker-runtime/src/codec/safetensors.ts";
import { sha256 } from "../../../worker-runtime/src/hash.ts";
import type { Model, Tf } from "../../../worker-runtime/src/models/model.ts";
import type { ResultFile } from "../../../worker-runtime/src/protocol/learner.ts";
import { modelFiles } from "../../../worker-runtime/src/result/tfjs-model.ts";
import { loadBackend } from "../../../worker-runtime/src/training/backend.ts";
import { Random } from "../../../worker-runtime/src/training/random.ts";
import { requirePython, runPython } from "../../support/python.ts";
import { requirePart } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** A small network with a convolution, a dense layer, and a layer without weights between them. */
const model: Pick<Model, "parameters" | "layers"> = {
  parameters: [
    { name: "conv/kernel", shape: [3, 3, 1, 2], initialiser: { kind: "zeros" } },
    { name: "conv/bias", shape: [2], initialiser: { kind: "zeros" } },
    { name: "dense/kernel", shape: [32, 3], initialiser: { kind: "zeros" } },
    { name: "dense/bias", shape: [3], initialiser: { kind: "zeros" } },
  ],
  layers: (tf) =>
    tf.sequential({
      name: "example",
      layers: [
        tf.layers.conv2d({ name: "conv", inputShape: [4, 4, 1], filters: 2, kernelSize: 3, padding: "same" }),
        tf.layers.flatten({ name: "flatten" }),
        tf.layers.dense({ name: "dense", units: 3, activation: "softmax" }),
      ],
    }),
};
const weightCount = 18 + 2 + 96 + 3;
const random = new Random(11);
const weights = Float32Array.from({ length: weightCount }, (_, i) => random.uniform(i) - 0.5);
const images = Float32Array.from({ length: 5 * 16 }, (_, i) => random.uniform(1000 + i));
const origin = { job: 'cats & "dogs"', datasetHash: "ab".repeat(32) };

describe("the files of a trained model", () => {
  const folder = temporaryFolder();
  let tf: Tf;
  let native: boolean;
  let files: ResultFile[];

  before(async () => {
    const backend = await loadBackend();
    tf = backend.tf;
    native = backend.native !== undefined;
    files = await modelFiles(tf, model, weights, origin);
  });

  const fileOf = (name: string) => files.find((file) => file.name === name)!.bytes;

  /** What a network of these weights answers, computed by TensorFlow.js's functions instead of its layers. */
  function expectedAnswers(): Float32Array {
    return tf.tidy(() => {
      const [kernel, bias, dense, denseBias] = [
        tf.tensor4d(weights.slice(0, 18), [3, 3, 1, 2]),
        tf.tensor1d(weights.slice(18, 20)),
        tf.tensor2d(weights.slice(20, 116), [32, 3]),
        tf.tensor1d(weights.slice(116)),
      ] as const;
      const features = tf
        .conv2d(tf.tensor4d(images, [5, 4, 4, 1]), kernel, 1, "same")
        .add(bias)
        .reshape([5, 32]);
      const logits = tf.matMul(features as ReturnType<Tf["tensor2d"]>, dense).add(denseBias);
      return tf.softmax(logits).dataSync() as Float32Array;
    });
  }

  async function expectLoads(source: Parameters<Tf["loadLayersModel"]>[0]) {
    const loaded = await tf.loadLayersModel(source);
    const values = loaded.getWeights().flatMap((weight) => [...weight.dataSync()]);
    expect(values).to.deep.equal([...weights]);
    const answers = loaded.predict(tf.tensor4d(images, [5, 4, 4, 1])) as ReturnType<Tf["tensor"]>;
    expect([...answers.dataSync()]).to.deep.equal([...expectedAnswers()]);
    const trivet = { ...origin, weightsHash: sha256(new Uint8Array(weights.buffer)) };
    expect(loaded.getUserDefinedMetadata()).to.deep.equal({ trivet });
    loaded.dispose();
  }

  it("load over HTTP as in a browser, with equal weights and equal answers", async () => {
    const fetchFunc = async (url: string | URL | Request) => {
      const name = path.posix.basename(String(url));
      const type = name.endsWith(".json") ? "application/json" : "application/octet-stream";
      return new Response(Buffer.from(fileOf(name)), { headers: { "content-type": type } });
    };
    await expectLoads(tf.io.http("https://models.example/vision/model.json", { fetchFunc }));
  });

  it("load from disk by tfjs-node, with equal weights and equal answers", async function () {
    requirePart(this, "tfjs-node with its native library", native, "`node tools/setup.mjs` installs it.");
    for (const { name, bytes } of files) writeFileSync(path.join(folder(), name), bytes);
    await expectLoads(`file://${path.join(folder(), "model.json")}`);
  });

  it("are the same bytes for the same weights, and leave no tensor behind", async () => {
    const before = tf.memory().numTensors;
    expect(await modelFiles(tf, model, weights, origin)).to.deep.equal(files);
    expect(tf.memory().numTensors).to.equal(before);
  });

  it("hold the parameters by name in a safetensors file", () => {
    const { tensors, metadata } = decodeSafetensors(fileOf("model.safetensors"));
    expect([...tensors.keys()].sort()).to.deep.equal(["conv/bias", "conv/kernel", "dense/bias", "dense/kernel"]);
    expect(tensors.get("dense/kernel")!.values).to.deep.equal(weights.slice(20, 116));
    expect(metadata).to.deep.equal({ ...origin, weightsHash: sha256(new Uint8Array(weights.buffer)) });
  });

  it("are a safetensors file alone where a model cannot be said in layers", async () => {
    const own = await modelFiles(tf, { ...model, layers: () => undefined }, weights, origin);
    expect(own).to.deep.equal(files.filter(({ name }) => name === "model.safetensors"));
  });

  it("are refused where layers and parameters do not belong together", async () => {
    const fewer = { ...model, parameters: model.parameters.slice(0, 2) };
    const error = await modelFiles(tf, fewer, weights.subarray(0, 20), origin).catch((error: Error) => error);
    expect(error).to.be.instanceOf(TypeError).with.property("message").that.includes("[32,3]");
    const short = await modelFiles(tf, model, weights.subarray(1), origin).catch((error: Error) => error);
    expect(short).to.be.instanceOf(RangeError);
  });

  describe("read by Python", () => {
    before(async function () {
      await requirePython(this);
    });

    it("safetensors opens the file with equal names, shapes, values and metadata", async () => {
      const file = path.join(folder(), "model.safetensors");
      writeFileSync(file, fileOf("model.safetensors"));
      const read = await runPython(
        `
import json, sys
from safetensors import safe_open
with safe_open(json.load(sys.stdin), framework="numpy") as file:
    tensors = {name: file.get_tensor(name) for name in file.keys()}
    print(json.dumps({
        "metadata": file.metadata(),
        "types": [str(tensor.dtype) for tensor in tensors.values()],
        "shapes": {name: list(tensor.shape) for name, tensor in tensors.items()},
        "values": {name: tensor.flatten().tolist() for name, tensor in tensors.items()},
    }))
`,
        file,
      );
      expect(read).to.deep.equal({
        metadata: { ...origin, weightsHash: sha256(new Uint8Array(weights.buffer)) },
        types: ["float32", "float32", "float32", "float32"],
        shapes: Object.fromEntries(model.parameters.map(({ name, shape }) => [name, shape])),
        values: {
          "conv/kernel": [...weights.slice(0, 18)],
          "conv/bias": [...weights.slice(18, 20)],
          "dense/kernel": [...weights.slice(20, 116)],
          "dense/bias": [...weights.slice(116)],
        },
      });
    });
  });
});
