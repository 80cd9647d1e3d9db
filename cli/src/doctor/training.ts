import type { Examples } from "@trivet/worker-runtime/data/types";
import type { Check } from "./check.ts";

export const tensorflow: Check = {
  name: "TensorFlow",
  async run() {
    const { loadBackend } = await import("@trivet/worker-runtime/training/backend");
    const { stamp, notice } = await loadBackend();
    const threads = `${stamp.threads} ${stamp.threads === 1 ? "thread" : "threads"} a process`;
    const text = `${stamp.backend} ${stamp.tensorflow}, ${threads}, oneDNN ${stamp.oneDnn ? "on" : "off"}, CPU ${stamp.cpu}`;
    return notice === undefined ? { status: "ok", text } : { status: "warn", text, fix: notice };
  },
};

const steps = 5;
const batchSize = 64;

/** Trains the vision model on noise, to see that training works and how fast. */
export const training: Check = {
  name: "training",
  async run() {
    const [{ loadBackend }, { createTrainer }, { initialWeights }, { Random }, { openModel }] = await Promise.all([
      import("@trivet/worker-runtime/training/backend"),
      import("@trivet/worker-runtime/training/create-trainer"),
      import("@trivet/worker-runtime/training/initialisers"),
      import("@trivet/worker-runtime/training/random"),
      import("@trivet/worker-runtime/models/index"),
    ]);
    const shape: [number, number, number] = [28, 28, 1];
    const labels = Array.from({ length: 10 }, (_, i) => String(i));
    const section = { kind: "image-classification" as const, filters: [16, 32], dense: [], shape };
    const { model } = await openModel({ model: section }, { labels, shape });
    const trainer = createTrainer(await loadBackend(), model, { optimizer: { kind: "sgd" } });
    try {
      const random = new Random(1, "doctor");
      const pixels = Uint8Array.from({ length: batchSize * 784 }, (_, i) => random.uint32(i) >>> 24);
      const label = Int32Array.from({ length: batchSize }, (_, i) => i % 10);
      const feeds = model.trainingFeeds(
        { count: batchSize, columns: { image: pixels, label } } satisfies Examples,
        random,
      );
      trainer.begin(initialWeights(model.parameters, 1));
      // The first step includes recording the graph.
      trainer.step(feeds, 0.01);
      const startedAtMs = performance.now();
      let loss = 0;
      for (let step = 0; step < steps; step++) loss = trainer.step(feeds, 0.01);
      const seconds = (performance.now() - startedAtMs) / 1000;
      if (!Number.isFinite(loss)) throw new Error(`the loss after ${steps} steps is ${loss}`);
      const speed = Math.round((steps * batchSize) / seconds).toLocaleString("en-US");
      const text = `${speed} samples/s on a small convolutional network, ${trainer.mode} step`;
      if (trainer.mode === "recorded") return { status: "ok", text };
      return { status: "warn", text, fix: `It runs op by op: ${trainer.reason ?? "plain JavaScript has no graph"}.` };
    } finally {
      trainer.dispose();
    }
  },
};
