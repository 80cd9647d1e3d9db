// A program that machines.ts starts on real and emulated CPUs: prints a hash of what each part of usual networks gives.
import { sha256 } from "../../worker-runtime/src/hash.ts";
import { loadBackend } from "../../worker-runtime/src/training/backend.ts";
import { feed } from "../worker/training/support.ts";
import { parts, valuesOf } from "./layers.ts";

const { tf, native } = await loadBackend();
const input = (name: string, shape: number[]) => feed(name, ...shape).values as Float32Array;
const hashes = Object.keys(parts).map((name) => {
  const { portable } = valuesOf({ tf, native: native! }, name, input);
  return [name, sha256(new Uint8Array(portable.buffer, portable.byteOffset, portable.byteLength))];
});
console.log(JSON.stringify(Object.fromEntries(hashes)));
