import { BadRow, UserError } from "../errors.ts";

/** The labels of the training examples and their numbers: 0 to n - 1, in the order of their names. */
export class Labels {
  readonly #title: string;
  readonly #numbers = new Map<string, number>();

  /** `title` is what errors call the column of the labels. */
  constructor(title: string) {
    this.#title = title;
  }

  /** Notes a label of a training example. Returns how many different ones came before it, itself included if known. */
  observe(value: unknown): number {
    const name = nameOf(value, this.#title);
    const number = this.#numbers.get(name) ?? this.#numbers.size;
    this.#numbers.set(name, number);
    return number;
  }

  /** Gives the labels their final numbers, which do not depend on the order of the rows. */
  finish(): readonly string[] {
    const names = [...this.#numbers.keys()].sort(byNumberThenName);
    if (names.length < 2) {
      const found = names.length === 0 ? "there are no training examples" : `all are labelled "${names[0]}"`;
      throw new UserError(`A classifier needs training examples of two labels, but ${found} (${this.#title}).`);
    }
    this.#numbers.clear();
    for (const [number, name] of names.entries()) this.#numbers.set(name, number);
    return names;
  }

  /** The number of a label. Throws `BadRow` for one that no training example has. */
  numberOf(value: unknown): number {
    const name = nameOf(value, this.#title);
    const number = this.#numbers.get(name);
    if (number !== undefined) return number;
    const known = [...this.#numbers.keys()];
    const some = known.slice(0, 10).join(", ") + (known.length > 10 ? `, and ${known.length - 10} more` : "");
    throw new BadRow(`label "${name}" never occurs in the training examples, which have ${some}`);
  }
}

function nameOf(value: unknown, title: string): string {
  if (["string", "number", "boolean", "bigint"].includes(typeof value)) return String(value);
  throw new BadRow(`${title} must be a label, text or a number, and it is ${JSON.stringify(value)}`);
}

/** Numbers by size, before names by their UTF-16 code units: the same order on every machine. */
function byNumberThenName(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  if (difference !== 0 && !Number.isNaN(difference)) return difference;
  const [aIsName, bIsName] = [Number.isNaN(Number(a)), Number.isNaN(Number(b))];
  if (aIsName !== bIsName) return aIsName ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}
