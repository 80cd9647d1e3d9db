import { createHash } from "node:crypto";
import { pageBody } from "@trivet/worker-runtime/result/report";
import { outcome } from "@trivet/worker-runtime/result/report/heading";
import { Html, html } from "@trivet/worker-runtime/result/report/html";
import { headOf } from "@trivet/worker-runtime/result/report/page";
import type { PageRecord } from "@trivet/worker-runtime/result/run-record";
import { script } from "./script.ts";

const scriptHash = createHash("sha256").update(script).digest("base64");

/** Nothing from elsewhere, one script that is known by its hash, and connections to where the page came from. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `script-src 'sha256-${scriptHash}'`,
  "style-src 'unsafe-inline'",
  "img-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The report's page as the run stands, with a line that says so and the script that keeps it up to date. */
export function livePage(record: PageRecord): string {
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
${headOf(`${record.document.name}: live`)}
</head>
<body>
<p class="live" role="status" id="live-status">${statusOf(record)}</p>
${pageBody(record)}
<script>${new Html(script)}</script>
</body>
</html>
`.text;
}

/** How the run stands, in words. */
export function statusOf(record: PageRecord): string {
  const value = record.metrics[record.primaryMetric];
  const measured = value === undefined ? "" : ` Held-out ${record.primaryMetric}: ${Number(value.toPrecision(4))}.`;
  return `${outcome(record)}${measured}`;
}
