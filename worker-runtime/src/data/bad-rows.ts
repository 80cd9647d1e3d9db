import { BadRow, UserError } from "../errors.ts";
import type { DataSection } from "../job/document.ts";
import type { ReadRow } from "./readers/reader.ts";
import type { Source } from "./source.ts";

const told = 5;

/** What happens to rows that cannot be used: the first one is an error, or up to a limit they are counted and left out. */
export class BadRows {
  count = 0;
  readonly #data: Pick<DataSection, "onBadRow" | "badRowLimit">;
  readonly #onSkip: (message: string) => void;

  /** `onSkip` is told about the first few. */
  constructor(data: Pick<DataSection, "onBadRow" | "badRowLimit">, onSkip: (message: string) => void) {
    this.#data = data;
    this.#onSkip = onSkip;
  }

  /** Notes a row that is left out, or throws `BadRow`, with the row's place. `problem` ends without a full stop. */
  reject(source: Source, row: ReadRow, problem: string): void {
    const message = `${source.place(row)}: ${problem}`;
    if (this.#data.onBadRow === "fail") {
      throw new BadRow(`${sentence(message)} Mend the row, or leave such rows out with \`data.onBadRow: skip\`.`);
    }
    this.count++;
    if (this.count > this.#data.badRowLimit) {
      throw new UserError(
        `${sentence(message)} That is bad row ${this.count}, and \`data.badRowLimit\` is ${this.#data.badRowLimit}. ` +
          "Raise it when so many may be missing.",
      );
    }
    if (this.count <= told) this.#onSkip(message);
  }
}

function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}
