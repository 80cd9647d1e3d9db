import type { OptimizerSection } from "../../job/document.ts";
import type { Feed, Parameter } from "../../models/model.ts";
import { join, sizeOf } from "../flat.ts";
import type { Binding } from "../native.ts";
import { makeOptimizer } from "../optimizer.ts";
import { DataType, type Output } from "./graph.ts";
import { passes } from "./passes/index.ts";
import type { Recording } from "./recording.ts";
import { Session, type SessionFunction } from "./session.ts";
import { allVariables, trainingGraph } from "./training-graph.ts";
import { makeVariable } from "./variable.ts";

/** A recorded training step, loaded into TensorFlow. Its variables hold weights and optimizer state, laid out as one flat vector. */
export class StepProgram {
  /** For each parameter, whether its update subtracts the rows of its gradient one by one. */
  readonly byRows: readonly boolean[];
  readonly #binding: Binding;
  readonly #session: Session;
  readonly #variables: readonly Output[];
  readonly #step: SessionFunction;
  readonly #types: readonly number[];
  readonly #lengths: readonly number[];
  /** The learning rate as a tensor, kept while it stays the same. */
  #rate = { value: Number.NaN, id: -1 };

  constructor(binding: Binding, recording: Recording, parameters: readonly Parameter[], optimizer: OptimizerSection) {
    const { slots, scalars } = makeOptimizer(optimizer);
    const variables = {
      parameters: parameters.map(({ shape }, i) => makeVariable(`parameter${i}`, shape)),
      slots: Array.from({ length: slots }, (_, slot) =>
        parameters.map(({ shape }, i) => makeVariable(`slot${slot}/${i}`, shape)),
      ),
      scalars: scalars.map((_, i) => makeVariable(`scalar${i}`, [])),
    };
    const feeds = recording.inputs.slice(parameters.length);
    this.#binding = binding;
    this.#variables = allVariables(variables);
    const { names, byRows } = trainingGraph(recording, optimizer, variables, passes);
    this.byRows = byRows;
    this.#session = new Session(binding, names);
    this.#step = this.#session.function([...feeds.map((_, i) => `feed${i}`), "rate"], ["loss"]);
    this.#types = feeds.map(({ type }) => type);
    this.#lengths = feeds.map(({ shape }) => sizeOf(shape));
  }

  /** Whether the batch has the shape that was recorded. */
  fits(feeds: readonly Feed[]): boolean {
    return feeds.every(({ values }, i) => values.length === this.#lengths[i]);
  }

  /** Takes a step and returns the loss before it. */
  step(feeds: readonly Feed[], learningRate: number): number {
    const binding = this.#binding;
    if (this.#rate.value !== learningRate) {
      this.#forgetRate();
      const id = binding.createTensor([], DataType.float32, Float32Array.of(learningRate));
      this.#rate = { value: learningRate, id };
    }
    const ids = feeds.map(({ shape, values }, i) => binding.createTensor(shape, this.#types[i]!, values));
    try {
      const [loss] = this.#step([...ids, this.#rate.id]);
      const value = binding.tensorDataSync(loss!)[0] as number;
      binding.deleteTensor(loss!);
      return value;
    } finally {
      for (const id of ids) binding.deleteTensor(id);
    }
  }

  /** Sets all variables. */
  set(values: Float32Array): void {
    const binding = this.#binding;
    let offset = 0;
    const ids = this.#variables.map(({ shape }) => {
      const from = offset;
      offset += sizeOf(shape);
      return binding.createTensor(shape, DataType.float32, values.subarray(from, offset));
    });
    const set = this.#session.function(
      ids.map((_, i) => `value${i}`),
      ["set"],
    );
    for (const id of [...set(ids), ...ids]) binding.deleteTensor(id);
  }

  /** The variables from number `from` up to `to`, excluded, as they are now. */
  get(from: number, to = this.#variables.length): Float32Array {
    const names = this.#variables.slice(from, to).map((_, i) => `get${from + i}`);
    if (names.length === 0) return new Float32Array(0);
    const ids = this.#session.function([], names)([]);
    const values = join(ids.map((id) => this.#binding.tensorDataSync(id) as Float32Array));
    for (const id of ids) this.#binding.deleteTensor(id);
    return values;
  }

  dispose(): void {
    this.#forgetRate();
    this.#session.dispose();
  }

  #forgetRate(): void {
    if (this.#rate.id >= 0) this.#binding.deleteTensor(this.#rate.id);
    this.#rate = { value: Number.NaN, id: -1 };
  }
}
