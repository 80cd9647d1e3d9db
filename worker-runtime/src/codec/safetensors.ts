import { UserError } from "../errors.ts";

/**
 * safetensors (https://github.com/huggingface/safetensors): 8 bytes little-endian length of a JSON header, the header, and
 * the tensors' bytes side by side. Typed arrays are read and written as they lie in memory, so this needs a little-endian
 * machine, as all that Node runs on today are.
 */

const arrays = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  /** bfloat16: the upper half of a float32, as its 16 bits. */
  BF16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
};

export type TensorType = keyof typeof arrays;

/** A named array of a file: as many `values` as `shape` multiplies to. */
export interface SafeTensor {
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly values: Float64Array | Float32Array | Int32Array | Uint16Array | Int8Array | Uint8Array;
}

const headerLimitBytes = 16 * 2 ** 20;
const nameLimit = 512;
const rankLimit = 16;

/**
 * The bytes of a safetensors file. The same tensors and metadata always give the same bytes, in whatever order they come:
 * wide elements lie first, so that every tensor is aligned, then by name.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, SafeTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const ordered = [...tensors].sort(
    ([nameA, a], [nameB, b]) => elementBytes(b.type) - elementBytes(a.type) || (nameA < nameB ? -1 : 1),
  );
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) {
    entries.push(["__metadata__", Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)))]);
  }
  let offset = 0;
  for (const [name, { type, shape, values }] of ordered) {
    if (!isName(name)) throw new TypeError(`Not a name of a tensor: ${JSON.stringify(name)}`);
    if (!(values instanceof arrays[type]) || sizeOf(shape) !== values.length) {
      throw new TypeError(`Tensor "${name}": ${values.length} values are not ${type} of shape [${shape}].`);
    }
    entries.push([name, { dtype: type, shape, data_offsets: [offset, offset + values.byteLength] }]);
    offset += values.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8 + json.length, 8 + headerBytes);
  bytes.set(json, 8);
  let position = 8 + headerBytes;
  for (const [, { values }] of ordered) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), position);
    position += values.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file that may come from anywhere: whatever its header says is checked before use, and nothing
 * larger than `bytes` is allocated. A tensor is a view on `bytes` where its alignment allows, else a copy.
 * `name` is what an error calls the file. Throws `UserError` for anything but a well-formed file of the types above.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  name = "The safetensors file",
): { tensors: Map<string, SafeTensor>; metadata: Record<string, string> } {
  const { header, dataStart } = readHeader(bytes, name);
  const { __metadata__: metadata = {}, ...descriptions } = header;
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    throw broken(name, "its __metadata__ is not an object of strings");
  }
  const tensors = new Map<string, SafeTensor>();
  const ranges: [start: number, end: number, tensor: string][] = [];
  for (const [tensor, description] of Object.entries(descriptions)) {
    const { type, shape, start, end } = readDescription(tensor, description, name);
    if (dataStart + end > bytes.length) {
      throw broken(name, `"${tensor}" ends at byte ${dataStart + end} of ${bytes.length}; it may be truncated`);
    }
    ranges.push([start, end, tensor]);
    tensors.set(tensor, { type, shape, values: valuesAt(bytes, dataStart + start, end - start, type) });
  }
  ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let covered = 0;
  for (const [start, end, tensor] of ranges) {
    if (start !== covered) throw broken(name, `"${tensor}" starts at ${start} where ${covered} was due`);
    covered = end;
  }
  if (dataStart + covered !== bytes.length) {
    throw broken(name, `it has ${bytes.length} bytes where its header speaks of ${dataStart + covered}`);
  }
  return { tensors, metadata: metadata as Record<string, string> };
}

function readHeader(bytes: Uint8Array, name: string): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8) throw broken(name, `it has ${bytes.length} bytes, and a header alone takes 8`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > bytes.length - 8) throw broken(name, "it ends within its header; it may be truncated");
  if (length > headerLimitBytes) throw broken(name, `its header is longer than ${headerLimitBytes} bytes`);
  const dataStart = 8 + Number(length);
  let json: string;
  let header: unknown;
  try {
    json = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, dataStart));
    header = JSON.parse(json);
  } catch {
    throw broken(name, "its header is not JSON");
  }
  if (!isObject(header)) throw broken(name, "its header is not a JSON object");
  // JSON.parse keeps the last of several equal keys, where other readers may keep the first.
  if (countKeysInText(json) !== countKeys(header)) throw broken(name, "its header names something twice");
  return { header, dataStart };
}

function readDescription(tensor: string, description: unknown, name: string) {
  const wrong = (what: string) => broken(name, `${JSON.stringify(tensor.slice(0, 80))} ${what}`);
  if (!isName(tensor)) throw wrong(`is not a name: 1 to ${nameLimit} characters, no control characters`);
  if (!isObject(description)) throw wrong("is not described by an object");
  const { dtype: type, shape, data_offsets: offsets, ...others } = description;
  if (Object.keys(others).length > 0) throw wrong(`has an unknown property "${Object.keys(others)[0]}"`);
  if (typeof type !== "string" || !Object.hasOwn(arrays, type)) {
    throw wrong(`has the dtype ${JSON.stringify(type)}; known are ${Object.keys(arrays).join(", ")}`);
  }
  if (!isLengths(shape) || shape.length > rankLimit) throw wrong("has a shape that is not a list of whole numbers");
  if (!isLengths(offsets) || offsets.length !== 2) throw wrong("has data_offsets that are not two whole numbers");
  const [start, end] = offsets as [number, number];
  if (end - start !== sizeOf(shape) * elementBytes(type as TensorType)) {
    throw wrong(`takes ${end - start} bytes, which is not ${type} of shape [${shape}]`);
  }
  return { type: type as TensorType, shape, start, end };
}

function valuesAt(bytes: Uint8Array, start: number, lengthBytes: number, type: TensorType): SafeTensor["values"] {
  const length = lengthBytes / elementBytes(type);
  const position = bytes.byteOffset + start;
  if (position % elementBytes(type) === 0) return new arrays[type](bytes.buffer as ArrayBuffer, position, length);
  const values = new arrays[type](length);
  new Uint8Array(values.buffer).set(bytes.subarray(start, start + lengthBytes));
  return values;
}

function broken(name: string, what: string): UserError {
  return new UserError(`${name} is not a safetensors file that can be read: ${what}.`);
}

function elementBytes(type: TensorType): number {
  return arrays[type].BYTES_PER_ELEMENT;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isLengths(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function isName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  return name.length >= 1 && name.length <= nameLimit && name !== "__metadata__" && !/[\u0000-\u001f\u007f]/.test(name);
}

/** The keys of the header and of the objects right below it. */
function countKeys(header: Record<string, unknown>): number {
  let count = Object.keys(header).length;
  for (const value of Object.values(header)) if (isObject(value)) count += Object.keys(value).length;
  return count;
}

/** The strings before a colon in a text that is valid JSON. */
function countKeysInText(json: string): number {
  let count = 0;
  for (let i = json.indexOf('"'); i >= 0; i = json.indexOf('"', i + 1)) {
    i++;
    while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
    let next = i + 1;
    while (/\s/.test(json[next] ?? "")) next++;
    if (json[next] === ":") count++;
  }
  return count;
}
