import type { Binding } from "../native.ts";
import { identity, type Rule, rewrite } from "./graph.ts";
import type { Recording } from "./recording.ts";
import { Session, type SessionFunction } from "./session.ts";

/** A recorded function of weights and one batch, with one output, loaded into TensorFlow. */
export class OutputProgram {
  readonly #binding: Binding;
  readonly #session: Session;
  readonly #run: SessionFunction;

  /** `passes`: rewrites of the recorded graph, one after the other. */
  constructor(binding: Binding, { inputs, outputs }: Recording, passes: readonly Rule[]) {
    const [output] = passes.reduce(rewrite, [...outputs]);
    const feeds = inputs.map((input, i) => [`input${i}`, input] as const);
    this.#binding = binding;
    this.#session = new Session(binding, { ...Object.fromEntries(feeds), output: identity(output!) });
    this.#run = this.#session.function(
      feeds.map(([name]) => name),
      ["output"],
    );
  }

  /** `inputIds`: the binding's numbers of the weights, then of the batch. */
  run(inputIds: readonly number[]): Float32Array {
    const [id] = this.#run(inputIds);
    const values = this.#binding.tensorDataSync(id!) as Float32Array;
    this.#binding.deleteTensor(id!);
    return values;
  }

  dispose(): void {
    this.#session.dispose();
  }
}
