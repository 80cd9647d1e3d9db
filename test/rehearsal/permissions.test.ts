import { expect } from "chai";
import { describe, it } from "mocha";
import type { Thing } from "../components/stub-provider.ts";
import { cloudsUnderTest, ofType, register } from "../components/support.ts";
import type { HttpRequest } from "../support/middleman.ts";
import { awsCalls, awsRefusal, awsRole } from "./permissions/aws.ts";
import { azureCalls, azureRole } from "./permissions/azure.ts";
import { Permissions } from "./permissions/calls.ts";
import { unused, withSettings } from "./permissions/explained.ts";
import { gcpCalls, gcpRole } from "./permissions/gcp.ts";

const ok = { status: 200, headers: {}, body: Buffer.alloc(0) };

function request(method: string, url: string, target?: string, body = ""): HttpRequest {
  return { method, url, headers: target ? { "x-amz-target": target } : {}, body: Buffer.from(body) };
}

const thing = (type: string, inputs: Record<string, unknown>): Thing => ({
  type,
  name: "x",
  id: "x",
  inputs,
  made: {},
});

describe("The check of each call against the deployed role", () => {
  it("refuses on AWS what the policy does not grant, and keeps count of both", async () => {
    const statement = { Effect: "Allow", Action: ["s3:PutObject"], Resource: ["arn:aws:s3:::b/jobs/*"] };
    const permissions = new Permissions(
      awsRole("worker", JSON.stringify({ Version: "2012-10-17", Statement: [statement] })),
    );
    const guard = permissions.guard(awsCalls, awsRefusal);
    const statusOf = async (asked: HttpRequest) => {
      const reply = await guard(asked, async () => ok);
      return reply === "hang up" ? reply : reply.status;
    };
    expect(await statusOf(request("PUT", "/b/jobs/a"))).to.equal(200);
    expect(await statusOf(request("PUT", "/b/rounds/a"))).to.equal(403);
    expect(await statusOf(request("DELETE", "/b/jobs/a"))).to.equal(403);
    expect(await statusOf(request("POST", "/", "AmazonSQS.SendMessageBatch", '{"QueueUrl":"http://x/1/q"}'))).to.equal(
      403,
    );
    expect([...permissions.made]).to.deep.equal([["s3:PutObject", 1]]);
    expect(permissions.refused.map(({ action }) => action)).to.deep.equal([
      ...["s3:PutObject", "s3:DeleteObject", "sqs:SendMessage"],
    ]);
  });

  it("refuses on Google Cloud another bucket, another prefix and another account's rights", async () => {
    const member = "serviceAccount:worker@p";
    const expression = 'resource.name.startsWith("projects/_/buckets/b/objects/jobs/")';
    const role = gcpRole(
      [
        thing("gcp:storage/bucketIAMMember", {
          bucket: "b",
          role: "roles/storage.objectCreator",
          member,
          condition: { expression },
        }),
        thing("gcp:storage/bucketIAMMember", {
          bucket: "b",
          role: "roles/storage.objectViewer",
          member: "serviceAccount:other@p",
        }),
        thing("gcp:pubsub/topicIAMMember", { topic: "t", role: "roles/pubsub.publisher", member }),
      ],
      "worker@p",
    );
    const allows = (method: string, url: string) => role.allows(gcpCalls(request(method, url))[0]!);
    expect(await allows("POST", "/upload/storage/v1/b/b/o?name=jobs%2Fa&uploadType=multipart")).to.equal(true);
    expect(await allows("POST", "/upload/storage/v1/b/b/o?name=rounds%2Fa&uploadType=multipart")).to.equal(false);
    expect(await allows("POST", "/upload/storage/v1/b/c/o?name=jobs%2Fa&uploadType=multipart")).to.equal(false);
    expect(await allows("GET", "/storage/v1/b/b/o/jobs%2Fa?alt=media")).to.equal(false);
    expect(await allows("POST", "/v1/projects/p/topics/t:publish")).to.equal(true);
    expect(await allows("POST", "/v1/projects/p/topics/u:publish")).to.equal(false);
    expect(await allows("POST", "/v1/projects/p/subscriptions/s:pull")).to.equal(false);
  });

  it("refuses on Azure a deletion, and a blob outside the condition's prefixes", async () => {
    const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
    const path = `@Resource[${blobs}:path] StringStartsWith 'jobs/'`;
    const condition = `(!(ActionMatches{'${blobs}/delete'})) AND ((!(ActionMatches{'${blobs}/write'}) AND !(ActionMatches{'${blobs}/add/action'})) OR (${path}))`;
    const roleDefinitionId = "/x/ba92f5b4-2d11-453d-a403-e96b0029c9fe";
    const assignment = { principalId: "p", scope: "/x/containers/data", roleDefinitionId, condition };
    const role = azureRole([thing("azure-native:authorization:RoleAssignment", assignment)], "p");
    const allows = (method: string, url: string) => role.allows(azureCalls(request(method, url))[0]!);
    expect(await allows("PUT", "/account/data/jobs/a")).to.equal(true);
    expect(await allows("GET", "/account/data/rounds/a")).to.equal(true);
    expect(await allows("PUT", "/account/data/rounds/a")).to.equal(false);
    expect(await allows("DELETE", "/account/data/jobs/a")).to.equal(false);
    expect(await allows("GET", "/account/other/jobs/a")).to.equal(false);
    expect(await allows("POST", "/account/tasks/messages")).to.equal(false);
    expect(await allows("GET", "/account/data?comp=metadata")).to.equal(false);
  });

  it("knows every action that AWS's policies grant with any setting", async () => {
    const aws = cloudsUnderTest.find(({ cloud }) => cloud === "aws")!;
    const granted = async (args: Parameters<typeof register>[1]) => {
      const { resources } = await register(aws, args);
      const policies = [...ofType(resources, "Policy"), ...ofType(resources, "RolePolicy")];
      return new Set(policies.flatMap(({ name, inputs }) => grantsOf(name, inputs)));
    };
    const grantsOf = (name: string, inputs: Readonly<Record<string, unknown>>) =>
      awsRole(name, String(inputs.policy)).grants.map(({ action }) => action);
    const byDefault = await granted({ predict: true });
    const withAll = await granted(aws.full);
    expect([...withAll].filter((action) => !byDefault.has(action)).sort()).to.deep.equal(
      Object.keys(withSettings).sort(),
    );
    for (const action of Object.values(unused.aws).flatMap(Object.keys)) expect(byDefault).to.include(action);
  });
});
