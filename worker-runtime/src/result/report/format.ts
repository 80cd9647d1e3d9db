/** Numbers for people. Units are set apart by a no-break space. */

const gap = "\u00a0";

/** 54,000 */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** "1 round", "20 rounds" */
export function counted(value: number, noun: string): string {
  return `${count(value)}${gap}${noun}${value === 1 ? "" : "s"}`;
}

/** Three significant digits, without an exponent where that is as short: 0.0352, 1.43, 12,800, 2.1e-7. */
export function short(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e9) return value.toExponential(1).replace("e+", "e");
  return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

/** A held-out metric: those that are parts of a whole in percent, others as they are. */
export function metric(name: string, value: number): string {
  return isPart(name) ? percent(value, 1) : short(value);
}

/** The same for an axis, where digits depend on how near its marks are: "98.25 %", "100 %". */
export function metricTick(name: string, value: number): string {
  return isPart(name) ? trimmed(percent(value, 2)) : short(value);
}

function isPart(name: string): boolean {
  return /^(accuracy|recall|precision)/.test(name);
}

/** Without zeros at the end of a fraction: "10.0 s" as "10 s". */
export function trimmed(text: string): string {
  return text.replace(/(\.\d*?)0+(?=\u00a0)/, (_, kept: string) => (kept === "." ? "" : kept));
}

/** 0.984 as "98.4 %" */
export function percent(part: number, digits = 0): string {
  return Number.isFinite(part) ? `${(100 * part).toFixed(digits)}${gap}%` : "–";
}

/** "640 ms", "1.3 s", "4 min 12 s", "1 h 3 min" */
export function duration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)}${gap}ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)}${gap}s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${gap}min ${seconds % 60}${gap}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}${gap}h ${minutes % 60}${gap}min`;
}

/** Decimal units: "16.1 kB", "412 MB" */
export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = size;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))}${gap}${units[unit]}`;
}

/** "2026-11-24 09:30 UTC" */
export function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
