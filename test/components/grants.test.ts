import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { Cloud } from "../../components/limits.ts";
import { root } from "./languages.ts";
import { child, cloudsUnderTest, register } from "./support.ts";

const aws = cloudsUnderTest.find(({ cloud }) => cloud === "aws")!;

/** The action that AWS asks for where the SDK's command has another name. */
const actions: Readonly<Record<string, string>> = {
  CompleteMultipartUpload: "s3:PutObject",
  CreateMultipartUpload: "s3:PutObject",
  HeadObject: "s3:GetObject",
  ListObjectsV2: "s3:ListBucket",
  SendMessageBatch: "sqs:SendMessage",
  UploadPart: "s3:PutObject",
};

/** What the adapters of AWS can call, by their source: every command of the SDK that they import. */
function calledByAdapters(): Set<string> {
  const folder = path.join(root, "worker-runtime/src/clouds/aws");
  const sources = readdirSync(folder).map((file) => readFileSync(path.join(folder, file), "utf8"));
  const called = new Set<string>();
  for (const source of sources)
    for (const [, names, service] of source.matchAll(/import \{([^}]*)\} from "@aws-sdk\/client-(\w+)"/g))
      for (const [, command] of names!.matchAll(/(\w+)Command\b/g))
        called.add(actions[command!] ?? `${service}:${command}`);
  return called;
}

/** Granted to the worker, and not called by its code. */
const calledByThePlatform: Readonly<Record<string, string>> = {
  "logs:CreateLogStream": "Lambda itself, for the function's log",
  "logs:PutLogEvents": "Lambda itself, for the function's log",
};

/** In the adapters, and not for the worker. */
const calledByOthers: Readonly<Record<string, string>> = {
  "s3:DeleteObject": "garbage collection, by somebody with more rights; a worker never deletes",
};

describe("The worker's rights on AWS", () => {
  it("are what its adapters call and what the platform does in its name, line by line", async () => {
    const { resources } = await register(aws);
    const granted = new Set<string>(
      JSON.parse(child(resources, "worker-policy").inputs.policy as string).Statement.flatMap(
        ({ Action }: { Action: string[] }) => Action,
      ),
    );
    const called = calledByAdapters();
    expect(called.size).to.be.greaterThan(8);
    expect([...granted].filter((action) => !called.has(action)).sort()).to.deep.equal(
      Object.keys(calledByThePlatform).sort(),
    );
    expect([...called].filter((action) => !granted.has(action)).sort()).to.deep.equal(
      Object.keys(calledByOthers).sort(),
    );
  });

  it("reach every prefix under which the worker reads and writes", async () => {
    const { resources } = await register(aws);
    const statements = JSON.parse(child(resources, "worker-policy").inputs.policy as string).Statement as {
      Sid: string;
      Resource: string[];
    }[];
    const prefixes = (sid: string) =>
      statements.find(({ Sid }) => Sid === sid)!.Resource.map((arn) => arn.match(/\/([a-z]+)\/\*$/)![1]);
    expect(prefixes("Read")).to.have.members(["datasets", "jobs", "rounds", "incoming"]);
    expect(prefixes("Add")).to.have.members(["datasets", "jobs", "rounds"]);
  });
});

/** What lets an identity count the messages of a queue. Pub/Sub tells no number: one takes messages out, and gives them back. */
const countsWith: Readonly<Record<Cloud, string>> = {
  aws: "sqs:GetQueueAttributes",
  gcp: "roles/pubsub.subscriber",
  azure: "19e7f393-937e-4f77-808e-94535e297925", // Storage Queue Data Reader
};

describe("Submitters", () => {
  for (const under of cloudsUnderTest)
    it(`may count the dead letters on ${under.title}, and do no more with them`, async () => {
      const { resources } = await register(under, { submitters: under.full.submitters! });
      const found: Readonly<Record<Cloud, () => [who: string, right: string][]>> = {
        aws: () =>
          JSON.parse(child(resources, "submitter-policy").inputs.policy as string)
            .Statement.filter(({ Resource }: { Resource: string[] }) =>
              Resource.some((arn) => /dead-letters/.test(arn)),
            )
            .flatMap(({ Action }: { Action: string[] }) => Action.map((action) => ["submitter-policy", action])),
        gcp: () =>
          resources
            .filter(({ inputs }) => /dead-letter/.test(String(inputs.subscription)))
            .filter(({ inputs }) => /submitter-acc/.test(String(inputs.member)))
            .map(({ name, inputs }) => [name, String(inputs.role)]),
        azure: () =>
          resources
            .filter(({ name, inputs }) => /submitter/.test(name) && /tasks-poison$/.test(String(inputs.scope)))
            .map(({ name, inputs }) => [name, String(inputs.roleDefinitionId).split("/").at(-1)!]),
      };
      const rights = found[under.cloud]();
      // On Azure each of the named people has the right by themselves.
      expect(rights).to.have.length(under.cloud === "azure" ? 2 : 1);
      for (const [who, right] of rights) expect(right, who).to.equal(countsWith[under.cloud]);
    });
});
