import type { Dataset } from "../../data/dataset.ts";
import { trainingOrder } from "../../data/order.ts";
import type { JobDocument } from "../../job/document.ts";
import type { Model } from "../../models/model.ts";
import { loadBackend } from "../backend.ts";
import { split } from "../flat.ts";
import { lossAndGradients } from "../gradients.ts";
import { initialWeights } from "../initialisers.ts";
import { Random } from "../random.ts";
import { rewrite } from "../recorded/graph.ts";
import { NotRecordable, record } from "../recorded/recording.ts";
import { ExactArithmetic, type Product } from "./exact.ts";
import { cannotBePortable, portablePasses, refuseUnportable } from "./rewrite.ts";

/**
 * The products of a training step with portable numerics: how long their sums are, and how many bits their factors keep.
 * One step is computed for it, on the job's first batch. Throws UserError when the model cannot be computed portably.
 *
 * @returns undefined where TensorFlow's library is missing, so that a step cannot be recorded.
 */
export async function portableProducts(
  dataset: Dataset,
  model: Model,
  { training, seed }: Pick<JobDocument, "training" | "seed">,
): Promise<readonly Product[] | undefined> {
  const { batchSize, clipNorm } = training;
  const order = trainingOrder(dataset.manifest, seed, 0, batchSize);
  const [loaded, { tf, native }] = await Promise.all([dataset.load("train", order), loadBackend()]);
  if (!native) return undefined;
  const examples = loaded.batch(0, batchSize);
  const { parameters } = model;
  const feeds = model.trainingFeeds(examples, new Random(seed, "feeds", 0, 0, 0));
  const engine = tf.engine();
  engine.startScope("inspect");
  try {
    const batch = feeds.map(({ values, shape, type }) => tf.tensor(values, [...shape], type));
    const weights = split(initialWeights(parameters, seed), parameters).map((values, i) =>
      tf.tensor(values, [...parameters[i]!.shape]),
    );
    const run = () => lossAndGradients(tf, model, weights, batch, clipNorm);
    const { outputs } = record(native, [...weights, ...batch], run).recording;
    refuseUnportable(outputs);
    const exact = new ExactArithmetic(native);
    portablePasses(exact).reduce(rewrite, [...outputs]);
    return exact.products;
  } catch (error) {
    if (error instanceof NotRecordable) throw cannotBePortable("the training step", error);
    throw error;
  } finally {
    engine.endScope();
  }
}
