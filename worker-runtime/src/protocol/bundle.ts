import { createHash } from "node:crypto";
import { UserError } from "../errors.ts";
import type { ByteRange } from "../ports/object-store.ts";
import { DamagedObject } from "./damaged.ts";

/**
 * How updates, models and paused tasks are stored: a head of fixed size, then parts whose sizes the plan fixes. So a reader
 * knows the offset of each part beforehand, fetches only what it needs, and checks it against a hash that stands beside it.
 *
 *     0   content hash      SHA-256 of report hash and part hashes: what the object *is*
 *     32  report hash       SHA-256 of the report
 *     64  lengths           report and trace, two u32
 *     72  report            JSON; a pure function of the task's inputs
 *     ..  trace             JSON; times and places: not part of the content hash, since two honest runs differ in it
 *     4064 head's hash      SHA-256 of all bytes before it: the head can be checked without the parts
 *     headBytes             part 0: SHA-256, bytes; part 1: SHA-256, bytes; ...
 */
export const headBytes = 4096;
const hashBytes = 32;
const fixedBytes = 72;
const checkedBytes = headBytes - hashBytes;

/** The size in bytes of each part, hash not counted. */
export type BundleLayout = readonly number[];

export interface Bundle {
  readonly report: unknown;
  readonly trace: unknown;
  readonly parts: readonly Uint8Array[];
}

export interface BundleHead {
  readonly contentHash: string;
  readonly reportHash: string;
  readonly report: unknown;
  readonly trace: unknown;
}

/** The size of a bundle with these parts. */
export function bundleBytes(parts: readonly Uint8Array[]): number {
  return parts.reduce((size, part) => size + hashBytes + part.length, headBytes);
}

export function encodeBundle({ report, trace, parts }: Bundle): Uint8Array {
  const reportBytes = Buffer.from(JSON.stringify(report));
  const traceBytes = Buffer.from(JSON.stringify(trace));
  if (fixedBytes + reportBytes.length + traceBytes.length > checkedBytes)
    throw new UserError(
      `A task's report and trace have ${reportBytes.length + traceBytes.length} bytes, more than fit (${checkedBytes - fixedBytes}). ` +
        "Return fewer sums from the model's `score`.",
    );
  const object = Buffer.alloc(bundleBytes(parts));
  const content = createHash("sha256");
  const reportHash = sha256(reportBytes);
  content.update(reportHash);
  reportHash.copy(object, hashBytes);
  object.writeUInt32LE(reportBytes.length, 64);
  object.writeUInt32LE(traceBytes.length, 68);
  reportBytes.copy(object, fixedBytes);
  traceBytes.copy(object, fixedBytes + reportBytes.length);
  let offset = headBytes;
  for (const part of parts) {
    const hash = sha256(part);
    content.update(hash);
    hash.copy(object, offset);
    object.set(part, offset + hashBytes);
    offset += hashBytes + part.length;
  }
  content.digest().copy(object, 0);
  sha256(object.subarray(0, checkedBytes)).copy(object, checkedBytes);
  return object;
}

/** Where parts `first` to `last` lie; with the head when `withHead` (only together with part 0). */
export function partsRange(layout: BundleLayout, first: number, last: number, withHead = false): ByteRange {
  const start = (part: number) => layout.slice(0, part).reduce((offset, size) => offset + hashBytes + size, headBytes);
  const offsetBytes = withHead ? 0 : start(first);
  return { offsetBytes, lengthBytes: start(last + 1) - offsetBytes };
}

export const headRange: ByteRange = { offsetBytes: 0, lengthBytes: headBytes };

/** Reads and checks the head. `key` is for the error's sentence. */
export function decodeHead(key: string, bytes: Uint8Array): BundleHead {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, headBytes));
  if (head.length < headBytes) throw new DamagedObject(key);
  if (!sha256(head.subarray(0, checkedBytes)).equals(head.subarray(checkedBytes))) throw new DamagedObject(key);
  const reportEnd = fixedBytes + head.readUInt32LE(64);
  const traceEnd = reportEnd + head.readUInt32LE(68);
  if (traceEnd > checkedBytes) throw new DamagedObject(key);
  const report = head.subarray(fixedBytes, reportEnd);
  if (!sha256(report).equals(head.subarray(hashBytes, 2 * hashBytes))) throw new DamagedObject(key);
  return {
    contentHash: head.toString("hex", 0, hashBytes),
    reportHash: head.toString("hex", hashBytes, 2 * hashBytes),
    report: JSON.parse(report.toString()),
    trace: JSON.parse(head.toString("utf8", reportEnd, traceEnd)),
  };
}

/** Takes parts apart that were read in one range, and checks each. Returns views into `bytes`. */
export function decodeParts(key: string, bytes: Uint8Array, sizes: BundleLayout): { part: Uint8Array; hash: string }[] {
  const wholeBytes = sizes.reduce((sum, size) => sum + hashBytes + size, 0);
  if (bytes.length !== wholeBytes) throw new DamagedObject(key);
  let offset = 0;
  return sizes.map((size) => {
    const stored = Buffer.from(bytes.buffer, bytes.byteOffset + offset, hashBytes);
    const part = bytes.subarray(offset + hashBytes, offset + hashBytes + size);
    if (!sha256(part).equals(stored)) throw new DamagedObject(key);
    offset += hashBytes + size;
    return { part, hash: stored.toString("hex") };
  });
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
