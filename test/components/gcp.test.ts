import { expect } from "chai";
import { describe, it } from "mocha";
import { cores } from "../../components/gcp/worker.ts";
import { child, cloudsUnderTest, ofType, register } from "./support.ts";

const gcp = cloudsUnderTest.find(({ cloud }) => cloud === "gcp")!;

/** The part of a service's template that the tests look at. */
interface Template {
  readonly timeout: string;
  readonly maxInstanceRequestConcurrency: number;
  readonly scaling: { readonly minInstanceCount: number; readonly maxInstanceCount: number };
  readonly containers: readonly [
    { readonly resources: { readonly limits: Record<string, string>; readonly cpuIdle: boolean } },
  ];
}
const templateOf = (inputs: Readonly<Record<string, unknown>>) => inputs.template as Template;

describe("The pipeline on Google Cloud", () => {
  it("derives every time limit from the task's, within what a push may take", async () => {
    const { resources } = await register(gcp, { taskTimeoutSeconds: 540 });
    expect(templateOf(child(resources, "worker").inputs).timeout).to.equal("590s");
    expect(child(resources, "trigger").inputs.ackDeadlineSeconds).to.equal(600);
  });

  it("takes one message per instance, up to the cap, from zero", async () => {
    const { resources } = await register(gcp, { maxConcurrency: 33 });
    const { maxInstanceRequestConcurrency, scaling, containers } = templateOf(child(resources, "worker").inputs);
    expect(maxInstanceRequestConcurrency).to.equal(1);
    expect(scaling).to.deep.equal({ minInstanceCount: 0, maxInstanceCount: 33 });
    expect(containers[0].resources.cpuIdle).to.equal(true);
  });

  it("gives as many cores as Cloud Run has for that memory", () => {
    expect([1024, 2048, 2049, 4096, 8192, 8193, 12_288, 32_768].map(cores)).to.deep.equal([1, 1, 2, 2, 4, 6, 6, 8]);
  });

  it("gives Pub/Sub the rights without which it would silently keep dead letters", async () => {
    const { resources } = await register(gcp, { maxAttempts: 30 });
    expect(child(resources, "trigger").inputs.deadLetterPolicy).to.deep.equal({
      deadLetterTopic: "projects/my-project/topics/pipe-dead-letters",
      maxDeliveryAttempts: 30,
    });
    const { member } = child(resources, "dead-letter-publisher").inputs;
    expect(member).to.match(/pubsub-agent/);
    expect(child(resources, "dead-letter-publisher").inputs).to.include({
      topic: "pipe-dead-letters",
      role: "roles/pubsub.publisher",
    });
    expect(child(resources, "trigger-subscriber").inputs).to.include({
      subscription: "pipe-trigger",
      role: "roles/pubsub.subscriber",
      member,
    });
    expect(child(resources, "dead-letter-subscription").inputs.messageRetentionDuration).to.equal("1209600s");
  });

  it("has no subscription that expires when idle", async () => {
    const { resources } = await register(gcp);
    for (const { inputs } of ofType(resources, "Subscription"))
      expect(inputs.expirationPolicy).to.deep.equal({ ttl: "" });
  });

  it("can be destroyed", async () => {
    const { resources } = await register(gcp, gcp.full);
    for (const { inputs } of ofType(resources, "Service").filter(({ type }) => type.includes("cloudrunv2")))
      expect(inputs.deletionProtection).to.equal(false);
  });

  it("watches age, errors, dead letters and throttles", async () => {
    const { resources } = await register(gcp, { alertEmail: "ops@example.org" });
    const alarms = ofType(resources, "AlertPolicy");
    const filters = alarms.map(({ inputs }) => JSON.stringify(inputs.conditions));
    for (const words of ["num_undelivered_messages", "oldest_unacked_message_age", "5xx", "429"])
      expect(
        filters.filter((filter) => filter.includes(words)),
        words,
      ).to.have.length(1);
    for (const { inputs } of alarms) expect(inputs.notificationChannels).to.deep.equal(["pipe-alert-email-id"]);
  });

  it("lets nobody overwrite or delete an object, and only where they write", async () => {
    const { resources } = await register(gcp, gcp.full);
    const grants = ofType(resources, "BucketIAMMember").map(({ inputs }) => inputs);
    expect(new Set(grants.map(({ role }) => role))).to.deep.equal(
      new Set(["roles/storage.objectViewer", "roles/storage.objectCreator"]),
    );
    for (const { role, condition } of grants)
      if (role === "roles/storage.objectCreator") expect(condition).to.be.an("object");
    const submitter = JSON.stringify(child(resources, "submitter-creator").inputs.condition);
    expect(submitter).to.include("objects/jobs/").and.to.include("objects/incoming/").and.not.to.include("rounds/");
  });

  it("waits for the APIs and for the rights on the user's key", async () => {
    const { resources } = await register(gcp, gcp.full);
    expect(child(resources, "bucket").dependsOn).to.include("pipe-api-storage").and.to.include("pipe-key-user-storage");
    expect(child(resources, "worker").dependsOn).to.include("pipe-api-run").and.to.include("pipe-key-user-run");
    const { resources: without } = await register(gcp, { enableApis: false });
    expect(without.filter(({ type }) => type === "gcp:projects/service:Service")).to.deep.equal([]);
  });

  it("stores log lines once", async () => {
    const { resources } = await register(gcp, gcp.full);
    const { filter } = child(resources, "log-sink").inputs;
    expect(filter).to.include("pipe-worker").and.to.include("pipe-predictor");
    expect(child(resources, "log-exclusion").inputs.filter).to.equal(filter);
  });

  it("has a GPU when asked, and says what that needs", async () => {
    const { resources } = await register(gcp, gcp.options.gpu!);
    const { containers, ...template } = templateOf(child(resources, "worker").inputs);
    expect(containers[0].resources.limits).to.deep.equal({ cpu: "8", memory: "16384Mi", "nvidia.com/gpu": "1" });
    expect(containers[0].resources.cpuIdle).to.equal(false);
    expect(template).to.deep.include({ nodeSelector: { accelerator: "nvidia-l4" } });
    const error = await register(gcp, { gpu: true }).catch((reason: Error) => reason.message);
    expect(error).to.include("memoryMib must be at least 16384 with gpu");
  });

  it("refuses a key or a bucket in another form", async () => {
    const error = await register(gcp, { encryptionKey: "mine", bucket: { existing: "gs://mine" } }).catch(
      (reason: Error) => reason.message,
    );
    expect(error).to.include("- encryptionKey is").and.to.include("- bucket.existing is");
  });

  it("asks for what it cannot do without", async () => {
    const error = await register(gcp, {
      location: undefined,
      monthlyBudgetDollars: 5,
      alertEmail: "a@b.org",
      billingAccount: "mine",
    }).catch((reason: Error) => reason.message);
    expect(error).to.include('- location is ""; wanted is a region').and.to.include('- billingAccount is "mine"');
  });
});
