import { Chance } from "../simulation/chance.ts";

const pieces = [
  ...[
    '"',
    "'",
    "\n",
    "\r\n",
    "\r",
    "\t",
    ",",
    ":",
    "::",
    "{",
    "}",
    "[",
    "]",
    "null",
    "-",
    "- ",
    "&a ",
    "*a",
    "\0",
    "\ufeff",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "../",
    "/",
    "\\",
    "..",
    "1e999",
    "-0",
    "9007199254740993",
    "NaN",
    "\ud800",
    "\u2028",
  ],
  ...["[".repeat(3000), '{"a":'.repeat(2000), "a".repeat(5000), "\n".repeat(3000), ",".repeat(3000)],
].map((text) => Buffer.from(text));
const numbers = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** The n-th case of a seed: an entry of the corpus with one to six changes; a pure function of its arguments. */
export function mutated(seed: number, number: number, corpus: readonly Buffer[], isText: boolean): Buffer {
  const chance = new Chance(Math.imul(seed, 0x9e3779b1) ^ number);
  let bytes: Buffer = Buffer.from(chance.pick("entry", corpus));
  const changes = chance.whole("changes", 1, 6);
  for (let change = 0; change < changes; change++) bytes = changed(bytes, chance, corpus, isText);
  return bytes;
}

function changed(bytes: Buffer, chance: Chance, corpus: readonly Buffer[], isText: boolean): Buffer {
  const at = chance.whole("at", 0, bytes.length);
  const to = Math.min(bytes.length, at + chance.whole("length", 1, chance.pick("far", [1, 4, 16, 256])));
  const replaced = (piece: Uint8Array, end = to) => Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(end)]);
  const how = chance.next("how");
  if (how < 0.1) return bytes.subarray(0, at);
  if (how < 0.2) return replaced(Buffer.alloc(0));
  if (how < 0.3) return replaced(bytes.subarray(at, to), at);
  if (how < 0.4) {
    const other = chance.pick("other", corpus);
    const from = chance.whole("from", 0, other.length);
    return replaced(other.subarray(from, from + (to - at)));
  }
  if (isText && how < 0.75) return replaced(chance.pick("piece", pieces), chance.next("over") < 0.5 ? at : to);
  if (bytes.length === 0) return Buffer.from([chance.whole("byte", 0, 255)]);
  const place = Math.min(at, bytes.length - 1);
  if (how < 0.85) bytes[place]! ^= 1 << chance.whole("bit", 0, 7);
  else if (how < 0.9 || bytes.length < 8) bytes[place] = chance.whole("byte", 0, 255);
  else {
    const number = chance.pick("number", numbers);
    const start = Math.min(place, bytes.length - 8);
    const writes = [
      () => bytes.writeUInt32LE(number, start),
      () => bytes.writeUInt32BE(number, start),
      () => bytes.writeBigUInt64LE(BigInt(number) << 21n, start),
      () => bytes.writeUInt16BE(number & 0xffff, start),
    ];
    chance.pick("write", writes)();
  }
  return bytes;
}
