import { sha256 } from "../../hash.ts";
import type { Binding } from "../native.ts";
import { DataType } from "./graph.ts";
import { NotRecordable } from "./recording.ts";
import { encodeSavedModel, type Names, savedModelTag } from "./saved-model.ts";

/**
 * Folders that graphs are loaded from, by the hash of the graph. They are in TensorFlow's own file system in memory, since
 * a disk may be slow, full or read-only. Nothing can be deleted there, so a graph that comes again is not written again.
 */
const written = new Set<string>();

/** A graph loaded into TensorFlow. Its resource variables live as long as it does. */
export class Session {
  readonly #binding: Binding;
  readonly #id: number;

  constructor(binding: Binding, names: Names) {
    this.#binding = binding;
    try {
      this.#id = binding.loadSavedModel(writeGraph(binding, encodeSavedModel(names)), savedModelTag);
    } catch (error) {
      throw new NotRecordable(`TensorFlow could not load the recorded graph (${(error as Error).message})`);
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

function writeGraph(binding: Binding, graph: Uint8Array): string {
  const folder = `ram://trivet/${sha256(graph)}`;
  if (written.has(folder)) return folder;
  const name = Buffer.from(`${folder}/saved_model.pb`);
  const ids = [name, graph].map((bytes) => binding.createTensor([], DataType.string, [bytes]));
  binding.executeOp("WriteFile", [], ids, 0);
  for (const id of ids) binding.deleteTensor(id);
  written.add(folder);
  return folder;
}
