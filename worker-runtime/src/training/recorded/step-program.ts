import type { OptimizerSection } from "../../job/document.ts";
import type { Feed, Parameter } from "../../models/model.ts";
import { sizeOf, split } from "../flat.ts";
import type { Binding, NativeBackend } from "../native.ts";
import { makeOptimizer } from "../optimizer.ts";
import { DataType, type Output, type Rule } from "./graph.ts";
import type { Recording } from "./recording.ts";
import { Session, type SessionFunction } from "./session.ts";
import { trainingGraph } from "./training-graph.ts";
import { makeVariable } from "./variable.ts";

/** A recorded training step, loaded into TensorFlow. Its variables hold weights and optimizer state. */
export class StepProgram {
  /** For each parameter, whether its update subtracts the rows of its gradient one by one. */
  readonly byRows: readonly boolean[];
  readonly #binding: Binding;
  readonly #session: Session;
  readonly #parameters: readonly Output[];
  readonly #stateVariables: readonly Output[];
  readonly #step: SessionFunction;
  readonly #stepWithGradients: SessionFunction;
  readonly #types: readonly number[];
  readonly #lengths: readonly number[];
  /** The learning rate as a tensor, kept while it stays the same. */
  #rate = { value: Number.NaN, id: -1 };

  /** `passes`: rewrites of the recorded graph, one after the other. */
  constructor(
    { binding, hasOwnKernels }: Pick<NativeBackend, "binding" | "hasOwnKernels">,
    recording: Recording,
    parameters: readonly Parameter[],
    optimizer: OptimizerSection,
    passes: readonly Rule[],
  ) {
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
    this.#parameters = variables.parameters;
    this.#stateVariables = [...variables.slots.flat(), ...variables.scalars];
    const graph = trainingGraph(recording, optimizer, variables, passes, hasOwnKernels);
    this.byRows = graph.byRows;
    this.#session = new Session(binding, graph.names);
    const names = [...feeds.map((_, i) => `feed${i}`), "rate"];
    this.#step = this.#session.function(names, ["loss"]);
    this.#stepWithGradients = this.#session.function(names, ["loss", ...parameters.map((_, i) => `gradient${i}`)]);
    this.#types = feeds.map(({ type }) => type);
    this.#lengths = feeds.map(({ shape }) => sizeOf(shape));
  }

  /** Whether the batch has the shape that was recorded. */
  fits(feeds: readonly Feed[]): boolean {
    return feeds.every(({ values }, i) => values.length === this.#lengths[i]);
  }

  /** Takes a step and returns the loss before it. */
  step(feeds: readonly Feed[], learningRate: number): number {
    return this.#run(this.#step, feeds, learningRate)[0]![0]!;
  }

  /** Takes a step and returns the loss before it, then each parameter's gradient. */
  stepWithGradients(feeds: readonly Feed[], learningRate: number): Float32Array[] {
    return this.#run(this.#stepWithGradients, feeds, learningRate);
  }

  #run(step: SessionFunction, feeds: readonly Feed[], learningRate: number): Float32Array[] {
    const binding = this.#binding;
    if (this.#rate.value !== learningRate) {
      this.#forgetRate();
      const id = binding.createTensor([], DataType.float32, Float32Array.of(learningRate));
      this.#rate = { value: learningRate, id };
    }
    const ids = feeds.map(({ shape, values }, i) => binding.createTensor(shape, this.#types[i]!, values));
    try {
      return step([...ids, this.#rate.id]).map((id) => {
        const values = binding.tensorDataSync(id) as Float32Array;
        binding.deleteTensor(id);
        return values;
      });
    } finally {
      for (const id of ids) binding.deleteTensor(id);
    }
  }

  /** Sets all variables to what `weights` and `state` gave once. */
  set(weights: Float32Array, state: Float32Array): void {
    const parts = [...split(weights, this.#parameters), ...split(state, this.#stateVariables)];
    const shapes = [...this.#parameters, ...this.#stateVariables].map(({ shape }) => shape);
    const ids = parts.map((values, i) => this.#binding.createTensor(shapes[i]!, DataType.float32, values));
    const set = this.#session.function(
      ids.map((_, i) => `value${i}`),
      ["set"],
    );
    for (const id of [...set(ids), ...ids]) this.#binding.deleteTensor(id);
  }

  weights(): Float32Array {
    return this.#read("weights");
  }

  state(): Float32Array {
    return this.#stateVariables.length === 0 ? new Float32Array(0) : this.#read("state");
  }

  #read(name: string): Float32Array {
    const [id] = this.#session.function([], [name])([]);
    const values = this.#binding.tensorDataSync(id!) as Float32Array;
    this.#binding.deleteTensor(id!);
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
