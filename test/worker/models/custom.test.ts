import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type * as tfjs from "@tensorflow/tfjs";
import { expect } from "chai";
import { UserError } from "../../../worker-runtime/src/errors.ts";
import { jobSchema, type ModelConfig } from "../../../worker-runtime/src/job/document.ts";
import { custom } from "../../../worker-runtime/src/models/custom.ts";
import type { Model, Tf } from "../../../worker-runtime/src/models/model.ts";
import { loadBackend } from "../../../worker-runtime/src/training/backend.ts";
import { initialWeights } from "../../../worker-runtime/src/training/initialisers.ts";
import { Random } from "../../../worker-runtime/src/training/random.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import {
  encodeNewRows,
  encodeRows,
  expectRecorded,
  gradientError,
  layersAnswers,
  lossOf,
  parametersOf,
  someWeights,
  trainerOf,
} from "./support.ts";

type Config = ModelConfig<"custom">;

const data = { columns: { label: "soon" } };
const rows = [
  { heat: "0.1", load: 0.9, soon: "fails" },
  { heat: "0.7", load: 0.2, soon: "runs" },
  { heat: "0.5", load: 0.4, soon: "runs" },
  { heat: "0.9", load: 0.8, soon: "fails" },
];

function configOf(fields: Partial<Config>): Config {
  const document = { name: "test", data: { train: "rows.csv" }, training: { epochs: 1 } };
  return jobSchema.parse({ ...document, model: { kind: "custom", ...fields } }).model as Config;
}

describe("a topology of the user's", () => {
  const folder = temporaryFolder();
  let tf: Tf;

  before(async () => {
    ({ tf } = await loadBackend());
  });

  /** Writes a model as `model.save` does, with or without its weights, and returns it. */
  async function save(layers: tfjs.layers.Layer[], withWeights = false): Promise<tfjs.Sequential> {
    const model = tf.sequential({ layers });
    await model.save({
      save: async ({ modelTopology, weightSpecs, weightData }) => {
        const weightsManifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
        writeFileSync(path.join(folder(), "model.json"), JSON.stringify({ modelTopology, weightsManifest }));
        if (withWeights) writeFileSync(path.join(folder(), "weights.bin"), Buffer.from(weightData as ArrayBuffer));
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
      },
    });
    return model;
  }

  async function open(fields: Partial<Config> = {}, examples: readonly Record<string, unknown>[] = rows) {
    const config = configOf({ topology: "model.json", ...fields });
    const kind = custom(config, folder());
    const encoded = encodeRows(kind.encoder(config, data), examples);
    // Elsewhere there is no folder: everything is in the encoding.
    const model = (await custom(config).model(config, encoded.encoding)) as Model;
    return { ...encoded, config, kind, model };
  }

  /** Waits for the error that opening the model ends with. */
  async function problem(fields: Partial<Config> = {}, examples?: readonly Record<string, unknown>[]): Promise<string> {
    try {
      await open(fields, examples);
    } catch (error) {
      expect(error).to.be.instanceOf(UserError);
      return (error as Error).message;
    }
    throw new Error("No error was thrown.");
  }

  type Activation = "relu" | "softmax" | "sigmoid" | "linear";
  const dense = (units: number, activation: Activation = "linear", name = "out") =>
    tf.layers.dense({ units, activation, name });
  /** The first layer of a model of two columns. */
  const first = (units: number, activation: Activation = "linear", name = "out") =>
    tf.layers.dense({ units, activation, name, inputShape: [2] });

  it("is trained by its loss, which is the same from logits and from probabilities", async () => {
    const weights = Float32Array.of(0.5, -0.2, 0.1, 0.3, 0.4, -0.6);
    const losses: number[] = [];
    for (const activation of ["linear", "softmax"] as const) {
      await save([first(2, activation)]);
      const { model, train } = await open();
      expect(model.parameters.map(({ name, shape }) => [name, shape])).to.deep.equal([
        ["out/kernel", [2, 2]],
        ["out/bias", [2]],
      ]);
      const feeds = model.trainingFeeds(train, new Random(1));
      losses.push(await lossOf(model, weights, feeds));
      expect(await gradientError(model, weights, feeds), activation).to.be.below(1e-3);
    }
    const expected = rows.map(({ heat, load, soon }) => {
      const scores = [0, 1].map((j) => Number(heat) * weights[j]! + load * weights[2 + j]! + weights[4 + j]!);
      return Math.log(Math.exp(scores[0]!) + Math.exp(scores[1]!)) - scores[soon === "fails" ? 0 : 1]!;
    });
    const mean = expected.reduce((a, b) => a + b) / 4;
    for (const loss of losses) expect(loss).to.be.closeTo(mean, 1e-6);
  });

  it("with one output tells two labels apart", async () => {
    const weights = Float32Array.of(0.5, -0.2, 0.1);
    for (const activation of ["linear", "sigmoid"] as const) {
      await save([first(1, activation)]);
      const { model, train } = await open({ loss: "sigmoidCrossEntropy" });
      const second = rows.map(({ heat, load }) => 1 / (1 + Math.exp(-(0.5 * Number(heat) - 0.2 * load + 0.1))));
      const losses = rows.map(({ soon }, i) => -Math.log(soon === "runs" ? second[i]! : 1 - second[i]!));
      const feeds = model.trainingFeeds(train, new Random(1));
      expect(await lossOf(model, weights, feeds), activation).to.be.closeTo(losses.reduce((a, b) => a + b) / 4, 1e-5);
      const trainer = await trainerOf(model);
      trainer.begin(weights);
      const outputs = trainer.outputs(model.outputFeeds(train));
      trainer.dispose();
      expect(outputs[1]).to.be.closeTo(second[0]!, 1e-6);
      expect(outputs[0]! + outputs[1]!).to.be.closeTo(1, 1e-6);
    }
  });

  it("can predict numbers", async () => {
    await save([first(1)]);
    const numbers = rows.map(({ heat, load }) => ({ heat, load, soon: load * 2 }));
    const { model, train, kind } = await open({ loss: "meanSquaredError" }, numbers);
    expect(kind.primary).to.deep.equal({ metric: "rmse", better: "lower" });
    const weights = Float32Array.of(1, 0, 0);
    const squares = numbers.map(({ heat, soon }) => (Number(heat) - soon) ** 2);
    const mean = squares.reduce((a, b) => a + b) / 4;
    expect(await lossOf(model, weights, model.trainingFeeds(train, new Random(1)))).to.be.closeTo(mean, 1e-6);
    const trainer = await trainerOf(model);
    trainer.begin(weights);
    const outputs = trainer.outputs(model.outputFeeds(train));
    trainer.dispose();
    expect(model.metrics(model.score(outputs, train)).rmse).to.be.closeTo(Math.sqrt(mean), 1e-6);
    expect(model.answers(outputs, train)[1]).to.deep.equal({ value: 0.7 });
  });

  it("adds the penalties of its regularizers to the loss", async () => {
    await save([tf.layers.dense({ units: 2, inputShape: [2], kernelRegularizer: tf.regularizers.l2({ l2: 0.1 }) })]);
    const { model, train } = await open();
    const feeds = model.trainingFeeds(train, new Random(1));
    const biased = Float32Array.of(0, 0, 0, 0, 1, 1);
    const large = Float32Array.of(2, 2, 1, 1, 1, 1);
    // Equal scores for both labels, so that only the penalty differs.
    expect((await lossOf(model, large, feeds)) - (await lossOf(model, biased, feeds))).to.be.closeTo(1, 1e-6);
  });

  describe("with dropout", () => {
    const network = () => [first(64, "relu", "hidden"), tf.layers.dropout({ rate: 0.25 }), dense(2)];

    it("draws its masks by counter, as feeds", async () => {
      await save(network());
      const { model, train } = await open();
      const [, , mask, ...more] = model.trainingFeeds(train, new Random(1, "step"));
      expect(more).to.have.length(0);
      expect(mask!.shape).to.deep.equal([4, 64]);
      expect(model.trainingFeeds(train, new Random(1, "step"))[2]).to.deep.equal(mask);
      expect(model.trainingFeeds(train, new Random(2, "step"))[2]).to.not.deep.equal(mask);
      const kept = mask!.values.filter((value) => value !== 0);
      expect(new Set(kept)).to.deep.equal(new Set([Math.fround(4 / 3)]));
      expect(kept.length / mask!.values.length).to.be.within(0.65, 0.85);
    });

    it("drops in training and not in prediction", async () => {
      await save(network());
      const { model, train } = await open();
      const weights = someWeights(model);
      const feeds = model.trainingFeeds(train, new Random(1));
      const losses = [feeds, model.trainingFeeds(train, new Random(2))].map((some) => lossOf(model, weights, some));
      expect(await losses[0]).to.not.be.closeTo((await losses[1])!, 1e-4);
      const whole = { ...feeds[2]!, values: new Float32Array(256).fill(1) };
      const loss = await lossOf(model, weights, [feeds[0]!, feeds[1]!, whole]);
      const trainer = await trainerOf(model);
      trainer.begin(weights);
      const sums = model.score(trainer.outputs(model.outputFeeds(train)), train);
      trainer.dispose();
      expect(model.metrics(sums).loss).to.be.closeTo(loss, 1e-5);
    });

    it("runs as one recorded graph, and a repeated step gives the same bytes", async () => {
      await save(network());
      const { model, train } = await open();
      const run = async () => {
        const trainer = await trainerOf(model);
        trainer.begin(initialWeights(model.parameters, 3));
        for (let step = 0; step < 5; step++) trainer.step(model.trainingFeeds(train, new Random(1, step)), 0.1);
        await expectRecorded(trainer);
        const weights = trainer.weights();
        trainer.dispose();
        return weights;
      };
      expect(await run()).to.deep.equal(await run());
    });
  });

  it("starts from its own weights where they lie beside it, and is exported as it came", async () => {
    const saved = await save([first(3, "relu", "hidden"), dense(2, "softmax")], true);
    const { model, train } = await open();
    const weights = initialWeights(model.parameters, 1);
    for (const [i, values] of parametersOf(model, weights).entries()) {
      expect(values).to.deep.equal(saved.getWeights()[i]!.dataSync());
    }
    const expected = (
      saved.predict(tf.tensor2d(train.columns.input as Float32Array, [4, 2])) as tfjs.Tensor
    ).dataSync();
    const answers = await layersAnswers(model, weights, model.outputFeeds(train));
    for (const [i, value] of expected.entries()) expect(answers[i]).to.be.closeTo(value, 1e-6);
  });

  it("otherwise starts as its initialisers say, drawn by the job's seed", async () => {
    await save([
      tf.layers.dense({ name: "glorot", units: 40, inputShape: [2], kernelInitializer: "glorotUniform" }),
      tf.layers.dense({ name: "he", units: 30, kernelInitializer: "heNormal", biasInitializer: "ones" }),
      tf.layers.dense({
        name: "own",
        units: 2,
        kernelInitializer: tf.initializers.randomUniform({ minval: -3, maxval: 3 }),
      }),
    ]);
    const { model } = await open();
    const initialisers = Object.fromEntries(model.parameters.map(({ name, initialiser }) => [name, initialiser]));
    expect(initialisers["glorot/kernel"]).to.deep.equal({ kind: "uniform", scale: Math.sqrt(6 / 42) });
    expect(initialisers["glorot/bias"]).to.deep.equal({ kind: "values", values: new Float32Array(40) });
    expect(initialisers["he/kernel"]).to.deep.equal({ kind: "normal", scale: Math.sqrt(2 / 40) });
    expect(initialisers["he/bias"]).to.deep.equal({ kind: "values", values: new Float32Array(30).fill(1) });
    expect(initialisers["own/kernel"]).to.deep.equal({ kind: "uniform", scale: 3 });
    const again = (await open()).model;
    expect(initialWeights(model.parameters, 7)).to.deep.equal(initialWeights(again.parameters, 7));
  });

  it("may be recurrent", async () => {
    await save([
      tf.layers.reshape({ targetShape: [2, 1], inputShape: [2] }),
      tf.layers.lstm({ name: "lstm", units: 3, unitForgetBias: true }),
      tf.layers.dense({ units: 2 }),
    ]);
    const { model, train } = await open();
    const names = model.parameters.map(({ name }) => name);
    expect(names.slice(0, 3)).to.deep.equal(["lstm/kernel", "lstm/recurrent_kernel", "lstm/bias"]);
    // The forget gate's bias starts at 1.
    const [, , bias] = parametersOf(model, initialWeights(model.parameters, 1));
    expect([...bias!]).to.deep.equal([0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
    expect(await gradientError(model, someWeights(model), model.trainingFeeds(train, new Random(1)))).to.be.below(1e-3);
  });

  it("takes pictures, as numbers from 0 to 1", async () => {
    await save([tf.layers.flatten({ inputShape: [1, 2, 1] }), tf.layers.dense({ units: 2, useBias: false })]);
    const image = (a: number, b: number) => ({ shape: [1, 2, 1], pixels: Uint8Array.of(a, b) });
    const pictures = [
      { image: image(0, 255), soon: 1 },
      { image: image(51, 0), soon: 0 },
    ];
    const { model, train } = await open({}, pictures);
    expect(train.columns.input).to.deep.equal(Uint8Array.of(0, 255, 51, 0));
    expect([...(model.outputFeeds(train)[0]!.values as Float32Array)]).to.deep.equal([0, 1, Math.fround(0.2), 0]);
  });

  it("names the layer that cannot be trained, and what to use instead", async () => {
    const refused: [tfjs.layers.Layer, string][] = [
      [tf.layers.batchNormalization({ name: "norm" }), '"norm" (BatchNormalization) keeps running means'],
      [
        tf.layers.gaussianNoise({ name: "noise", stddev: 0.1 }),
        '"noise" (GaussianNoise) draws random numbers; use Dropout',
      ],
      [tf.layers.dropout({ name: "drop", rate: 0.5, noiseShape: [4, 1] }), '"drop" has a noise shape'],
      [dense(2, "linear", "frozen"), '"frozen" (Dense) has weights that are not trainable'],
      [tf.layers.dense({ name: "kept", units: 2, kernelConstraint: "nonNeg" }), '"kept" (Dense) has a constraint'],
      [
        tf.layers.dense({
          name: "odd",
          units: 2,
          kernelInitializer: tf.initializers.randomNormal({ mean: 1, stddev: 1 }),
        }),
        'layer "odd" starts its kernel by RandomNormal',
      ],
    ];
    for (const [layer, message] of refused) {
      if (layer.name === "frozen") layer.trainable = false;
      await save([first(2, "relu", "first"), layer, dense(2, "linear", "last")]);
      expect(await problem()).to.include(message);
    }
  });

  it("must fit the data", async () => {
    await save([tf.layers.dense({ units: 3, inputShape: [5] })]);
    expect(await problem()).to.include(
      "the model takes inputs of shape [5], and the data gives 2 columns (heat, load)",
    );
    await save([first(3)]);
    expect(await problem()).to.include(
      "output has shape [3]; the loss needs 2 numbers, one for each label (fails, runs)",
    );
    await save([first(1)]);
    expect(await problem({ loss: "sigmoidCrossEntropy" }, [...rows, { heat: 1, load: 1, soon: "stands" }])).to.include(
      "sigmoidCrossEntropy tells two labels apart, but there are: fails, runs, stands",
    );
  });

  it("must be a file of layers", async () => {
    const write = (text: string) => writeFileSync(path.join(folder(), "model.json"), text);
    write("{");
    expect(await problem()).to.include("model.json is not JSON");
    write("{}");
    expect(await problem()).to.include('has no "modelTopology"');
    write('{"modelTopology":{"node":[]}}');
    expect(await problem()).to.include("holds a graph, which cannot be trained");
    write('{"modelTopology":{"class_name":"Sequential","config":{"layers":[{"class_name":"Magic","config":{}}]}}}');
    expect(await problem()).to.match(/model.json cannot be loaded: .*Magic/);
    write(
      JSON.stringify({ modelTopology: { class_name: "x" }, weightsManifest: [{ paths: ["../x.bin"], weights: [] }] }),
    );
    expect(await problem()).to.include('names the weights "../x.bin", which is not a plain file name');
    expect(await problem({ topology: "modle.json" })).to.include("Did you mean model.json?");
  });
});

describe("a module of the user's", () => {
  const folder = temporaryFolder();
  const linear = `
    import type { Build, Loss } from "@trivet/worker-runtime/models/custom/module";
    export const build: Build = ({ inputs, labels }) => ({
      parameters: [{ name: "kernel", shape: [inputs!.length, labels ? labels.length : 1], initialiser: { kind: "glorot" } }],
      outputs: (tf, [kernel], input) => tf.matMul(input, kernel!),
    });
    export const loss: Loss = (tf, outputs, label) =>
      outputs.shape[1] === 1
        ? tf.mean(tf.abs(tf.sub(tf.reshape(outputs, [-1]), label)))
        : tf.losses.softmaxCrossEntropy(tf.oneHot(label as never, outputs.shape[1]!), outputs);
  `;

  async function open(code: string, fields: Partial<Config> = {}, examples: readonly Record<string, unknown>[] = rows) {
    const config = configOf({ module: "network.ts", ...fields });
    writeFileSync(path.join(folder(), "network.ts"), code);
    const kind = custom(config, folder());
    const encoded = encodeRows(kind.encoder(config, data), examples);
    return { ...encoded, config, kind, model: (await custom(config).model(config, encoded.encoding)) as Model };
  }

  async function problem(code: string): Promise<string> {
    try {
      await open(code);
    } catch (error) {
      expect(error).to.be.instanceOf(UserError);
      return (error as Error).message;
    }
    throw new Error("No error was thrown.");
  }

  it("is trained by its own loss, as one recorded graph", async () => {
    const { model, train } = await open(linear);
    const trainer = await trainerOf(model);
    trainer.begin(initialWeights(model.parameters, 1));
    const feeds = model.trainingFeeds(train, new Random(1));
    const first = trainer.step(feeds, 0.5);
    for (let step = 0; step < 20; step++) trainer.step(feeds, 0.5);
    expect(trainer.step(feeds, 0.5)).to.be.below(first);
    await expectRecorded(trainer);
    const outputs = trainer.outputs(model.outputFeeds(train));
    trainer.dispose();
    expect(outputs[0]! + outputs[1]!).to.be.closeTo(1, 1e-6);
    expect(model.answers(outputs, train)[0]).to.have.property("label", "fails");
    expect(model.layers((await loadBackend()).tf)).to.equal(undefined);
  });

  it("may predict numbers, from the columns that it lists", async () => {
    const numbers = rows.map(({ heat, load }) => ({ heat, load, note: "text", soon: 3 * load }));
    const { model, train, kind } = await open(linear, { label: "number", inputs: ["load"] }, numbers);
    expect(kind.primary.metric).to.equal("rmse");
    const loss = await lossOf(model, Float32Array.of(1), model.trainingFeeds(train, new Random(1)));
    expect(loss).to.be.closeTo((2 * (0.9 + 0.2 + 0.4 + 0.8)) / 4, 1e-6);
  });

  it("predicts from new rows without a label, whatever else they have", async () => {
    const { train, config, kind, encoding } = await open(linear);
    const restored = kind.restoredEncoder(config, data, encoding);
    const unlabelled = rows.map(({ heat, load }) => ({ name: "press", load, heat }));
    expect(encodeNewRows(restored, unlabelled).columns.input).to.deep.equal(train.columns.input);
  });

  it("that is edited makes another dataset, and so another job", async () => {
    const { encoding } = await open(linear);
    const other = await open(`${linear}// slower\n`);
    expect(other.encoding).to.not.deep.equal(encoding);
  });

  it("says what is wrong with it", async () => {
    expect(await problem("export const build = () => ({})")).to.include("network.ts must export a function `loss`");
    expect(await problem("export const build = (")).to.include("network.ts cannot be loaded");
    const exported = (build: string) => `export const build = () => ${build}; export const loss = () => 0;`;
    expect(await problem(exported("({ parameters: [] })"))).to.include("must return { parameters: [...], outputs");
    expect(await problem(exported("missing()"))).to.include("`build` of network.ts failed: missing is not defined");
    const importing = await problem('import { x } from "./other.ts"; export const build = x, loss = x;');
    expect(importing).to.include("it can import types and Node's own modules, but no other files");
  });

  it("does not take a label for an input", async () => {
    const numbered = { columns: { label: 2 } };
    const config = configOf({ module: "network.ts" });
    writeFileSync(path.join(folder(), "network.ts"), linear);
    const encoder = () => custom(config, folder()).encoder(config, numbered);
    // A reader gives a numbered column under its number too.
    expect(() => encodeRows(encoder(), [{ heat: 1, load: 2, soon: "runs", 2: "runs" }])).to.throw(
      UserError,
      "cannot be told from the inputs",
    );
    const headless = [
      { 0: 1, 1: 2, 2: "runs" },
      { 0: 1, 1: 3, 2: "fails" },
    ];
    expect(encodeRows(encoder(), headless).encoding).to.deep.include({ inputs: ["0", "1"] });
  });
});

describe("the examples' own networks", () => {
  it("are the files that their jobs name", async () => {
    const folder = path.join(import.meta.dirname, "../../../examples/custom");
    const [header, ...lines] = readFileSync(path.join(folder, "machines.csv"), "utf8").trim().split("\n");
    const names = header!.split(",");
    const machines = lines
      .slice(0, 200)
      .map((line) => Object.fromEntries(line.split(",").map((v, i) => [names[i]!, v])));
    for (const fields of [{ module: "model.ts" }, { topology: "model.json", loss: "sigmoidCrossEntropy" }] as const) {
      const config = configOf(fields);
      const kind = custom(config, folder);
      const { train, encoding } = encodeRows(kind.encoder(config, { columns: { label: "soon" } }), machines);
      const model = (await kind.model(config, encoding)) as Model;
      const loss = await lossOf(model, initialWeights(model.parameters, 1), model.trainingFeeds(train, new Random(1)));
      expect(loss).to.be.within(0.4, 1.5);
    }
  });
});
