import { type Html, html } from "./html.ts";
import { style } from "./style.ts";

/**
 * A page that needs nothing but itself. It holds no script and asks for no file, and its Content-Security-Policy forbids both, so
 * it can be mailed and hosted anywhere. It is well-formed XML too, so that tools can read it.
 */
export function frozenPage(title: string, body: Html): string {
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>
${headOf(title)}
</head>
<body>
${body}
</body>
</html>
`.text;
}

/** What the head of every page has. */
export function headOf(title: string): Html {
  return html`<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<link rel="icon" href="data:,"/>
<title>${title}</title>
<style>${style}</style>`;
}

/** The line above a page's title. */
export function eyebrow(words: string): Html {
  return html`<p class="eyebrow"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 8h18M7 8l-2 12M17 8l2 12M12 8v12"/></svg> ${words}</p>`;
}
