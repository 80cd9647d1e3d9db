import { mkdtempSync, rmSync } from "node:fs";
import { request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { PNG } from "pngjs";
import { answerFunctionUrl } from "../../worker-runtime/src/clouds/aws/function-url.ts";
import { MemoryObjectStore } from "../../worker-runtime/src/clouds/memory/object-store.ts";
import { MemoryTaskQueue } from "../../worker-runtime/src/clouds/memory/task-queue.ts";
import {
  maximumBodyBytes,
  type PredictionAnswer,
  PredictionEndpoint,
} from "../../worker-runtime/src/clouds/prediction/endpoint.ts";
import { servePredictions } from "../../worker-runtime/src/clouds/prediction/http-server.ts";
import { rowsOf } from "../../worker-runtime/src/clouds/prediction/rows.ts";
import { jobSchema } from "../../worker-runtime/src/job/document.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { submit } from "../../worker-runtime/src/protocol/submit.ts";
import { Worker, type WorkerParts } from "../../worker-runtime/src/protocol/worker.ts";
import { openLearner } from "../../worker-runtime/src/training/learner.ts";
import { ManualClock } from "../support/manual-clock.ts";
import type { World } from "../worker/protocol/world.ts";
import { cloudWorkerOn, type LogLine } from "./cloud-worker-on.ts";
import { reviews, smallJob } from "./small-job.ts";

/** One that trains with TensorFlow. */
const realLearner: WorkerParts["openLearner"] = (...given) => openLearner(...given, { nowMs: () => 0, onNotice() {} });

describe("the prediction endpoint", () => {
  const clock = new ManualClock();
  const trained = new MemoryObjectStore(clock);
  const folder = mkdtempSync(path.join(tmpdir(), "trivet-test-"));
  let job = "";
  let store: MemoryObjectStore;

  before(async function () {
    this.timeout(60_000);
    const { document, plan } = await smallJob(trained, folder);
    const queue = new MemoryTaskQueue(clock);
    job = plan.job;
    await submit(trained, queue, clock.nowMs(), document, plan);
    const worker = new Worker({
      ...{ store: trained, queue, clock, place: "here", peakMemoryBytes: () => 0, remainingMs: () => Infinity },
      openLearner: realLearner,
    });
    while (!(await trained.head(keys.result(job, "manifest.json")))) {
      const delivery = await queue.receive(300);
      if (delivery) await worker.handle(delivery);
      else clock.pass(30);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  /** The trained result as another job's, a second later. */
  async function addResult(name: string, change: (file: string, bytes: Buffer) => Buffer = (_, bytes) => bytes) {
    clock.pass(1);
    for (const { key } of await trained.list(keys.result(job, ""))) {
      const bytes = Buffer.from((await trained.get(key))!);
      await store.putIfAbsent(key.replace(job, name), change(key.split("/").at(-1)!, bytes));
    }
  }

  beforeEach(async () => {
    store = new MemoryObjectStore(clock);
    await addResult(job);
  });

  function endpointOn(objects = store) {
    const lines: LogLine[] = [];
    let opened = 0;
    const endpoint = new PredictionEndpoint({
      clock,
      log: (severity, message, fields = {}) => lines.push({ severity, message, fields }),
      async openStore() {
        opened++;
        return objects;
      },
    });
    const predict = (body: unknown, query = "") =>
      endpoint.answer({ ...{ method: "POST", path: "/predict", query }, body: JSON.stringify(body) });
    return { endpoint, predict, lines, opened: () => opened };
  }

  const errorOf = ({ status, body }: PredictionAnswer) => `${status} ${body.error}`;

  it("answers rows with the newest result, in their order, and loads its model once", async () => {
    const { predict, lines, opened } = endpointOn();
    const { status, body } = await predict([{ text: "fine text 3" }, "dull text 4"]);
    expect(status).to.equal(200);
    expect(body.job).to.equal(job);
    const [first, second] = body.predictions as { label: string; probabilities: Record<string, number> }[];
    expect([first!.label, second!.label]).to.deep.equal(["good", "bad"]);
    expect(first!.probabilities.good! + first!.probabilities.bad!).to.be.closeTo(1, 1e-4);
    expect(lines[0]!.message).to.equal(`Predicted 2 rows with ${job}.`);
    expect(lines[0]!.fields).to.include({ event: "predict", status: 200, job: job });
    const one = await predict({ text: "fine text 3" });
    expect(one.body.predictions).to.deep.equal([first]);
    expect(opened()).to.equal(1);
  });

  it("takes JSON Lines too", async () => {
    const body = '{"text":"fine text 3"}\n"dull text 4"\r\n\n';
    const answer = await endpointOn().endpoint.answer({ ...{ method: "POST", path: "/predict", query: "" }, body });
    expect((answer.body.predictions as object[]).length).to.equal(2);
  });

  it("takes pictures as PNG or JPEG files in base64", async () => {
    const document = jobSchema.parse({ name: "v", model: { kind: "image-classification" }, data: { train: "images" } });
    const png = new PNG({ width: 2, height: 1, colorType: 0 });
    png.data.set([7, 7, 7, 255, 9, 9, 9, 255]);
    const image = PNG.sync.write(png, { colorType: 0 }).toString("base64");
    const [row, broken] = await rowsOf(JSON.stringify([{ image }, { image: "aGVsbG8gdGhlcmU=" }]), document);
    expect(row)
      .to.have.property("values")
      .that.deep.equals({ image: { shape: [1, 2, 1], pixels: Uint8Array.of(7, 9) } });
    expect(broken).to.have.property("problem", 'column "image" cannot be read as a picture: neither PNG nor JPEG');
  });

  it("answers with what new data was trained to, from the message about it to the model", async () => {
    const { document, plan } = await smallJob(store, folder, { name: "daily" });
    const queue = new MemoryTaskQueue(clock);
    await submit(store, { send: async () => {} }, clock.nowMs(), document, plan);
    await store.putIfAbsent("incoming/daily/monday.csv", Buffer.from(reviews(0, 60).replaceAll("good", "splendid")));
    await queue.send([JSON.stringify({ kind: "storage#object", name: "incoming/daily/monday.csv", bucket: "data" })]);
    const { worker } = cloudWorkerOn({ clock, store, queue } as World, { openLearner: realLearner });
    for (let delivery = await queue.receive(300); delivery; delivery = await queue.receive(300))
      expect(await worker.handle(delivery, Infinity)).to.equal("done");
    const { body } = await endpointOn().predict("fine text 3", "job=daily");
    expect(body.predictions).to.have.nested.property("[0].label", "splendid");
    expect(body.job).to.not.equal(plan.job);
  });

  it("never answers with a job that has not finished", async () => {
    const { document, plan } = await smallJob(store, folder, { seed: 99 });
    clock.pass(1);
    await submit(store, { send: async () => {} }, clock.nowMs(), document, plan);
    await store.putIfAbsent(keys.result(plan.job, "model.safetensors"), Buffer.from("half"));
    const { predict } = endpointOn();
    expect((await predict("fine")).body.job).to.equal(job);
    expect((await predict("fine", "job=sentiment")).body.job).to.equal(job);
    expect(errorOf(await predict("fine", `job=${plan.job}`))).to.equal(
      `404 ${plan.job} has no result to predict with.`,
    );
  });

  it("answers with the newest result a minute after it was written at the latest, and with a named one always", async () => {
    const { predict } = endpointOn();
    await predict("fine");
    const [newer, other] = ["sentiment-11111111", "other-22222222-3"];
    await addResult(newer);
    await addResult(other);
    clock.pass(60);
    expect((await predict("fine")).body.job).to.equal(other);
    expect((await predict("fine", "job=sentiment")).body.job).to.equal(newer);
    expect((await predict("fine", "job=other")).body.job).to.equal(other);
    for (const name of [job, newer, other, job]) {
      const { status, body } = await predict("fine", `job=${name}`);
      expect({ status, job: body.job }).to.deep.equal({ status: 200, job: name });
    }
  });

  it("passes over what was cancelled, unless it is named", async () => {
    const cancelled = "sentiment-11111111";
    await addResult(cancelled, (file, bytes) =>
      file === "manifest.json"
        ? Buffer.from(String(bytes).replace('"state":"finished"', '"state":"cancelled"'))
        : bytes,
    );
    const { predict } = endpointOn();
    expect((await predict("fine", "job=sentiment")).body.job).to.equal(job);
    expect((await predict("fine", `job=${cancelled}`)).body.job).to.equal(cancelled);
  });

  it("refuses a request with a bad row whole, and names each", async () => {
    const { predict } = endpointOn();
    const { status, body } = await predict([{ text: "fine" }, { words: "fine" }, 7]);
    expect(status).to.equal(400);
    expect(body.error).to.equal("2 of 3 rows cannot be used, so nothing was predicted.");
    expect(body).to.not.have.property("predictions");
    const [second, third] = body.rows as { row: number; error: string }[];
    expect(second).to.include({ row: 2 });
    expect(second!.error).to.include('there is no column "text"');
    expect(third!.error).to.include("a record must be an object or a list, this one is 7");
    const lines = await endpointOn().endpoint.answer({
      ...{ method: "POST", path: "/predict", query: "" },
      body: "not json",
    });
    expect(lines.body.rows).to.have.length(1);
  });

  it("says what is wrong with a request in a sentence", async () => {
    const { endpoint, predict } = endpointOn();
    const ask = (method: string, path: string, body: string | undefined) =>
      endpoint.answer({ method, path, query: "", body });
    expect(errorOf(await predict("fine", "job=nobody"))).to.equal("404 There is no job nobody in this store.");
    expect(errorOf(await predict("fine", "job=../x"))).to.equal('404 "../x" is not a job\'s name.');
    expect(errorOf(await predict([]))).to.include("400 The body has no rows");
    expect(errorOf(await ask("POST", "/predict", ""))).to.include("400 The body has no rows");
    expect(errorOf(await ask("POST", "/predict", undefined))).to.include("413 The body is larger than");
    expect(errorOf(await predict(new Array(10_001).fill("a")))).to.include("413 The body has 10001 rows");
    expect(errorOf(await ask("GET", "/predict", ""))).to.equal("405 Rows are sent with POST.");
    expect(errorOf(await ask("GET", "/jobs", ""))).to.include("404 There is only POST /predict");
    const empty = endpointOn(new MemoryObjectStore(clock));
    expect(errorOf(await empty.predict("fine"))).to.equal("404 There is no finished job in this store yet.");
  });

  it("keeps what went wrong inside for its log, and tries again at the next request", async () => {
    const lines: string[] = [];
    let isDown = true;
    const endpoint = new PredictionEndpoint({
      clock,
      log: (severity, message) => lines.push(`${severity} ${message}`),
      async openStore() {
        if (isDown) throw new Error("no such bucket");
        return store;
      },
    });
    const post = () => endpoint.answer({ method: "POST", path: "/predict", query: "", body: '"fine"' });
    expect(errorOf(await post())).to.equal("500 The prediction failed; the endpoint's log says why.");
    expect(lines).to.deep.equal(["ERROR no such bucket"]);
    isDown = false;
    expect((await post()).status).to.equal(200);
  });

  it("uses no file whose bytes are not those that training wrote", async () => {
    await addResult("sentiment-11111111", (file, bytes) => {
      if (file === "model.safetensors") bytes[bytes.length - 1]! ^= 1;
      return bytes;
    });
    const { predict, lines } = endpointOn();
    expect((await predict("fine")).status).to.equal(500);
    expect(lines[0]!.message).to.include("model.safetensors is gone, or not what training wrote");
  });

  describe("on Lambda", () => {
    /** As docs.aws.amazon.com/lambda: urls-invocation prints it. */
    const event = (changes: object = {}, http: object = {}) =>
      JSON.stringify({
        ...{ version: "2.0", routeKey: "$default", rawPath: "/predict", rawQueryString: "job=sentiment&x=1" },
        headers: { "content-type": "application/json" },
        requestContext: {
          ...{ accountId: "123456789012", apiId: "<urlid>", authentication: null, stage: "$default" },
          http: { method: "POST", path: "/predict", protocol: "HTTP/1.1", sourceIp: "123.123.123.123", ...http },
        },
        ...{ body: '["fine text 3"]', isBase64Encoded: false },
        ...changes,
      });

    it("answers a function URL's request", async () => {
      const { endpoint } = endpointOn();
      const answer = await answerFunctionUrl(event(), endpoint);
      expect(answer.statusCode).to.equal(200);
      expect(answer.headers).to.deep.equal({ "content-type": "application/json" });
      expect(JSON.parse(answer.body).job).to.equal(job);
      const asBase64 = { body: Buffer.from('["fine text 3"]').toString("base64"), isBase64Encoded: true };
      expect(await answerFunctionUrl(event(asBase64), endpoint)).to.deep.equal(answer);
    });

    it("answers its health check, and refuses a large body and other events", async () => {
      const { endpoint, opened } = endpointOn();
      const health = event({ rawPath: "/", body: undefined }, { method: "GET" });
      expect((await answerFunctionUrl(health, endpoint)).statusCode).to.equal(200);
      const large = event({ body: "x".repeat(maximumBodyBytes + 1) });
      expect((await answerFunctionUrl(large, endpoint)).statusCode).to.equal(413);
      for (const other of ["hello", "null", "{}", '{"Records":[]}'])
        expect((await answerFunctionUrl(other, endpoint)).statusCode, other).to.equal(400);
      expect(opened()).to.equal(0);
    });
  });

  describe("over HTTP", () => {
    let server: Server | undefined;
    afterEach(() => {
      server?.closeAllConnections();
      server?.close();
    });

    async function serve() {
      server = await servePredictions(endpointOn().endpoint, 0);
      return (server.address() as AddressInfo).port;
    }

    it("answers POST /predict and health checks", async () => {
      const url = `http://127.0.0.1:${await serve()}`;
      const answer = await fetch(`${url}/predict?job=sentiment`, { method: "POST", body: '["fine text 3"]' });
      expect(answer.headers.get("content-type")).to.equal("application/json");
      expect(((await answer.json()) as { job: string }).job).to.equal(job);
      for (const path of ["/", "/healthz"]) expect((await fetch(`${url}${path}`)).status).to.equal(200);
      expect((await fetch(`${url}/predict`)).status).to.equal(405);
    });

    for (const [what, headers] of [
      ["that says how large it is", { "content-length": 100 * 2 ** 20 }],
      ["that does not say so", { "transfer-encoding": "chunked" }],
    ] as const) {
      it(`does not read a body of 100 MB ${what}`, async () => {
        const options = { ...{ port: await serve(), method: "POST", path: "/predict" }, headers };
        let sentBytes = 0;
        const status = await new Promise<number>((resolve, reject) => {
          const sent = request(options, async (response) => {
            isOver = true;
            expect(await text(response)).to.include("The body is larger than");
            resolve(response.statusCode!);
            sent.destroy();
          });
          let isOver = false;
          const chunk = Buffer.alloc(2 ** 16, "x");
          const send = () => {
            if (isOver || sentBytes >= 100 * 2 ** 20) return void sent.end();
            sentBytes += chunk.length;
            sent.write(chunk, send);
          };
          sent.on("error", (error) => isOver || reject(error));
          send();
        });
        expect(status).to.equal(413);
        // What lies in the buffers of both sides is sent too.
        expect(sentBytes).to.be.lessThan(40 * 2 ** 20);
      });
    }

    it("hangs up on a caller that never stops sending", async () => {
      const headers = { "transfer-encoding": "chunked" };
      const sent = request({ port: await serve(), method: "POST", path: "/predict", headers });
      sent.on("response", (response) => response.resume().on("error", () => {}));
      sent.on("error", () => {});
      const chunk = Buffer.alloc(2 ** 16, "x");
      const send = (): void => void (sent.destroyed || sent.write(chunk, () => setImmediate(send)));
      send();
      await new Promise((resolve) => sent.on("close", resolve));
    });
  });
});
