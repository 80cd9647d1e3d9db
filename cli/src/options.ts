import { type Command, InvalidArgumentError, Option } from "commander";

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
export function storeOption(meaning = "where datasets, rounds and results are kept"): Option {
  return new Option("--store <folder>", meaning).default(defaultStore);
}

/** Which deployed stack; at most one of the two is given. */
export interface StackFlags {
  readonly stack?: string;
  readonly stackOutputs?: string;
}

export function addStackOptions(command: Command): Command {
  return command
    .addOption(new Option("--stack <name>", "the deployed stack, by its name in Pulumi").conflicts("stackOutputs"))
    .option("--stack-outputs <file>", "the deployed stack, by the JSON of `pulumi stack output --json`");
}

export function jsonOption(meaning: string): Option {
  return new Option("--json", meaning);
}
