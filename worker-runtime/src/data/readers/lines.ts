import { UserError } from "../../errors.ts";

/** One line without its ending, and its 1-based number. */
export interface Line {
  readonly text: string;
  readonly line: number;
}

/** No text has such lines; a file that is not text at all may. */
const lineLimit = 2 ** 26;

/** Cuts UTF-8 text into lines that end with LF or CRLF. A byte-order mark is left out, and so are empty lines. */
export async function* lines(bytes: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder();
  let rest = "";
  let line = 0;
  for await (const chunk of bytes) {
    const texts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = texts.pop()!;
    if (rest.length > lineLimit) {
      throw new UserError(`${file}:${line + texts.length + 1}: the line is longer than ${lineLimit} characters.`);
    }
    const batch: Line[] = [];
    for (const text of texts) add(batch, text, ++line);
    yield batch;
  }
  const last: Line[] = [];
  add(last, rest + decoder.decode(), line + 1);
  yield last;
}

function add(batch: Line[], text: string, line: number): void {
  const ended = text.endsWith("\r") ? text.slice(0, -1) : text;
  if (ended !== "") batch.push({ text: ended, line });
}
