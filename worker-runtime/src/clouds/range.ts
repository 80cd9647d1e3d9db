import type { ByteRange } from "../ports/object-store.ts";
import { BrokenReply } from "./retry.ts";

/** The bytes of a range; a range that leaves the object is an error, never a shorter answer. */
export function sliceOf(key: string, body: Uint8Array, range: ByteRange | undefined): Uint8Array {
  if (!range) return body;
  checkRange(key, body.length, range);
  return body.subarray(range.offsetBytes, range.offsetBytes + range.lengthBytes);
}

/** Throws when the range is not wholly inside an object of `sizeBytes`. */
export function checkRange(key: string, sizeBytes: number, { offsetBytes, lengthBytes }: ByteRange): void {
  if (offsetBytes < 0 || lengthBytes < 0 || offsetBytes + lengthBytes > sizeBytes)
    throw new RangeError(`${key} has ${sizeBytes} bytes; asked for ${lengthBytes} from byte ${offsetBytes} on`);
}

/** The range as an HTTP header says it: with the last byte, not the one behind it. Not for a range of 0 bytes. */
export function rangeHeader({ offsetBytes, lengthBytes }: ByteRange): string {
  return `bytes=${offsetBytes}-${offsetBytes + lengthBytes - 1}`;
}

/**
 * Throws unless the whole range came. HTTP answers with fewer bytes where a range leaves the object: `contentRange`, the
 * reply's header `bytes 0-9/10`, tells that from a reply that broke off.
 */
export function checkLength(
  key: string,
  bytes: Uint8Array,
  range: ByteRange,
  contentRange: string | null = null,
): void {
  if (bytes.length === range.lengthBytes) return;
  checkRange(key, Number(contentRange?.split("/")[1]), range);
  throw new BrokenReply(`${bytes.length} of ${range.lengthBytes} bytes came`);
}
