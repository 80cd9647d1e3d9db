import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import * as aws from "../../worker-runtime/src/clouds/aws/object-store.ts";
import * as sqs from "../../worker-runtime/src/clouds/aws/task-queue.ts";
import * as azure from "../../worker-runtime/src/clouds/azure/object-store.ts";
import * as storageQueue from "../../worker-runtime/src/clouds/azure/task-queue.ts";
import { explaining } from "../../worker-runtime/src/clouds/gcp/errors.ts";
import * as gcp from "../../worker-runtime/src/clouds/gcp/object-store.ts";
import * as pubSub from "../../worker-runtime/src/clouds/gcp/task-queue.ts";
import { UserError } from "../../worker-runtime/src/errors.ts";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import type { TaskQueue } from "../../worker-runtime/src/ports/task-queue.ts";
import { awsEnvironment, environment } from "../support/environment.ts";
import { type HttpReply, type Middleman, startMiddleman } from "../support/middleman.ts";
import { xmlReply } from "./bad-connection.ts";

/** What went wrong, said to a person. */
async function said(request: Promise<unknown>): Promise<UserError> {
  const error = await request.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).to.be.instanceOf(UserError);
  return error as UserError;
}

const jsonReply = (status: number, body: unknown): HttpReply => ({
  status,
  headers: { "content-type": "application/json" },
  body: Buffer.from(JSON.stringify(body)),
});
const googleReply = (code: number, message: string) => jsonReply(code, { error: { code, message, status: "X" } });

describe("what a cloud refuses, in words", () => {
  describe("as each cloud's service says it", () => {
    let cloud: Middleman;
    awsEnvironment();
    before(async () => {
      cloud = await startMiddleman("http://127.0.0.1:1");
    });
    after(() => cloud.stop());

    const stores: Record<string, () => ObjectStore> = {
      AWS: () => aws.openObjectStore("my-bucket", { endpoint: cloud.url }),
      "Google Cloud": () => gcp.openObjectStore("my-bucket", { endpoint: cloud.url }),
      Azure: () => azure.openObjectStore(`${cloud.url}/devstoreaccount1/my-bucket`),
    };
    const queues: Record<string, () => TaskQueue> = {
      AWS: () => sqs.openTaskQueue(`${cloud.url}/1/my-queue`, { endpoint: cloud.url }),
      "Google Cloud": () => pubSub.openTaskQueue("projects/p/topics/my-queue", { endpoint: cloud.url }),
      Azure: () => storageQueue.openTaskQueue(`${cloud.url}/devstoreaccount1/my-queue`),
    };
    const azureClock = xmlReply(403, "AuthenticationFailed");
    const cases: [cloud: string, what: string, reply: HttpReply, says: RegExp][] = [
      ["AWS", "a clock that is off", xmlReply(403, "RequestTimeTooSkewed"), /this machine's clock says.*NTP/],
      ["AWS", "another region", xmlReply(301, "PermanentRedirect"), /another one than its own. Set AWS_REGION/],
      ["AWS", "a region that signs wrongly", xmlReply(400, "AuthorizationHeaderMalformed"), /Set AWS_REGION/],
      ["AWS", "no right", xmlReply(403, "AccessDenied"), /may not use the bucket my-bucket.*submitter role/],
      ["AWS", "a login that has ended", xmlReply(400, "ExpiredToken"), /without valid credentials.*aws sso login/],
      [
        "AWS",
        "a bucket that is gone",
        xmlReply(404, "NoSuchBucket"),
        /the bucket my-bucket does not exist.*pulumi stack/,
      ],
      ["Google Cloud", "no right", googleReply(403, "no"), /may not use the bucket my-bucket.*submitter role/],
      ["Google Cloud", "nobody", googleReply(401, "Anonymous caller"), /without valid credentials.*gcloud auth/],
      ["Google Cloud", "a bucket that is gone", googleReply(404, "Gone."), /the bucket my-bucket does not exist/],
      ["Azure", "no right", xmlReply(403, "AuthorizationPermissionMismatch"), /may not use the container .*my-bucket/],
      ["Azure", "a login that has ended", xmlReply(401, "InvalidAuthenticationInfo"), /valid credentials.*az login/],
      ["Azure", "a container that is gone", xmlReply(404, "ContainerNotFound"), /my-bucket does not exist/],
      [
        "Azure",
        "a clock that is off",
        {
          ...azureClock,
          body: Buffer.from(
            azureClock.body
              .toString()
              .replace(
                "</Error>",
                "<AuthenticationErrorDetail>Request date header too old: 'x'</AuthenticationErrorDetail></Error>",
              ),
          ),
        },
        /this machine's clock says.*NTP/,
      ],
    ];
    for (const [name, what, reply, says] of cases)
      it(`${name}: ${what}`, async () => {
        cloud.handle = async () => reply;
        const store = stores[name]!();
        for (const request of [() => store.putIfAbsent("a", Buffer.from("x")), () => store.list("")]) {
          const { message, exitCode } = await said(request());
          expect(message)
            .to.match(says)
            .and.match(new RegExp(`${name}|credentials|region`));
          expect(exitCode).to.equal(2);
        }
      });

    it("tells of a queue too", async () => {
      const replies: Record<string, HttpReply> = {
        AWS: jsonReply(400, { __type: "com.amazonaws.sqs#QueueDoesNotExist", message: "no" }),
        "Google Cloud": googleReply(404, "Resource not found (resource=my-queue)."),
        Azure: xmlReply(404, "QueueNotFound"),
      };
      for (const [name, reply] of Object.entries(replies)) {
        cloud.handle = async () => reply;
        const { message } = await said(queues[name]!().send(["x"]));
        expect(message).to.match(/my-queue does not exist/);
      }
    });
  });

  describe("where nobody is signed in", () => {
    awsEnvironment();
    environment({
      ...{ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_EC2_METADATA_DISABLED: "true" },
      ...{ AWS_CONFIG_FILE: "/nowhere", AWS_SHARED_CREDENTIALS_FILE: "/nowhere" },
      ...{ GOOGLE_APPLICATION_CREDENTIALS: undefined, CLOUDSDK_CONFIG: "/nowhere", METADATA_SERVER_DETECTION: "none" },
      ...{ HOME: "/nowhere", AZURE_TOKEN_CREDENTIALS: "EnvironmentCredential" },
    });

    it("says how to sign in", async () => {
      const message = async (request: Promise<unknown>) => (await said(request)).message;
      const s3 = aws.openObjectStore("my-bucket");
      expect(await message(s3.list(""))).to.match(/^AWS was asked for the bucket my-bucket without.*aws sso login/);
      const topic = pubSub.openTaskQueue("projects/p/topics/t");
      expect(await message(topic.send(["x"]))).to.match(/^Google Cloud was asked for the topic .*gcloud auth/);
      const container = azure.openObjectStore("https://account.blob.core.windows.net/data");
      expect(await message(container.list(""))).to.match(/^Azure was asked for the container .*az login/);
    });

    it("asks for a region where AWS has none", async () => {
      delete process.env.AWS_REGION;
      expect((await said(aws.openObjectStore("my-bucket").list(""))).message).to.match(/names no region.*AWS_REGION/);
    });

    it("knows what a service account's key with a wrong time looks like", async () => {
      const error = new Error(
        "invalid_grant: Invalid JWT: Token must be a short-lived token. Check your iat and exp values",
      );
      expect((await said(explaining("x", () => Promise.reject(error)))).message).to.match(/this machine's clock says/);
    });
  });

  describe("where the cloud cannot be reached", () => {
    awsEnvironment();
    it("says so, and that it is worth another try", async function () {
      this.timeout(60_000);
      const gone = await startMiddleman("http://127.0.0.1:1");
      await gone.stop();
      const unreachable = [
        aws.openObjectStore("b", { endpoint: gone.url }).list(""),
        sqs.openTaskQueue(`${gone.url}/1/q`, { endpoint: gone.url }).send(["x"]),
        gcp.openObjectStore("b", { endpoint: gone.url }).get("k"),
        pubSub.openTaskQueue("projects/p/topics/q", { endpoint: gone.url }).send(["x"]),
        azure.openObjectStore(`${gone.url}/devstoreaccount1/b`).list(""),
        storageQueue.openTaskQueue(`${gone.url}/devstoreaccount1/q`).send(["x"]),
      ];
      for (const { message, exitCode } of await Promise.all(unreachable.map(said))) {
        expect(message).to.match(/could not be reached/);
        expect(exitCode).to.equal(3);
      }
    });
  });
});
