/** Rows as aligned text: the first column to the left, numbers to the right. */
export function aligned(rows: readonly (readonly string[])[], indent = "  "): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    `${indent}${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ")}`.trimEnd(),
  );
}

/** "$12.34", "$0.0123", "$0.0000012" */
export function money(dollars: number): string {
  if (dollars === 0) return "$0";
  return `$${dollars >= 1 ? dollars.toFixed(2) : Number(dollars.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 12 })}`;
}

/** "12.3 MB" */
export function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
