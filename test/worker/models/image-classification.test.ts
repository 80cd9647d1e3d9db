import { expect } from "chai";
import fc from "fast-check";
import type { Image } from "../../../worker-runtime/src/data/types.ts";
import { BadRow } from "../../../worker-runtime/src/errors.ts";
import { resize } from "../../../worker-runtime/src/models/image/resize.ts";
import { imageClassification } from "../../../worker-runtime/src/models/image-classification.ts";
import type { Model } from "../../../worker-runtime/src/models/model.ts";
import { Random } from "../../../worker-runtime/src/training/random.ts";
import {
  encodeNewRows,
  encodeRows,
  expectRecorded,
  gradientError,
  layersAnswers,
  lossOf,
  parametersOf,
  rowOf,
  someWeights,
  trainerOf,
} from "./support.ts";

const picture = (shape: Image["shape"], pixels: readonly number[]): Image => ({
  shape,
  pixels: Uint8Array.from(pixels),
});
const drawn = (shape: Image["shape"], seed: number): Image => {
  const random = new Random(seed, "picture");
  return picture(
    shape,
    Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => random.below(256, i)),
  );
};

describe("resizing a picture", () => {
  it("averages what a smaller pixel covers, in part where it covers it in part", () => {
    const before = picture([2, 3, 1], [0, 30, 60, 90, 120, 150]);
    expect([...resize(before, [1, 3, 1]).pixels]).to.deep.equal([45, 75, 105]);
    // Each new pixel covers one old one and half of the middle one.
    expect([...resize(before, [2, 2, 1]).pixels]).to.deep.equal([10, 50, 100, 140]);
  });

  it("repeats pixels in a larger one", () => {
    expect([...resize(picture([1, 2, 1], [10, 20]), [2, 4, 1]).pixels]).to.deep.equal([10, 10, 20, 20, 10, 10, 20, 20]);
  });

  it("leaves a plain picture plain, at any size", () => {
    const side = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(side, side, side, side, fc.integer({ min: 0, max: 255 }), (h, w, height, width, grey) => {
        const { pixels } = resize(picture([h, w, 1], Array(h * w).fill(grey)), [height, width, 1]);
        expect([...pixels]).to.deep.equal(Array(height * width).fill(grey));
      }),
    );
  });

  it("changes the number of channels", () => {
    const colour = picture([1, 1, 3], [100, 200, 50]);
    expect([...resize(colour, [1, 1, 1]).pixels]).to.deep.equal([Math.round(0.299 * 100 + 0.587 * 200 + 0.114 * 50)]);
    expect([...resize(colour, [1, 1, 4]).pixels]).to.deep.equal([100, 200, 50, 255]);
    expect([...resize(picture([1, 1, 4], [1, 2, 3, 9]), [1, 1, 3]).pixels]).to.deep.equal([1, 2, 3]);
    expect([...resize(picture([1, 1, 1], [7]), [1, 1, 3]).pixels]).to.deep.equal([7, 7, 7]);
  });
});

const config = { kind: "image-classification", filters: [2], dense: [3] } as {
  kind: "image-classification";
  filters: number[];
  dense: number[];
};
const data = { columns: {} };
const rows = [0, 1, 2, 3].map((i) => ({ image: drawn([3, 4, 1], i), label: i % 2 === 0 ? "cat" : "dog" }));

describe("the encoder of pictures", () => {
  it("stores pixels as they are, and the numbers of labels", () => {
    const { train, encoding } = encodeRows(imageClassification.encoder(config, data), rows);
    expect(encoding).to.deep.equal({ labels: ["cat", "dog"], shape: [3, 4, 1] });
    expect(train.columns.image).to.deep.equal(Uint8Array.from(rows.flatMap(({ image }) => [...image.pixels])));
    expect([...train.columns.label!]).to.deep.equal([0, 1, 0, 1]);
  });

  it("refuses a picture of another shape, or brings all to one", () => {
    const mixed = [...rows, { image: drawn([8, 6, 3], 9), label: "dog" }];
    expect(() => encodeRows(imageClassification.encoder(config, data), mixed)).to.throw(
      BadRow,
      "the picture is 8 x 6 with 3 channels, the first one is 3 x 4 with 1 channel; " +
        "`model.shape: [height, width, channels]` brings all to one shape",
    );
    const shaped = { ...config, shape: [2, 2, 1] as [number, number, number] };
    const { train, encoding } = encodeRows(imageClassification.encoder(shaped, data), mixed);
    expect(encoding).to.deep.include({ shape: [2, 2, 1] });
    expect(train.columns.image).to.have.length(5 * 4);
  });

  it("refuses what is no picture", () => {
    const encoder = imageClassification.encoder(config, data);
    expect(() => encoder.observe(rowOf({ image: "cat.png", label: "cat" }), "train")).to.throw(
      BadRow,
      'column "image" must be a picture, and it is "cat.png"',
    );
  });

  it("brings a new picture of any size to the shape that was learned on", () => {
    const { encoding } = encodeRows(imageClassification.encoder(config, data), rows);
    const restored = imageClassification.restoredEncoder(config, data, encoding);
    const examples = encodeNewRows(restored, [{ image: drawn([9, 8, 3], 5) }]);
    expect(examples.columns.image).to.deep.equal(resize(drawn([9, 8, 3], 5), [3, 4, 1]).pixels);
  });
});

describe("the model of pictures", () => {
  const { train, encoding } = encodeRows(imageClassification.encoder(config, data), rows);
  const model = imageClassification.model(config, encoding) as Model;
  const weights = someWeights(model);
  const feeds = model.trainingFeeds(train, new Random(1));

  /** The network written out in plain arithmetic, for one picture of 3 x 4 pixels. */
  function probabilities(example: number): number[] {
    const [kernel, bias, dense, denseBias, output, outputBias] = parametersOf(model, weights) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const pixel = (y: number, x: number) =>
      y < 0 || y > 2 || x < 0 || x > 3 ? 0 : train.columns.image![12 * example + 4 * y + x]! / 255;
    const filtered = (y: number, x: number, filter: number) => {
      let sum = bias[filter]!;
      for (const dy of [0, 1, 2])
        for (const dx of [0, 1, 2]) sum += pixel(y + dy - 1, x + dx - 1) * kernel[(3 * dy + dx) * 2 + filter]!;
      return Math.max(0, sum);
    };
    // The pool takes 2 x 2 pixels; below the last row there is nothing.
    const pooled: number[] = [];
    for (const y of [0, 2]) {
      for (const x of [0, 2]) {
        for (const filter of [0, 1]) {
          const places = [
            [y, x],
            [y, x + 1],
            [y + 1, x],
            [y + 1, x + 1],
          ].filter(([row]) => row! < 3);
          pooled.push(Math.max(...places.map(([row, column]) => filtered(row!, column!, filter))));
        }
      }
    }
    const layer = (input: number[], matrix: Float32Array, offsets: Float32Array) =>
      Array.from(offsets, (offset, j) =>
        input.reduce((sum, value, i) => sum + value * matrix[i * offsets.length + j]!, offset),
      );
    const hidden = layer(pooled, dense, denseBias).map((value) => Math.max(0, value));
    const scores = layer(hidden, output, outputBias).map(Math.exp);
    return scores.map((score) => score / (scores[0]! + scores[1]!));
  }

  it("has the loss of a convolutional network, and its gradient", async () => {
    const losses = rows.map((_, i) => -Math.log(probabilities(i)[i % 2]!));
    expect(await lossOf(model, weights, feeds)).to.be.closeTo(losses.reduce((a, b) => a + b) / 4, 1e-5);
    expect(await gradientError(model, weights, feeds)).to.be.below(5e-3);
  });

  it("gives probabilities, which the exported layers give too", async () => {
    const trainer = await trainerOf(model);
    trainer.begin(weights);
    const outputs = trainer.outputs(model.outputFeeds(train));
    trainer.dispose();
    for (const [i, value] of rows.flatMap((_, i) => probabilities(i)).entries()) {
      expect(outputs[i]).to.be.closeTo(value, 1e-5);
    }
    const layers = await layersAnswers(model, weights, model.outputFeeds(train));
    for (const [i, value] of outputs.entries()) expect(layers[i]).to.be.closeTo(value, 1e-5);
  });

  it("learns a handful of pictures by heart, as one recorded graph", async () => {
    const trainer = await trainerOf(model);
    trainer.begin(weights);
    for (let step = 0; step < 200; step++) trainer.step(feeds, 0.5);
    await expectRecorded(trainer);
    const answers = model.answers(trainer.outputs(model.outputFeeds(train)), train);
    trainer.dispose();
    expect(answers.map(({ label }) => label)).to.deep.equal(["cat", "dog", "cat", "dog"]);
  });
});
