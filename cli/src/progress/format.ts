/** "12,345" */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** "1 second", "12,345 seconds" */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Four decimals, or four significant digits where that would say too little. */
export function measure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) >= 0.01 || value === 0 ? value.toFixed(4) : value.toPrecision(4);
}

/** "850 ms", "12.3 s", "3 min 05 s", "2 h 04 min" */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes} min ${padded(Math.round(seconds) % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${padded(minutes % 60)} min`;
}

/** "12.3 s ago" */
export function ago(timeMs: number, nowMs: number): string {
  return `${duration(Math.max(0, nowMs - timeMs))} ago`;
}

/** Decimal units: "16.1 kB", "412 MB" */
export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, size)) / 3)));
  const value = size / 1000 ** unit;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

function padded(value: number): string {
  return String(value).padStart(2, "0");
}

/** As many parts as fit into the width, from the first on; the first is cut when even that does not fit. */
export function fitInto(parts: readonly string[], width: number): string {
  let text = parts[0]!.slice(0, width);
  for (const part of parts.slice(1)) {
    if (text.length + 2 + part.length > width) break;
    text += `  ${part}`;
  }
  return text;
}
