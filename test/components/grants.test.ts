import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
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
