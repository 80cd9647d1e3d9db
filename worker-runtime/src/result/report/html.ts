/** Text that is known to be markup. Only `html` makes it, so whatever else reaches a page is escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: markup as it is, lists item by item, nothing for undefined and false, all else escaped. */
export type Content = Html | string | number | undefined | false | readonly Content[];

/** A template whose values are escaped. Attributes are to be quoted: html`<p title="${name}">${name}</p>`. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(parts.map((part, i) => (i === 0 ? part : markup(values[i - 1]) + part)).join(""));
}

function markup(value: Content): string {
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(markup).join("");
  return value === undefined || value === false ? "" : escaped(String(value));
}

/** Safe as text and within quotes. Control characters, which neither HTML nor XML can say, become U+FFFD. */
function escaped(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu, "\ufffd")
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/>/g, "&gt;")
      .replace(/"/g, "&quot;")
      .replace(/'/g, "&#39;")
  );
}
