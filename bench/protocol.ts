// What the protocol costs in each round, with learning that costs nothing: time, requests and bytes at the store.
// `node bench/protocol.ts`. Writes bench/results/protocol.json.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { medianOf, writeResult } from "./support/results.ts";
import { runStub, type StubJob } from "./support/stub-world.ts";

const rounds = 5;
/** The models of LambdaML (SIGMOD'21): logistic regression on Higgs, 224 bytes, and ResNet-18, 44.7 MB. */
const jobs: Record<string, StubJob> = {
  "224 B, 10 workers": { weightCount: 56, workers: 10, rounds },
  "224 B, 32 workers": { weightCount: 56, workers: 32, rounds },
  "44.7 MB, 10 workers, fp32": { weightCount: 11_175_000, workers: 10, rounds },
  "44.7 MB, 10 workers, bf16": { weightCount: 11_175_000, workers: 10, rounds, codec: "bf16" },
  "44.7 MB, 10 workers, int8": { weightCount: 11_175_000, workers: 10, rounds, codec: "int8" },
  "44.7 MB, 32 workers, fp32": { weightCount: 11_175_000, workers: 32, rounds: 2 },
};

const rows = [];
for (const [name, job] of Object.entries(jobs)) {
  const folder = mkdtempSync(join(tmpdir(), "trivet-protocol-"));
  try {
    const { plan, rounds } = await runStub(folder, job);
    // The first round makes the first model too.
    const later = rounds.slice(1);
    const { use } = later.at(-1)!;
    const { put, get, head, list } = use;
    rows.push({
      job: name,
      shards: plan.reducers,
      msPerRound: Math.round(medianOf(later.map(({ milliseconds }) => milliseconds)) * 10) / 10,
      ...{ put, get, head, list },
      bytesPerModelByte: Math.round((10 * (use.bytesRead + use.bytesWritten)) / (4 * plan.weightCount)) / 10,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
console.table(rows);
writeResult("protocol", { rows });
