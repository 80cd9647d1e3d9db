import type { ByteRange } from "../ports/object-store.ts";

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
