import { type Command, InvalidArgumentError, Option } from "commander";

/** Reads an option that is a whole number from `minimum` to `maximum`. */
export function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= minimum && number <= maximum) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`);
  };
}

/** `--budget`: dollars, with cents or parts of them. */
export function dollars(text: string): number {
  const number = Number(text.replace(/^\$/, ""));
  if (/^\$?\d+(\.\d+)?$/.test(text) && number > 0 && number <= 1e9) return number;
  throw new InvalidArgumentError("It must be an amount of dollars above 0, such as 2.50.");
}

/** `--budget`, for the commands that start a job. */
export function budgetOption(): Option {
  return new Option(
    "--budget <dollars>",
    "what the job may cost, instead of the job's budget; a higher one goes on with a job that has spent its own",
  ).argParser(dollars);
}

/** `--prices`, for every command that tells dollars. */
export function pricesOption(): Option {
  return new Option(
    "--prices <file>",
    "prices of your own, YAML or JSON; what the file leaves out stays the list price",
  );
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
