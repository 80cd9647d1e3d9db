import type { Feed } from "../models/model.ts";
import type { Backend } from "./backend.ts";
import type { TrainerOptions } from "./create-trainer.ts";
import { EagerTrainer } from "./eager-trainer.ts";
import type { NativeBackend } from "./native.ts";
import { initialState, makeOptimizer } from "./optimizer.ts";
import { OutputFunction } from "./output-function.ts";
import { ExactArithmetic } from "./portable/exact.ts";
import { cannotBePortable, portablePasses, refuseUnportable } from "./portable/rewrite.ts";
import { refuseFarValues, refuseOtherGraph, refuseOtherValues, refuseOtherWeights } from "./recorded/checks.ts";
import { passes } from "./recorded/passes/index.ts";
import { NotRecordable, type Recording, record } from "./recorded/recording.ts";
import { StepProgram } from "./recorded/step-program.ts";
import type { KernelStamp, TrainedModel, Trainer } from "./trainer.ts";

/** So many steps are taken both ways before the recorded one is trusted: one with its gradients, one as all that follow. */
const checkedSteps = 2;

/**
 * Takes each step as one call into TensorFlow. The first steps are also taken op by op, and recorded, each on its own
 * batch. Unless the recordings are equal and both ways give the same weights, all further steps are taken op by op, and
 * `reason` says why.
 */
export class RecordedTrainer implements Trainer {
  readonly stamp: KernelStamp;
  readonly #backend: Backend;
  readonly #native: NativeBackend;
  readonly #model: TrainedModel;
  readonly #options: TrainerOptions;
  readonly #outputs: OutputFunction;
  /** What is held while there is no program to hold it. */
  #pending: { readonly weights: Float32Array; readonly state: Float32Array } | undefined;
  #program: StepProgram | undefined;
  #recording: Recording | undefined;
  #stepsToCheck = checkedSteps;
  /** Takes the steps once recording has failed. */
  #eager: EagerTrainer | undefined;
  #reason: string | undefined;

  constructor(backend: Backend, native: NativeBackend, model: TrainedModel, options: TrainerOptions) {
    this.stamp = backend.stamp;
    this.#backend = backend;
    this.#native = native;
    this.#model = model;
    this.#options = options;
    this.#outputs = new OutputFunction(backend, model, options.numerics);
  }

  get #isPortable() {
    return this.#options.numerics === "portable";
  }

  get mode() {
    return this.#eager === undefined ? "recorded" : "eager";
  }

  get reason() {
    return this.#reason;
  }

  begin(weights: Float32Array, state = initialState(makeOptimizer(this.#options.optimizer), weights.length)): void {
    this.#outputs.forgetWeights();
    if (this.#eager) this.#eager.begin(weights, state);
    else if (this.#program) this.#program.set(weights, state);
    else this.#pending = { weights: weights.slice(), state: state.slice() };
  }

  step(feeds: readonly Feed[], learningRate: number): number {
    this.#outputs.forgetWeights();
    if (this.#eager) return this.#eager.step(feeds, learningRate);
    if (this.#program?.fits(feeds) === false) this.#unload();
    if (this.#stepsToCheck > 0) return this.#checkedStep(feeds, learningRate);
    return this.#program!.step(feeds, learningRate);
  }

  weights(): Float32Array {
    if (this.#eager) return this.#eager.weights();
    return this.#pending?.weights.slice() ?? this.#program!.weights();
  }

  state(): Float32Array {
    if (this.#eager) return this.#eager.state();
    return this.#pending?.state.slice() ?? this.#program!.state();
  }

  outputs(feeds: readonly Feed[]): Float32Array {
    return this.#outputs.run(feeds, () => this.weights());
  }

  dispose(): void {
    this.#outputs.dispose();
    this.#eager?.dispose();
    this.#program?.dispose();
    this.#program = undefined;
  }

  /** Takes a step both ways. Its result is the program's if they agree, so it does not matter which steps are checked. */
  #checkedStep(feeds: readonly Feed[], learningRate: number): number {
    const before = { weights: this.weights(), state: this.state() };
    const eager = new EagerTrainer(this.#backend, this.#model, this.#options);
    const restart = () => eager.begin(before.weights, before.state);
    try {
      restart();
      let recording: Recording | undefined;
      let expected: Float32Array[] = [];
      eager.step(feeds, learningRate, (inputs, run) => {
        const recorded = record(this.#native, inputs, run);
        recording = recorded.recording;
        expected = recorded.result.map((tensor) => tensor.dataSync() as Float32Array);
        return recorded.result;
      });
      this.#recording ??= recording!;
      refuseOtherGraph(this.#recording, recording!);
      if (this.#isPortable) refuseUnportable(this.#recording.outputs);
      const program = this.#loadedProgram();
      const isFirst = this.#stepsToCheck === checkedSteps;
      const values = firstRun(() =>
        isFirst ? program.stepWithGradients(feeds, learningRate) : [Float32Array.of(program.step(feeds, learningRate))],
      );
      const { parameters } = this.#model;
      if (this.#isPortable) refuseFarValues(parameters, expected, values);
      else {
        refuseOtherValues(parameters, expected, values);
        refuseOtherWeights(parameters, eager.weights(), this.weights(), program.byRows);
      }
      eager.dispose();
      this.#stepsToCheck--;
      return values[0]![0]!;
    } catch (error) {
      if (!(error instanceof NotRecordable)) throw error;
      if (this.#isPortable) {
        eager.dispose();
        throw cannotBePortable("the training step", error);
      }
      this.#reason = error.message;
      this.#program?.dispose();
      this.#program = undefined;
      this.#eager = eager;
      restart();
      return eager.step(feeds, learningRate);
    }
  }

  /** The program that the recording makes, holding what was pending. */
  #loadedProgram(): StepProgram {
    const { parameters } = this.#model;
    this.#program ??= new StepProgram(
      this.#native,
      this.#recording!,
      parameters,
      this.#options.optimizer,
      this.#isPortable ? portablePasses(new ExactArithmetic(this.#native)) : passes,
    );
    if (this.#pending) this.#program.set(this.#pending.weights, this.#pending.state);
    this.#pending = undefined;
    return this.#program;
  }

  /** Forgets the recording of a batch of another shape, but not what was learned. */
  #unload(): void {
    this.#pending ??= { weights: this.weights(), state: this.state() };
    this.#program?.dispose();
    this.#program = undefined;
    this.#recording = undefined;
    this.#stepsToCheck = checkedSteps;
  }
}

/** TensorFlow may refuse a graph as late as when it runs. */
function firstRun<Result>(step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    throw new NotRecordable(`TensorFlow could not run the recorded graph (${(error as Error).message})`);
  }
}
