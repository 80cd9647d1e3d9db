import type * as tfjs from "@tensorflow/tfjs";
import type { NativeBackend } from "../native.ts";
import { refuseOtherGraph } from "../recorded/checks.ts";
import { OutputProgram } from "../recorded/output-program.ts";
import { NotRecordable, type Recording, record } from "../recorded/recording.ts";
import { ExactArithmetic } from "./exact.ts";
import { cannotBePortable, portablePasses, refuseUnportable } from "./rewrite.ts";

interface Entry {
  readonly recording: Recording;
  readonly program: OutputProgram;
  isChecked: boolean;
}

/** So many shapes of a batch are kept as programs; the one that was made first goes first. */
const maximumShapes = 4;

/**
 * A model's outputs with the same bits on every CPU: always as a recorded and rewritten graph, from the first batch of a
 * shape on. The second one is recorded too, to see whether the graph is the same.
 */
export class PortableOutputs {
  readonly #native: NativeBackend;
  readonly #entries = new Map<string, Entry>();

  constructor(native: NativeBackend) {
    this.#native = native;
  }

  /** `shapes`: a name for the shapes of `inputs`. Throws UserError when `outputs` cannot be computed portably. */
  run(shapes: string, inputs: tfjs.Tensor[], outputs: () => readonly [tfjs.Tensor]): Float32Array {
    let entry = this.#entries.get(shapes);
    if (!entry?.isChecked) entry = this.#checked(shapes, entry, inputs, outputs);
    return entry.program.run(this.#native.getInputTensorIds(inputs));
  }

  dispose(): void {
    for (const { program } of this.#entries.values()) program.dispose();
    this.#entries.clear();
  }

  #checked(shapes: string, entry: Entry | undefined, inputs: tfjs.Tensor[], outputs: () => readonly [tfjs.Tensor]) {
    try {
      const { recording } = record(this.#native, inputs, outputs);
      if (entry) {
        refuseOtherGraph(entry.recording, recording);
        entry.isChecked = true;
        return entry;
      }
      refuseUnportable(recording.outputs);
      const program = new OutputProgram(
        this.#native.binding,
        recording,
        portablePasses(new ExactArithmetic(this.#native)),
      );
      this.#makeRoom();
      const made = { recording, program, isChecked: false };
      this.#entries.set(shapes, made);
      return made;
    } catch (error) {
      if (error instanceof NotRecordable) throw cannotBePortable("the model's outputs", error);
      throw error;
    }
  }

  #makeRoom(): void {
    const [oldest] = this.#entries;
    if (oldest === undefined || this.#entries.size < maximumShapes) return;
    oldest[1].program.dispose();
    this.#entries.delete(oldest[0]);
  }
}
