import type { StoreUse } from "../../worker-runtime/src/protocol/metered-store.ts";
import { markdownTable } from "../support/markdown.ts";

/** What one round asked of a store. */
export interface RoundUse {
  readonly backend: string;
  readonly workers: number;
  readonly reducers: number;
  readonly codec: string;
  readonly modelBytes: number;
  /** As the protocol asked for it. */
  readonly use: Omit<StoreUse, "storeMs">;
  /** As it went over the wire, where there is one. */
  readonly httpRequests?: number;
}

const measured: RoundUse[] = [];

export function recordRound(round: RoundUse): void {
  measured.push(round);
}

export function roundsMeasured(): boolean {
  return new Set(measured.map(({ backend }) => backend)).size >= 4;
}

/** Markdown: a line for each shape of job. */
export function renderRounds(): string {
  const shapes = Map.groupBy(measured, ({ workers, reducers, codec }) => `${workers} ${reducers} ${codec}`);
  const rows = [...shapes].map(([shape, rounds]) => {
    const [{ use, modelBytes }] = rounds as [RoundUse];
    const { put, get, head, list, bytesWritten, bytesRead } = use;
    const models = ((bytesRead + bytesWritten) / modelBytes).toFixed(1);
    const wires = rounds.filter(({ httpRequests }) => httpRequests !== undefined);
    const http = wires.map(({ backend, httpRequests }) => `${backend} ${httpRequests}`).join(", ");
    return [...shape.split(" "), ...[put, get, head, list, bytesWritten, bytesRead].map(String), models, http];
  });
  const title = "Workers,Reducers,Codec,PUT,GET,HEAD,LIST,Bytes up,Bytes down,Bytes / model,HTTP requests".split(",");
  return `The second round of a job with ${measured[0]!.modelBytes / 4} weights, each worker a warm function of its own, one task after another; counted at
the store's client. The numbers are the same on every cloud, byte for byte. The last column is what a server between the SDK
and the emulator counted.

${markdownTable(title, rows)}`;
}
