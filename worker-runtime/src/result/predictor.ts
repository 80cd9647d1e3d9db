import { decodeSafetensors } from "../codec/safetensors.ts";
import { ColumnBlock } from "../data/column-block.ts";
import { isBroken, type ReadRow } from "../data/readers/reader.ts";
import type { Encoder, Examples } from "../data/types.ts";
import { BadRow, UserError } from "../errors.ts";
import { type JobDocument, jobSchema } from "../job/document.ts";
import { openModel, openRestoredEncoder } from "../models/index.ts";
import type { Model } from "../models/model.ts";
import type { ResultManifest } from "../protocol/finish.ts";
import { type Backend, loadBackend } from "../training/backend.ts";
import { join } from "../training/flat.ts";
import { OutputFunction } from "../training/output-function.ts";
import { readResultFile } from "./read-result.ts";

/** What the model says of a row, or why it can say nothing. */
export type Prediction = { readonly answer: Record<string, unknown> } | { readonly problem: string };

/** A trained model that answers rows, as a result folder holds it. */
export class Predictor {
  readonly document: JobDocument;
  /** For the user, when predictions are slower than they should be. */
  readonly notice: string | undefined;
  readonly #model: Model;
  readonly #encoder: Encoder;
  readonly #outputs: OutputFunction;
  readonly #weights: Float32Array;

  private constructor(document: JobDocument, model: Model, encoder: Encoder, backend: Backend, weights: Float32Array) {
    this.document = document;
    this.notice = backend.notice;
    this.#model = model;
    this.#encoder = encoder;
    this.#outputs = new OutputFunction(backend, model, document.numerics);
    this.#weights = weights;
  }

  /** Loads what is needed from `folder`, each file checked against its hash in `manifest`. */
  static async open(folder: string, manifest: ResultManifest): Promise<Predictor> {
    return Predictor.load((name) => readResultFile(folder, manifest, name));
  }

  /** Loads what is needed through `read`, which gives a file of the result as training wrote it, or throws. */
  static async load(read: (name: string) => Promise<Uint8Array>): Promise<Predictor> {
    const loading = loadBackend();
    const [job, encodingBytes, model] = await Promise.all(["job.json", "encoding.json", "model.safetensors"].map(read));
    const document = jobSchema.parse(JSON.parse(text(job!)));
    const encoding: unknown = JSON.parse(text(encodingBytes!));
    const opened = await openModel(document, encoding);
    const encoder = await openRestoredEncoder(document.model, document.data, encoding);
    return new Predictor(document, opened.model, encoder, await loading, weightsOf(opened.model, model!));
  }

  /** One prediction for each row, in their order. */
  predict(rows: readonly ReadRow[]): Prediction[] {
    const block = new ColumnBlock(this.#encoder.finish().heldOut, rows.length);
    const problems = rows.map((row) => (isBroken(row) ? row.problem : this.#encode(row, block)));
    if (block.length === 0) return problems.map((problem) => ({ problem: problem! }));
    const examples = examplesOf(block);
    const outputs = this.#outputs.run(this.#model.outputFeeds(examples), () => this.#weights);
    const answers = this.#model.answers(outputs, examples);
    let next = 0;
    return problems.map((problem) => (problem === undefined ? { answer: answers[next++]! } : { problem }));
  }

  /** Frees what TensorFlow holds of it. */
  close(): void {
    this.#outputs.dispose();
  }

  /** Adds the row to the block, or says why it cannot be. */
  #encode(row: Exclude<ReadRow, { problem: string }>, block: ColumnBlock): string | undefined {
    try {
      block.add(this.#encoder.encode(row, "heldOut"));
      return undefined;
    } catch (error) {
      if (error instanceof BadRow) return error.message;
      throw error;
    }
  }
}

function examplesOf({ columns, values, length }: ColumnBlock): Examples {
  const filled = columns.map(({ name, shape }, i) => {
    const size = shape.reduce((product, size) => product * size, 1);
    return [name, values[i]!.subarray(0, length * size)] as const;
  });
  return { count: length, columns: Object.fromEntries(filled) };
}

/** The model's weights in the order of its parameters. */
function weightsOf({ parameters }: Model, bytes: Uint8Array): Float32Array {
  const { tensors } = decodeSafetensors(bytes, "model.safetensors");
  const values = parameters.map(({ name, shape }) => {
    const tensor = tensors.get(name);
    if (tensor?.type !== "F32" || String(tensor.shape) !== String(shape)) {
      throw new UserError(
        `model.safetensors has no tensor ${name} of shape [${shape}]: another version of Trivet wrote it.`,
      );
    }
    return tensor.values as Float32Array;
  });
  return join(values);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
