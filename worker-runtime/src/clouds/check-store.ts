import { randomBytes, randomUUID } from "node:crypto";
import { sha256 } from "../hash.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { keyPrefixes } from "../protocol/keys.ts";
import { type Finding, findings } from "./findings.ts";

const writers = 8;
const sizeBytes = 256 * 1024;

/**
 * The short form of the contract of object stores (test/contract/object-store.ts), for a store that is in use: whether it
 * keeps what the write-once protocol rests on. Writes a dozen objects under keys of its own and removes them.
 */
export async function checkStore(store: ObjectStore): Promise<Finding[]> {
  const prefix = `${keyPrefixes.jobs}check-${randomUUID()}/`;
  const body = randomBytes(sizeBytes);
  return findings({
    "create if absent": async () => {
      const key = `${prefix}race`;
      const bodies = Array.from({ length: writers }, (_, i) => Buffer.from(`writer ${i}`));
      const answers = await Promise.all(bodies.map((body) => store.putIfAbsent(key, body)));
      const winners = answers.filter((answer) => answer === "created").length;
      if (winners !== 1)
        return `of ${writers} concurrent writers of one key ${winners} were told that they created it, not 1: it ignores preconditions`;
      const winner = bodies[answers.indexOf("created")]!;
      const late = await store.putIfAbsent(key, Buffer.from("late"));
      const stored = await store.get(key);
      if (late !== "exists" || !stored || sha256(stored) !== sha256(winner))
        return "an object that was there already was overwritten";
    },
    "read after write": async () => {
      if ((await store.putIfAbsent(`${prefix}whole`, body)) !== "created") return "a new key was said to exist";
      const read = await store.get(`${prefix}whole`);
      if (!read) return "an object was not there right after it had been written";
      if (sha256(read) !== sha256(body)) return `${read.length} bytes came back of ${sizeBytes}, or other ones`;
      if ((await store.head(`${prefix}whole`))?.sizeBytes !== sizeBytes) return "an object's size is told wrongly";
    },
    ranges: async () => {
      const range = { offsetBytes: 1000, lengthBytes: 100_000 };
      const part = await store.get(`${prefix}whole`, range);
      if (!part || sha256(part) !== sha256(body.subarray(1000, 101_000))) return "a range brought other bytes";
      const beyond = { offsetBytes: sizeBytes - 10, lengthBytes: 11 };
      const refused = await store.get(`${prefix}whole`, beyond).then(
        () => false,
        (error) => error instanceof RangeError,
      );
      if (!refused) return "a range that leaves the object was answered, with less than was asked for";
    },
    "list after write": async () => {
      for (let i = 1; i <= 3; i++) {
        await store.putIfAbsent(`${prefix}list/${i}`, Buffer.from("x"));
        const listed = await store.list(`${prefix}list/`);
        if (listed.length !== i)
          return `${listed.length} objects were listed right after ${i} had been written: it lists late`;
      }
    },
    "nothing where nothing is": async () => {
      const key = `${prefix}absent`;
      if ((await store.get(key)) || (await store.head(key))) return "an object was there that nobody wrote";
    },
    removal: async () => {
      for (const { key } of await store.list(prefix)) await store.delete(key);
      const left = (await store.list(prefix)).length;
      if (left > 0) return `${left} objects were still listed after they had been removed`;
    },
  });
}
