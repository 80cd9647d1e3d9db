import { InvalidArgumentError, Option } from "commander";

/** Reads an option that is a whole number from `minimum` to `maximum`. */
export function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= minimum && number <= maximum) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`);
  };
}

export const defaultStore = ".trivet";

/** `--store`, the same for every command that looks at jobs. */
export function storeOption(): Option {
  return new Option("--store <folder>", "where datasets, rounds and results are kept").default(defaultStore);
}

export function jsonOption(meaning: string): Option {
  return new Option("--json", meaning);
}
