import type { Command, Option } from "commander";

/** What can follow an option: nothing, one of some words, a path, or something that nobody can foresee. */
export type OptionValue = "none" | "path" | "other" | readonly string[];

export interface CompletedOption {
  /** With its two hyphens. */
  readonly long: string;
  /** With its hyphen. */
  readonly short: string | undefined;
  readonly words: string;
  readonly value: OptionValue;
}

export interface CompletedCommand {
  readonly name: string;
  readonly words: string;
  readonly options: readonly CompletedOption[];
  /** What its arguments are: jobs and files where they are a path. */
  readonly argument: OptionValue;
}

/** Longer descriptions fill a terminal. */
const longest = 72;

/** Every command with its options, as the help has them. */
export function commandTable(program: Command): CompletedCommand[] {
  return program.commands.map((command) => ({
    name: command.name(),
    words: command.summary(),
    options: [...command.options.map(completed), help],
    argument:
      command.registeredArguments.length === 0 ? "none" : (command.registeredArguments[0]!.argChoices ?? "path"),
  }));
}

const help: CompletedOption = { long: "--help", short: "-h", words: "print the help of this command", value: "none" };

function completed({ long, short, description, flags, argChoices }: Option): CompletedOption {
  const isPath = /<(file|folder|path)>/.test(flags);
  const value = argChoices ?? (isPath ? "path" : /[<[]/.test(flags) ? "other" : "none");
  return { long: long!, short, words: shortened(description), value };
}

function shortened(text: string): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, text.lastIndexOf(" ", longest)).replace(/[,;:]$/, "")} ...`;
}
