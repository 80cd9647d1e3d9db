// A process that reads mutations of the corpora until its time is over, for run.ts: which can end it when it hangs.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { corpusOf, type Found, readCase } from "./fuzz.ts";
import { readers } from "./readers.ts";

/** What the process is asked to do: cases of `from`, `from` + 1, ... of a seed, of the readers of these names. */
export interface Order {
  readonly names: readonly string[];
  readonly seed: number;
  readonly from: number;
  readonly seconds: number;
}

export type News =
  | { readonly type: "reading"; readonly reader: string; readonly number: number }
  | { readonly type: "found"; readonly found: Found }
  | { readonly type: "done"; readonly executions: Readonly<Record<string, number>>; readonly seconds: number };

/** Cases between two signs of life. */
const turn = 50;

process.once("message", async ({ names, seed, from, seconds }: Order) => {
  const folder = mkdtempSync(join(tmpdir(), "trivet-fuzz-"));
  const tell = (news: News) => process.send!(news);
  const chosen = readers
    .filter(({ name }) => names.includes(name))
    .map((reader) => ({ reader, corpus: corpusOf(reader) }));
  const executions: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  const startedAtMs = performance.now();
  const elapsed = () => (performance.now() - startedAtMs) / 1000;
  for (let number = from; elapsed() < seconds; number += turn)
    for (const { reader, corpus } of chosen) {
      for (let n = number; n < number + turn; n++) {
        // Told beforehand: when this case ends the process, its number is known.
        tell({ type: "reading", reader: reader.name, number: n });
        const found = await readCase(reader, corpus, seed, n, folder, true);
        if (found) tell({ type: "found", found });
        executions[reader.name]!++;
      }
    }
  rmSync(folder, { recursive: true });
  process.send!({ type: "done", executions, seconds: elapsed() } satisfies News, () => process.exit(0));
});
