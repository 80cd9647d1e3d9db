import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Binding } from "../native.ts";
import { NotRecordable } from "./recording.ts";
import { encodeSavedModel, type Names, savedModelTag } from "./saved-model.ts";

/** A graph loaded into TensorFlow. Its resource variables live as long as it does. */
export class Session {
  readonly #binding: Binding;
  readonly #id: number;

  constructor(binding: Binding, names: Names) {
    this.#binding = binding;
    const folder = mkdtempSync(join(tmpdir(), "trivet-graph-"));
    try {
      writeFileSync(join(folder, "saved_model.pb"), encodeSavedModel(names));
      this.#id = binding.loadSavedModel(folder, savedModelTag);
    } catch (error) {
      throw new NotRecordable(`TensorFlow could not load the recorded graph (${(error as Error).message})`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** A call of the graph with these feeds and fetches; what it costs to name them is paid here, not at each run. */
  function(feeds: readonly string[], fetches: readonly string[]): SessionFunction {
    const inputs = feeds.map((name) => `${name}:0`).join(",");
    const outputs = fetches.map((name) => `${name}:0`).join(",");
    return (tensorIds) => this.#binding.runSavedModel(this.#id, tensorIds, inputs, outputs).map(({ id }) => id);
  }

  dispose(): void {
    this.#binding.deleteSavedModel(this.#id);
  }
}

/** Runs the graph on tensors that the binding holds; gives the numbers of the fetched ones, for the caller to delete. */
export type SessionFunction = (tensorIds: readonly number[]) => number[];
