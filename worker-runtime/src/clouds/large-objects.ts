const mebibyte = 2 ** 20;

/** Objects of more bytes are sent in parts: a try that fails then costs one part, and parts travel side by side. */
export const largeObjectBytes = 32 * mebibyte;
export const partBytes = 16 * mebibyte;
export const concurrentParts = 4;

export interface Part {
  /** From 1 on, as S3 counts them. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

export function partsOf(body: Uint8Array): Part[] {
  const count = Math.ceil(body.length / partBytes);
  return Array.from({ length: count }, (_, i) => ({
    number: i + 1,
    bytes: body.subarray(i * partBytes, (i + 1) * partBytes),
  }));
}
