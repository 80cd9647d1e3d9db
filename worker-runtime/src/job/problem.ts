export type Path = readonly (string | number)[];

/** Something wrong with a document, at a place in it. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
}

/** `training.learningRate`, `data.train[1]`. */
export function showPath(path: Path): string {
  return path
    .map((step, depth) => {
      if (typeof step === "number") return `[${step}]`;
      return /^[\w$-]+$/.test(step) ? (depth > 0 ? "." : "") + step : `[${showValue(step)}]`;
    })
    .join("");
}

/** A value as it may be printed in a sentence: JSON on one line, cut short, without characters that steer a terminal. */
export function showValue(value: unknown): string {
  if (value === null) return "nothing";
  const text = (typeof value === "number" ? String(value) : JSON.stringify(value)) ?? String(value);
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return short.replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
