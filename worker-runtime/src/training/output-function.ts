import type * as tfjs from "@tensorflow/tfjs";
import type { JobDocument } from "../job/document.ts";
import type { Feed } from "../models/model.ts";
import type { Backend } from "./backend.ts";
import { split } from "./flat.ts";
import type { NativeBackend } from "./native.ts";
import { PortableOutputs } from "./portable/output-programs.ts";
import { refuseOtherGraph, refuseOtherOutputs } from "./recorded/checks.ts";
import { OutputProgram } from "./recorded/output-program.ts";
import { passes } from "./recorded/passes/index.ts";
import { NotRecordable, type Recording, record } from "./recorded/recording.ts";
import type { TrainedModel } from "./trainer.ts";

/** How batches of one shape are computed: op by op, which was recorded once; as one call; or for ever op by op. */
type Way = { readonly recording: Recording } | { readonly program: OutputProgram } | "op by op";

/** Held-out examples come in batches of one shape and a rest. Whoever asks for many shapes is answered op by op. */
const maximumShapes = 4;

/**
 * A model's outputs. Where TensorFlow computes, the first two batches of a shape run op by op and are recorded; if both
 * recordings are the same graph and it gives the same bits, all further batches are one call each. The weights stay in
 * TensorFlow from one batch to the next.
 */
export class OutputFunction {
  readonly #tf: Backend["tf"];
  readonly #native: NativeBackend | undefined;
  readonly #model: TrainedModel;
  readonly #ways = new Map<string, Way>();
  /** Set where portable numerics were asked for and TensorFlow computes. */
  readonly #portable: PortableOutputs | undefined;
  #weights: tfjs.Tensor[] | undefined;

  constructor({ tf, native }: Backend, model: TrainedModel, numerics: JobDocument["numerics"] = "native") {
    this.#tf = tf;
    this.#native = native;
    this.#model = model;
    if (native && numerics === "portable") this.#portable = new PortableOutputs(native);
  }

  run(feeds: readonly Feed[], weights: () => Float32Array): Float32Array {
    const tf = this.#tf;
    const { parameters } = this.#model;
    this.#weights ??= split(weights(), parameters).map((values, i) => tf.tensor(values, [...parameters[i]!.shape]));
    // Not returned from `tidy`, which would look for tensors among its numbers, one by one.
    let outputs = new Float32Array();
    tf.tidy(() => {
      const batch = feeds.map(({ values, shape, type }) => tf.tensor(values, [...shape], type));
      outputs = new Float32Array(this.#run(batch));
    });
    return outputs;
  }

  /** To be called when the weights change. */
  forgetWeights(): void {
    if (this.#weights !== undefined) this.#tf.dispose(this.#weights);
    this.#weights = undefined;
  }

  dispose(): void {
    this.forgetWeights();
    for (const way of this.#ways.values()) if (typeof way === "object" && "program" in way) way.program.dispose();
    this.#ways.clear();
    this.#portable?.dispose();
  }

  #run(batch: tfjs.Tensor[]): Float32Array {
    const native = this.#native;
    const shapes = JSON.stringify(batch.map(({ shape }) => shape));
    const way = this.#ways.get(shapes);
    const inputs = [...this.#weights!, ...batch];
    const opByOp = () => [this.#model.outputs(this.#tf, this.#weights!, batch)] as const;
    if (this.#portable) return this.#portable.run(shapes, inputs, opByOp);
    if (typeof way === "object" && "program" in way) return way.program.run(native!.getInputTensorIds(inputs));
    if (!native || way === "op by op" || (!way && this.#ways.size === maximumShapes)) return valuesOf(opByOp());
    try {
      const { recording, result } = record(native, inputs, opByOp);
      const values = valuesOf(result);
      this.#ways.set(shapes, way ? this.#checked(way.recording, recording, inputs, values) : { recording });
      return values;
    } catch (error) {
      if (!(error instanceof NotRecordable)) throw error;
      this.#ways.set(shapes, "op by op");
      return valuesOf(opByOp());
    }
  }

  /** The program of two recordings, which must agree with each other and with what was computed op by op. */
  #checked(first: Recording, second: Recording, inputs: tfjs.Tensor[], values: Float32Array): Way {
    refuseOtherGraph(first, second);
    const native = this.#native!;
    const program = new OutputProgram(native.binding, second, passes);
    refuseOtherOutputs(values, program.run(native.getInputTensorIds(inputs)));
    return { program };
  }
}

function valuesOf([tensor]: readonly [tfjs.Tensor]): Float32Array {
  return tensor.dataSync() as Float32Array;
}
