import { expect } from "chai";
import { describe, it } from "mocha";
import { bodyOf } from "../../worker-runtime/src/clouds/azure/task-queue.ts";
import { readTrigger } from "../../worker-runtime/src/clouds/triggers/read-trigger.ts";

/** As docs.aws.amazon.com/AmazonS3: notification-content-structure prints it. */
const s3Event = (key: string, eventName = "ObjectCreated:Put") => ({
  Records: [
    {
      ...{ eventVersion: "2.1", eventSource: "aws:s3", awsRegion: "us-west-2", eventTime: "1970-01-01T00:00:00.000Z" },
      eventName,
      userIdentity: { principalId: "AIDAJDPLRKLG7UEXAMPLE" },
      requestParameters: { sourceIPAddress: "172.16.0.1" },
      responseElements: { "x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9" },
      s3: {
        ...{ s3SchemaVersion: "1.0", configurationId: "new-data" },
        bucket: { name: "amzn-s3-demo-bucket", ownerIdentity: { principalId: "A3NL1KOZZKExample" } },
        object: { key, size: 1024, eTag: "d41d8cd98f00b204e9800998ecf8427e", sequencer: "0055AED6DCD90281E5" },
      },
    },
  ],
});

/** As docs.cloud.google.com/storage/docs/json_api/v1/objects describes the payload JSON_API_V1. */
const storageObject = (name: string) => ({
  ...{ kind: "storage#object", id: `bucket/${name}/1536700000000000`, name, bucket: "bucket", size: "11" },
  ...{ generation: "1536700000000000", contentType: "text/csv", timeCreated: "2018-09-11T21:06:40.000Z" },
});

/** As learn.microsoft.com/azure/event-grid/event-schema-blob-storage prints it for CloudEvents. */
const cloudEvent = (name: string, type = "Microsoft.Storage.BlobCreated") => ({
  source: "/subscriptions/s/resourceGroups/Storage/providers/Microsoft.Storage/storageAccounts/my-storage-account",
  subject: `/blobServices/default/containers/data/blobs/${name}`,
  type,
  ...{ time: "2017-06-26T18:41:00.9584103Z", id: "831e1650-001e-001b-66ab-eeb76e069631", specversion: "1.0" },
  data: {
    ...{ api: "PutBlockList", clientRequestId: "6d79dbfb-0e37-4fc4-981f-442c9ca65760", eTag: "0x8D4BCC2E4835CD0" },
    ...{ contentType: "text/plain", contentLength: 524_288, blobType: "BlockBlob" },
    url: `https://my-storage-account.blob.core.windows.net/data/${name}`,
  },
});

const read = (message: unknown, sentAtMs?: number) =>
  readTrigger({ body: JSON.stringify(message), ...(sentAtMs !== undefined && { sentAtMs }) });

describe("a message that starts a job again", () => {
  const retrain = { job: "sentiment", schedule: "nightly" };
  const fired = Date.UTC(2026, 10, 25, 3, 0, 7);

  for (const [cloud, event] of [
    ["S3", s3Event],
    ["Cloud Storage", storageObject],
    ["Event Grid", cloudEvent],
  ] as const) {
    it(`is what ${cloud} tells of an object under incoming/`, () => {
      expect(read(event("incoming/sentiment/2026/part-1.csv"))).to.deep.equal({ kind: "data", names: ["sentiment"] });
    });

    it(`is not what ${cloud} tells of any other object`, () => {
      for (const key of ["incoming/part-1.csv", "incoming/sentiment/", "incoming/../jobs/x", "jobs/a/plan.json"])
        expect(read(event(key)), key).to.include(`the object "${key}", which is not incoming/<job>/<file>`);
    });
  }

  it("is read from Azure's queue as base64, and as Event Grid's plain JSON", () => {
    const event = JSON.stringify(cloudEvent("incoming/sentiment/a.csv"));
    for (const text of [event, Buffer.from(event).toString("base64")])
      expect(readTrigger({ body: bodyOf(text) })).to.deep.equal({ kind: "data", names: ["sentiment"] });
  });

  it("knows how S3 writes keys, and its test of the notification", () => {
    expect(read(s3Event("incoming/sentiment/caf%C3%A9+1.csv"))).to.deep.equal({ kind: "data", names: ["sentiment"] });
    expect(read(s3Event("incoming/sentiment/%E0%A4%A"))).to.equal(undefined);
    const test = { Service: "Amazon S3", Event: "s3:TestEvent", Time: "2014-10-13T15:57:02.089Z", Bucket: "bucket" };
    expect(read(test)).to.deep.equal({ kind: "data", names: [] });
  });

  it("is not one of another kind of event", () => {
    expect(read(s3Event("incoming/sentiment/a.csv", "ObjectRemoved:Delete"))).to.equal(undefined);
    expect(read(cloudEvent("incoming/sentiment/a.csv", "Microsoft.Storage.BlobDeleted"))).to.equal(undefined);
    expect(read({ kind: "storage#bucket", name: "incoming/sentiment/a.csv" })).to.equal(undefined);
    for (const other of [null, 1, "text", [], {}, { Records: [] }, { Records: [null] }, { Records: "all" }])
      expect(read(other), JSON.stringify(other)).to.equal(undefined);
    expect(readTrigger({ body: "hello" })).to.equal(undefined);
  });

  it("is one firing in all messages of one minute, and another in the next", () => {
    const of = (sentAtMs: number) => read({ retrain, trivet: 1 }, sentAtMs);
    expect(of(fired)).to.deep.equal({
      ...{ kind: "schedule", name: "sentiment", schedule: "nightly", firing: "nightly-2026-11-25T03-00" },
    });
    expect(of(fired + 52_000)).to.deep.equal(of(fired));
    expect(of(fired + 53_000)).to.not.deep.equal(of(fired));
  });

  it("may name its firing itself, in whatever letters", () => {
    const of = (firing: string) => read({ retrain: { ...retrain, firing }, trivet: 1 });
    expect(of("2026-11-25T03:00:00Z")).to.include({ firing: "nightly-2026-11-25T03-00-00Z" });
    expect(of("../../jobs")).to.include({ firing: "nightly-..-..-jobs" });
  });

  for (const [what, message] of [
    ["its version is 2, not 1", { retrain, trivet: 2 }],
    ["its job is not a job's name", { retrain: { ...retrain, job: "../x" }, trivet: 1 }],
    ["its job is not a job's name", { retrain: null, trivet: 1 }],
    ["it names no schedule", { retrain: { job: "sentiment" }, trivet: 1 }],
    ["neither it nor its queue says when the schedule fired", { retrain, trivet: 1 }],
  ] as const) {
    it(`is refused where ${what}`, () => {
      expect(read(message)).to.equal(what);
    });
  }
});
