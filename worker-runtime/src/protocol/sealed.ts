import { canonicalJson, sha256 } from "../hash.ts";
import { DamagedObject } from "./damaged.ts";

/**
 * JSON with its own hash in the field `seal`. A flipped bit in what a task reads must not become part of the result: a
 * damaged bundle is known by its hashes, a damaged document, plan, manifest or decision by its seal.
 */
export function seal(value: object): string {
  return `${canonicalJson({ ...value, seal: sha256(canonicalJson(value)) })}\n`;
}

/** Reads what `seal` wrote. Throws DamagedObject; `key` is for its sentence. */
export function unseal<T extends object>(key: string, bytes: Uint8Array): T {
  const text = Buffer.from(bytes).toString();
  const value = unsealed(text);
  if (value === undefined) throw new DamagedObject(key);
  return value as T;
}

/** Without its seal; undefined for what is no JSON object, or has another seal. */
function unsealed(text: string): object | undefined {
  try {
    const { seal: _, ...value } = JSON.parse(text);
    return seal(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}
