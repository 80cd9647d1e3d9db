import { expect } from "chai";
import { after, afterEach, before, it } from "mocha";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import { Random } from "../../worker-runtime/src/training/random.ts";
import { type HttpReply, type HttpRequest, type Middleman, startMiddleman } from "../support/middleman.ts";
import { record } from "./table.ts";

/** A store whose requests pass through a proxy, and how one cloud says things in HTTP. */
export interface WiredStore {
  /** Where the emulator listens. */
  readonly emulatorUrl: () => string;
  /** Opens a store of its own, whose requests go to `proxyUrl`. */
  readonly open: (proxyUrl: string) => Promise<ObjectStore>;
  /** The request that stores an object. */
  readonly isPut: (request: HttpRequest) => boolean;
  /** The request that reads an object's bytes. */
  readonly isRead: (request: HttpRequest) => boolean;
  /** A refused put, where no object is: another write is under way, or was until now. */
  readonly refusal: HttpReply;
}

export const xmlReply = (status: number, code: string): HttpReply => ({
  status,
  headers: { "content-type": "application/xml", "x-ms-error-code": code },
  body: Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`),
});

const seed = 20261125;
const bytes = (length: number) => new Uint8Array(length).map((_, i) => i % 251);

/** What a store must keep when the network and the cloud do not. */
export function badConnectionContract(backend: string, wired: WiredStore): void {
  record("Object stores behind a bad network", backend);
  let proxy: Middleman;
  before(async () => {
    proxy = await startMiddleman(wired.emulatorUrl);
  });
  after(() => proxy?.stop());
  afterEach(() => {
    proxy.handle = (request, send) => send(request);
  });
  const open = async () => {
    const store = await wired.open(proxy.url);
    proxy.requests.length = 0;
    return store;
  };
  /** Runs `fault` on the first request that matches, and passes all others on. */
  const first = (matches: (request: HttpRequest) => boolean, fault: Middleman["handle"]) => {
    let done = false;
    proxy.handle = (request, send) => {
      if (done || !matches(request)) return send(request);
      done = true;
      return fault(request, send);
    };
  };

  it(`survives 503, refused puts and lost connections at random (seed ${seed})`, async function () {
    this.timeout(120_000);
    const store = await open();
    let count = 0;
    proxy.handle = async (request, send) => {
      const draw = new Random(seed, "proxy").uniform(count++);
      if (draw < 0.12) return xmlReply(503, "SlowDown");
      if (draw < 0.18) return "hang up";
      if (draw < 0.3 && wired.isPut(request)) return wired.refusal;
      const reply = await send(request);
      return draw > 0.94 ? "hang up" : reply;
    };
    const names = Array.from({ length: 16 }, (_, i) => `bad/${i}`);
    const answers = await Promise.all(names.map((name) => store.putIfAbsent(name, Buffer.from(name))));
    expect(answers).to.deep.equal(names.map(() => "created"));
    const again = await Promise.all(names.map((name) => store.putIfAbsent(name, Buffer.from("other"))));
    expect(again).to.deep.equal(names.map(() => "exists"));
    const read = await Promise.all(names.map((name) => store.get(name)));
    expect(read.map((body) => Buffer.from(body!).toString())).to.deep.equal(names);
    expect(await store.list("bad/")).to.have.length(names.length);
  });

  it("says created when the reply to its own put was lost, and exists when somebody else's is there", async () => {
    const store = await open();
    first(wired.isPut, async (request, send) => {
      await send(request);
      return "hang up";
    });
    expect(await store.putIfAbsent("mine", bytes(10))).to.equal("created");
    expect(proxy.requests.filter(wired.isPut)).to.have.length.above(1);
    expect(await store.putIfAbsent("mine", bytes(10))).to.equal("exists");
  });

  it("tries a put again that was refused though no object is there", async () => {
    const store = await open();
    first(wired.isPut, async () => wired.refusal);
    expect(await store.putIfAbsent("refused", bytes(10))).to.equal("created");
    expect([...(await store.get("refused"))!]).to.deep.equal([...bytes(10)]);
  });

  it("gives up a put that is refused again and again though no object is there, and says so", async function () {
    this.timeout(60_000);
    const store = await open();
    proxy.handle = async (request, send) => (wired.isPut(request) ? wired.refusal : send(request));
    const error = await store.putIfAbsent("refused/ever", bytes(10)).catch((error: Error) => error);
    expect(error)
      .to.be.an("error")
      .with.property("message")
      .that.matches(/refused\/ever could not be stored/);
  });

  for (const [damage, change] of Object.entries<(reply: HttpReply) => HttpReply>({
    "with a flipped bit": (reply) => ({ ...reply, body: flipped(reply.body) }),
    "cut short": (reply) => ({ ...reply, cutAfterBytes: reply.body.length / 2 }),
    "shorter than it says": (reply) => ({ ...reply, body: reply.body.subarray(0, -1) }),
  })) {
    it(`reads again what came ${damage}`, async () => {
      const store = await open();
      await store.putIfAbsent("damaged", bytes(5000));
      first(wired.isRead, async (request, send) => change(await send(request)));
      expect(Buffer.compare((await store.get("damaged"))!, bytes(5000))).to.equal(0);
      expect(proxy.requests.filter(wired.isRead)).to.have.length.above(1);
    });

    it(`never hands out what always comes ${damage}`, async function () {
      this.timeout(60_000);
      const store = await open();
      await store.putIfAbsent("damaged/ever", bytes(5000));
      proxy.handle = async (request, send) => {
        const reply = await send(request);
        return wired.isRead(request) ? change(reply) : reply;
      };
      const answer = await store.get("damaged/ever").catch((error: Error) => error);
      expect(answer).to.be.an("error");
    });
  }

  it("reads a range again that came cut short", async () => {
    const store = await open();
    await store.putIfAbsent("range", bytes(5000));
    first(wired.isRead, async (request, send) => {
      const reply = await send(request);
      return { ...reply, body: reply.body.subarray(0, 50) };
    });
    const range = { offsetBytes: 100, lengthBytes: 200 };
    expect([...(await store.get("range", range))!]).to.deep.equal([...bytes(5000).subarray(100, 300)]);
  });

  it("never hands out what was damaged on the way to the store", async () => {
    const store = await open();
    first(wired.isPut, (request, send) => send({ ...request, body: flipped(request.body) }));
    // Where the store checks what comes, as the clouds do, the put fails; moto leaves it to the reader.
    const put = await store.putIfAbsent("upload", bytes(100_000)).catch((error: Error) => error);
    const read = await store.get("upload").catch((error: Error) => error);
    expect(put instanceof Error || read instanceof Error).to.equal(true);
    expect(read).not.to.be.instanceOf(Uint8Array);
  });
}

/** With one bit in the middle turned. */
function flipped(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  changed[Math.floor(body.length / 2)]! ^= 1;
  return changed;
}
