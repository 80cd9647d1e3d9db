import { styleText } from "node:util";

/** Data, for people and programs: standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Messages about the work: standard error. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

type Style = "bold" | "dim" | "red" | "green" | "yellow";

/** Styled for the stream it goes to; plain where that is no terminal or NO_COLOR is set, unless FORCE_COLOR is. */
export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}
