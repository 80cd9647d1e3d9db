import { createHash } from "node:crypto";

/** SHA-256 in hex; a string is hashed as UTF-8. */
export function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}

/**
 * JSON without spaces and with the keys of every object in order (UTF-16 code units), so that equal values have equal
 * texts and so equal hashes. As in JSON.stringify, an object's undefined fields are left out; anything else that JSON
 * cannot say (NaN, infinities, functions, undefined in a list) throws instead of silently becoming null.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${Array.from(value, canonicalJson).join(",")}]`;
  if (typeof value === "object" && !ArrayBuffer.isView(value)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    fields.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(",")}}`;
  }
  const what = ArrayBuffer.isView(value) ? value.constructor.name : `${typeof value} ${String(value)}`;
  throw new TypeError(`Not a JSON value: ${what}.`);
}
