import { expect } from "chai";
import { describe, it } from "mocha";
import { readTrigger } from "../../worker-runtime/src/clouds/triggers/read-trigger.ts";
import { child, cloudsUnderTest, ofType, register } from "./support.ts";

const aws = cloudsUnderTest.find(({ cloud }) => cloud === "aws")!;
const parsed = (text: unknown) => JSON.parse(text as string);

describe("The pipeline on AWS", () => {
  it("derives every time limit from the task's", async () => {
    const { resources } = await register(aws, { taskTimeoutSeconds: 100 });
    expect(child(resources, "worker").inputs.timeout).to.equal(150);
    expect(child(resources, "queue").inputs.visibilityTimeoutSeconds).to.equal(900);
    expect(child(resources, "dead-letters").inputs.messageRetentionSeconds).to.equal(14 * 86_400);
  });

  it("moves what failed too often to the dead letters, and tells somebody", async () => {
    const { resources } = await register(aws, { maxAttempts: 7, alertEmail: "ops@example.org" });
    const arn = "arn:aws:sqs:us-east-1:123456789012:pipe-dead-letters";
    expect(parsed(child(resources, "queue").inputs.redrivePolicy)).to.deep.equal({
      deadLetterTargetArn: arn,
      maxReceiveCount: 7,
    });
    const alarms = ofType(resources, "MetricAlarm").map(({ inputs }) => inputs);
    expect(alarms.map(({ metricName }) => metricName)).to.have.members([
      ...["ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage", "Errors", "Throttles"],
    ]);
    for (const { alarmActions } of alarms)
      expect(alarmActions).to.deep.equal(["arn:aws:sns:us-east-1:123456789012:pipe-alerts"]);
    const watched = alarms.find(({ metricName }) => metricName === "ApproximateNumberOfMessagesVisible");
    expect(watched).to.deep.include({ dimensions: { QueueName: "pipe-dead-letters" }, threshold: 0 });
  });

  it("forgets rounds, and keeps datasets and results", async () => {
    const { resources } = await register(aws, { roundRetentionDays: 20 });
    const rules = child(resources, "lifecycle").inputs.rules as {
      filter: { prefix: string };
      expiration?: { days: number };
    }[];
    const expiring = rules.filter(({ expiration }) => expiration);
    expect(expiring.map(({ filter, expiration }) => [filter.prefix, expiration!.days])).to.deep.equal([
      ["rounds/", 20],
    ]);
  });

  it("says in a schedule's message when it fired, so that two deliveries of it are one run", async () => {
    const { resources } = await register(aws, aws.full);
    const { target } = child(resources, "schedule-nightly").inputs as { target: { input: string } };
    const body = target.input.replace("<aws.scheduler.scheduled-time>", "2027-01-04T03:00:00Z");
    const trigger = (sentAtMs: number) => readTrigger({ body, sentAtMs });
    expect(trigger(0))
      .to.deep.equal(trigger(90_000))
      .and.to.include({ name: "sentiment", firing: "nightly-2027-01-04T03-00-00Z" });
  });

  it("lets the worker start tasks that start it again", async () => {
    const { resources } = await register(aws);
    expect(child(resources, "recursion").inputs.recursiveLoop).to.equal("Allow");
    expect(child(resources, "trigger").dependsOn).to.include("pipe-recursion");
  });

  it("gives rights before the first call, and blocks the public before it sets a policy", async () => {
    const { resources } = await register(aws, aws.full);
    expect(child(resources, "worker").dependsOn).to.include("pipe-worker-policy");
    expect(child(resources, "predictor").dependsOn).to.include("pipe-predictor-policy");
    expect(child(resources, "bucket-policy").dependsOn).to.include("pipe-public-access-block");
    expect(child(resources, "lifecycle").dependsOn).to.include("pipe-versioning");
    expect(child(resources, "new-data").dependsOn).to.include("pipe-queue-policy");
    for (const schedule of ofType(resources, "Schedule")) expect(schedule.dependsOn).to.include("pipe-schedule-policy");
  });

  it("refuses a key or a bucket in another form, and subnets without a security group", async () => {
    const error = await register(aws, {
      ...{ encryptionKey: "alias/mine", bucket: { existing: "s3://mine" }, network: { existingSubnets: ["subnet-1"] } },
    }).catch((reason: Error) => reason.message);
    for (const path of ["encryptionKey", "bucket.existing", "network.existingSecurityGroups"])
      expect(error).to.include(`\n  - ${path} `);
  });

  it("keeps, refuses to lose, or removes stored data, as the removal policy says", async () => {
    const stored = ["bucket", "registry", "log-group"];
    for (const [removalPolicy, force, retain] of [
      ["retain", false, true],
      ["empty", false, false],
      ["destroy", true, false],
    ] as const) {
      const { resources } = await register(aws, { removalPolicy });
      expect(child(resources, "bucket").inputs.forceDestroy).to.equal(force);
      expect(child(resources, "registry").inputs.forceDelete).to.equal(force);
      for (const { name, retainOnDelete } of resources)
        expect(retainOnDelete, name).to.equal(retain && stored.includes(name.slice(5)));
    }
  });

  it("leaves an adopted bucket's settings alone", async () => {
    const { resources } = await register(aws, { bucket: { existing: "mine" }, onNewData: true });
    expect(resources.filter(({ type }) => type.startsWith("aws:s3/")).map(({ name }) => name)).to.deep.equal([
      "pipe-new-data",
    ]);
    expect(JSON.stringify(child(resources, "worker-policy").inputs)).to.include("arn:aws:s3:::adopted/jobs/*");
  });

  it("uses the user's key for everything that is stored, and lets those who need it use it", async () => {
    const { resources } = await register(aws, aws.full);
    const key = aws.full.encryptionKey;
    expect(child(resources, "queue").inputs.kmsMasterKeyId).to.equal(key);
    expect(child(resources, "log-group").inputs.kmsKeyId).to.equal(key);
    expect(child(resources, "alerts").inputs.kmsMasterKeyId).to.equal(key);
    expect(JSON.stringify(child(resources, "encryption").inputs)).to.include(key);
    for (const policy of ["worker-policy", "submitter-policy", "schedule-policy", "predictor-policy"])
      expect(JSON.stringify(child(resources, policy).inputs), policy).to.include("kms:Decrypt");
  });

  it("asks for both permissions that a function URL needs", async () => {
    const { resources } = await register(aws, aws.full);
    const permissions = ofType(resources, "Permission").map(({ inputs }) => inputs);
    expect(permissions.map(({ action }) => action)).to.have.members([
      "lambda:InvokeFunctionUrl",
      "lambda:InvokeFunction",
    ]);
    for (const { principal } of permissions) expect(principal).to.equal(aws.full.predictCallers![0]);
  });

  it("builds for x86-64, pushes to its own registry, never in a preview, with a secret password", async () => {
    const { resources } = await register(aws, aws.options.build!);
    const { inputs, secrets } = child(resources, "image");
    expect(inputs).to.deep.include({
      ...{ platforms: ["linux/amd64"], push: true, buildOnPreview: false, target: "worker" },
      tags: ["123456789012.dkr.ecr.us-east-1.amazonaws.com/pipe-registry:latest"],
    });
    expect(secrets).to.deep.equal(["registries"]);
    expect(child(resources, "worker").inputs.imageUri).to.match(/pipe-registry@sha256:/);
    expect(child(resources, "registry").inputs.imageTagMutability).to.equal("MUTABLE");
  });
});
