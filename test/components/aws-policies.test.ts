import { expect } from "chai";
import { before, describe, it } from "mocha";
import { requirePython, runPython } from "../support/python.ts";
import { deployerDocuments } from "./deployer/documents.ts";
import { cloudsUnderTest, register } from "./support.ts";

const aws = cloudsUnderTest.find(({ cloud }) => cloud === "aws")!;

/** Unknown actions, resources that do not fit an action, malformed documents: what Duo's parliament finds in each policy. */
async function findings(documents: readonly string[]): Promise<string[]> {
  const program = `
import json, sys
from parliament import analyze_policy_string
answers = []
for document in json.load(sys.stdin):
    for finding in analyze_policy_string(document).findings:
        answers.append(f"{finding.issue}: {finding.detail}")
json.dump(answers, sys.stdout)
`;
  return (await runPython(program, documents)) as string[];
}

describe("The policies on AWS", () => {
  before(async function () {
    await requirePython(this);
  });

  it("say only what AWS knows, by a validator that we did not write", async () => {
    const documents = new Set<string>();
    for (const args of [{}, aws.full, ...Object.values(aws.options)])
      for (const { type, inputs } of (await register(aws, args)).resources)
        if (/^aws:iam\/(policy|rolePolicy):/.test(type)) documents.add(inputs.policy as string);
    expect(documents.size).to.be.greaterThan(5);
    expect(await findings([...documents])).to.deep.equal([]);
  });

  it("of whoever deploys do so too, and are wide only where nobody knows the names before", async () => {
    const documents = Object.entries(await deployerDocuments()).filter(([name]) => name.startsWith("aws"));
    const found = await findings(documents.map(([, text]) => text));
    // Who writes a bucket's policy can give rights to its objects; the parts of a network have numbers for names.
    expect(
      found.filter((finding) => !/^RESOURCE_POLICY_PRIVILEGE_ESCALATION: .+ s3:PutBucketPolicy/.test(finding)),
    ).to.satisfy((rest: string[]) => rest.length === 1 && /^RESOURCE_STAR: \['ec2:[^s]/.test(rest[0]!));
  });

  it("would be found out", async () => {
    const document = (action: string, resource: string) =>
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: [action], Resource: [resource] }],
      });
    const found = await findings([
      document("s3:FetchObject", "arn:aws:s3:::b/*"),
      document("sqs:SendMessage", "arn:aws:s3:::b"),
    ]);
    expect(found).to.have.length(2);
    expect(found[0]).to.include("UNKNOWN_ACTION");
    expect(found[1]).to.include("RESOURCE_MISMATCH");
  });
});
