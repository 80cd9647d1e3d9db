import { expect } from "chai";
import { it } from "mocha";
import { checkStore } from "../../worker-runtime/src/clouds/check-store.ts";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import { record } from "./table.ts";

/** How a suite gets the store under test: empty, a fresh one for each case. `other` is the same store seen by another process. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  readonly other: ObjectStore;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array | undefined) => body && new TextDecoder().decode(body);

/** What every object store must keep, whoever made it. */
export function objectStoreContract(backend: string, open: () => Promise<StoreUnderTest>): void {
  record("Object stores", backend);

  it("creates an object once; later writers learn that it exists and change nothing", async () => {
    const { store, other } = await open();
    expect(await store.putIfAbsent("jobs/a/x", bytes("first"))).to.equal("created");
    expect(await other.putIfAbsent("jobs/a/x", bytes("second, longer"))).to.equal("exists");
    expect(text(await other.get("jobs/a/x"))).to.equal("first");
  });

  it("has one winner among 50 concurrent writers, and everybody reads the winner's bytes", async () => {
    const { store, other } = await open();
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const from = i % 2 ? store : other;
        const answer = await from.putIfAbsent("race", bytes(`writer ${i}`));
        return { i, answer, read: text(await from.get("race")) };
      }),
    );
    const winners = answers.filter(({ answer }) => answer === "created");
    expect(winners).to.have.length(1);
    expect(new Set(answers.map(({ read }) => read))).to.deep.equal(new Set([`writer ${winners[0]!.i}`]));
  });

  it("shows what was written at once to get, head and list, from another process too", async () => {
    const { store, other } = await open();
    for (let i = 0; i < 20; i++) {
      await store.putIfAbsent(`jobs/list/${i}`, bytes(`${i}`));
      expect(text(await other.get(`jobs/list/${i}`))).to.equal(`${i}`);
      expect((await other.head(`jobs/list/${i}`))?.sizeBytes).to.equal(`${i}`.length);
      expect(await other.list("jobs/list/")).to.have.length(i + 1);
      expect(await other.list(`jobs/list/${i}`)).to.deep.include(await store.head(`jobs/list/${i}`));
    }
  });

  it("answers undefined for what is not there", async () => {
    const { store } = await open();
    await store.putIfAbsent("a/b", bytes("x"));
    expect(await store.get("a/c")).to.equal(undefined);
    expect(await store.get("a/b/c")).to.equal(undefined);
    expect(await store.head("nothing/at/all")).to.equal(undefined);
    expect(await store.list("nothing/")).to.deep.equal([]);
  });

  it("reads ranges at every edge, and refuses one that leaves the object", async () => {
    const { store } = await open();
    await store.putIfAbsent("digits", bytes("0123456789"));
    const range = (offsetBytes: number, lengthBytes: number) => store.get("digits", { offsetBytes, lengthBytes });
    expect(text(await range(0, 1))).to.equal("0");
    expect(text(await range(9, 1))).to.equal("9");
    expect(text(await range(0, 10))).to.equal("0123456789");
    expect(text(await range(4, 3))).to.equal("456");
    expect(text(await range(4, 0))).to.equal("");
    for (const [offset, length] of [
      [9, 2],
      [10, 1],
      [0, 11],
    ] as const) {
      const error = await range(offset, length).then(
        () => undefined,
        (error: Error) => error,
      );
      expect(error, `range ${offset}+${length}`).to.be.instanceOf(RangeError);
    }
    expect(await store.get("absent", { offsetBytes: 0, lengthBytes: 1 })).to.equal(undefined);
  });

  it("keeps keys with every allowed character apart, and refuses any other key", async () => {
    const { store, other } = await open();
    const names = [
      "A",
      "a",
      "a.b",
      "a-b",
      "a_b",
      "0",
      "a.part/0",
      `${"x".repeat(200)}/${"y".repeat(200)}`,
      "..a",
      "a..",
    ];
    for (const name of names) expect(await store.putIfAbsent(`k/${name}`, bytes(name)), name).to.equal("created");
    for (const name of names) expect(text(await other.get(`k/${name}`)), name).to.equal(name);
    for (const key of ["", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", "a b", "ä", "a\\b", "a\0", "x".repeat(513)]) {
      const error = await store.putIfAbsent(key, bytes("no")).then(
        () => undefined,
        (error: Error) => error,
      );
      expect(error, JSON.stringify(key)).to.be.instanceOf(TypeError);
    }
  });

  it("holds objects of 0 bytes, 1 byte, and around 5 MiB", async () => {
    const { store, other } = await open();
    const mebibytes5 = 5 * 2 ** 20;
    for (const size of [0, 1, mebibytes5 - 1, mebibytes5, mebibytes5 + 1]) {
      const body = new Uint8Array(size).fill(size % 251);
      if (size > 1) body[size - 1] = 7;
      expect(await store.putIfAbsent(`sizes/${size}`, body)).to.equal("created");
      const read = await other.get(`sizes/${size}`);
      expect(Buffer.compare(read!, body), `${size} bytes`).to.equal(0);
      expect((await other.head(`sizes/${size}`))?.sizeBytes).to.equal(size);
    }
  });

  it("holds an object of 100 MiB; of two who write it at once one wins, and nothing is mixed", async function () {
    this.timeout(120_000);
    const { store, other } = await open();
    const bodies = [1, 2].map((writer) => pattern(100 * 2 ** 20, writer));
    const answers = await Promise.all([store.putIfAbsent("large", bodies[0]!), other.putIfAbsent("large", bodies[1]!)]);
    expect(answers.toSorted()).to.deep.equal(["created", "exists"]);
    const winner = bodies[answers.indexOf("created")]!;
    expect(Buffer.compare((await other.get("large"))!, winner)).to.equal(0);
    const range = { offsetBytes: 16 * 2 ** 20 - 5, lengthBytes: 10 };
    expect([...(await store.get("large", range))!]).to.deep.equal([
      ...winner.subarray(16 * 2 ** 20 - 5, 16 * 2 ** 20 + 5),
    ]);
    expect((await store.head("large"))?.sizeBytes).to.equal(winner.length);
    expect((await store.list("large")).map(({ sizeBytes }) => sizeBytes)).to.deep.equal([winner.length]);
  });

  it("lists 2,500 keys in order, and only those with the prefix", async () => {
    const { store, other } = await open();
    const names = Array.from({ length: 2500 }, (_, i) => `many/${String((i * 7919) % 2500).padStart(6, "0")}`);
    for (let i = 0; i < names.length; i += 50)
      await Promise.all(names.slice(i, i + 50).map((name) => store.putIfAbsent(name, bytes("x"))));
    await store.putIfAbsent("manya", bytes("x"));
    const listed = (await other.list("many/")).map(({ key }) => key);
    expect(listed).to.deep.equal(names.toSorted());
    expect((await other.list("many/0000")).map(({ key }) => key)).to.deep.equal(
      listed.filter((key) => key < "many/0001"),
    );
    expect(await other.list("many")).to.have.length(2501);
  });

  it("tells when an object was created", async () => {
    const { store } = await open();
    await store.putIfAbsent("first", bytes("x"));
    await store.putIfAbsent("second", bytes("x"));
    const [first, second] = [await store.head("first"), await store.head("second")];
    expect(first!.createdAtMs).to.be.within(0, second!.createdAtMs);
    expect(Number.isSafeInteger(first!.createdAtMs)).to.equal(true);
  });

  it("deletes; after that the key is free again", async () => {
    const { store, other } = await open();
    await store.putIfAbsent("gone", bytes("1"));
    await store.delete("gone");
    await store.delete("gone");
    expect(await other.get("gone")).to.equal(undefined);
    expect(await other.list("gone")).to.deep.equal([]);
    expect(await other.putIfAbsent("gone", bytes("2"))).to.equal("created");
  });

  it("does not hand out bytes that a caller can change", async () => {
    const { store } = await open();
    const body = bytes("mine");
    await store.putIfAbsent("copy", body);
    body[0] = 0;
    (await store.get("copy"))![1] = 0;
    expect(text(await store.get("copy"))).to.equal("mine");
  });

  it("passes the short contract, which leaves nothing behind", async () => {
    const { store } = await open();
    expect((await checkStore(store)).filter(({ problem }) => problem)).to.deep.equal([]);
    expect(await store.list("")).to.deep.equal([]);
  });
}

/** Bytes that differ from place to place and from writer to writer. */
function pattern(length: number, writer: number): Uint8Array {
  const words = new Uint32Array(length / 4);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i, 2654435761) ^ writer;
  return new Uint8Array(words.buffer);
}
