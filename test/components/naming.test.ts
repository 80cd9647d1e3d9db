import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { boundedName, childName, physicalName, slug } from "../../components/naming.ts";
import { cloudsUnderTest, register } from "./support.ts";

const componentNames = fc.oneof(
  fc.string({ minLength: 1, maxLength: 50, unit: "grapheme" }).filter((name) => name.length <= 50),
  fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,49}$/),
  fc.constantFrom("a".repeat(50), "-", "1", "Ärger", "日本", "a--b", "x-", "A_B"),
);

describe("Names", () => {
  it("stay as they are where every cloud takes them", () => {
    expect(slug("my-pipeline-2")).to.equal("my-pipeline-2");
    expect(childName("pipe", "deadLetters", { maximum: 80, separator: "-", suffix: 8 })).to.equal("pipe-dead-letters");
  });

  it("are plain and short for any name of 1 to 50 characters", () => {
    fc.assert(
      fc.property(componentNames, fc.constantFrom(16, 24, 30, 55), (name, maximum) => {
        const separator = maximum < 30 ? "" : "-";
        const whole = childName(name, "data", { maximum: maximum + 8, separator, suffix: 8 });
        expect(whole).to.match(separator ? /^[a-z][a-z0-9-]*[a-z0-9]$/ : /^[a-z][a-z0-9]*$/);
        expect(whole.length).to.be.within(3, maximum);
        expect(whole.endsWith("data")).to.equal(true);
      }),
      { numRuns: 500, seed: 6 },
    );
  });

  it("of two pipelines are never one", () => {
    fc.assert(
      fc.property(componentNames, componentNames, (one, other) => {
        fc.pre(one !== other);
        for (const separator of ["-", ""] as const) {
          const rule = { maximum: 32, separator, suffix: 8 };
          expect(childName(one, "data", rule)).not.to.equal(childName(other, "data", rule));
        }
      }),
      { numRuns: 500, seed: 6 },
    );
    // What a mere replacement of characters would make one.
    for (const [one, other] of [
      ["a-b", "ab"],
      ["A", "a"],
      ["a_b", "a-b"],
      ["a", "a "],
    ])
      expect(childName(one!, "data", { maximum: 24, separator: "", suffix: 8 })).not.to.equal(
        childName(other!, "data", { maximum: 24, separator: "", suffix: 8 }),
      );
  });

  it("that are whole differ by project, stack and pipeline, and fit", () => {
    fc.assert(
      fc.property(fc.tuple(componentNames, componentNames, componentNames), ([project, stack, name]) => {
        const whole = physicalName(project, stack, name, "worker", 30);
        expect(whole).to.match(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/);
        expect(physicalName(project, `${stack}2`, name, "worker", 30)).not.to.equal(whole);
        expect(physicalName(`${project}2`, stack, name, "worker", 30)).not.to.equal(whole);
      }),
      { numRuns: 300, seed: 6 },
    );
  });

  it("keep as much of the user's words as fits", () => {
    expect(boundedName(["training", "production", "worker"], 24)).to.match(/^training-p-[0-9a-f]{6}-worker$/);
  });
});

for (const under of cloudsUnderTest)
  describe(`Names on ${under.title}`, () => {
    it("leave room for what the provider appends, for any pipeline's and stack's name", async function () {
      this.timeout(60_000);
      await fc.assert(
        fc.asyncProperty(componentNames, componentNames, async (name, stack) => {
          const { resources, result } = await register(under, under.full, { name, stack, project: name });
          expect(Object.keys(result.nodes).length).to.be.greaterThan(20);
          for (const { inputs } of resources)
            for (const [property, pattern] of Object.entries(wholeNames))
              if (typeof inputs[property] === "string") expect(inputs[property], property).to.match(pattern);
          for (const { type, name: logical } of resources.slice(1)) {
            const rule = providerRules[type];
            if (!rule) continue;
            const whole = logical + rule.appended;
            expect(whole, `${type}: ${whole}`).to.match(rule.pattern);
          }
        }),
        // The longest names there are, always; a name that is not plain gets a hash on top.
        {
          numRuns: 8,
          endOnFailure: true, // Making a failure smaller would register pipelines for minutes.
          seed: 6,
          examples: [
            ["a".repeat(50), "s".repeat(50)],
            ["A".repeat(50), "Ä".repeat(50)],
          ],
        },
      );
    });
  });

/** Names that are given whole, by the property that holds them. */
const wholeNames: Readonly<Record<string, RegExp>> = {
  groupShortName: /^[a-z0-9-]{1,12}$/,
  resourceName: /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
  dashboardName: /^[\w-]{1,255}$/,
  repositoryId: /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
  bucketId: /^[A-Za-z\d][\w.-]{0,99}$/,
};

/** What each cloud's own documentation says of a name, and the longest text that Pulumi's provider appends. */
const providerRules: Readonly<Record<string, { readonly pattern: RegExp; readonly appended: string }>> = {
  "aws:s3/bucket:Bucket": { pattern: /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, appended: "-1a2b3c4" },
  "aws:sqs/queue:Queue": { pattern: /^[\w-]{1,80}$/, appended: "-1a2b3c4" },
  "aws:iam/role:Role": { pattern: /^[\w+=,.@-]{1,64}$/, appended: "-1a2b3c4" },
  "aws:iam/policy:Policy": { pattern: /^[\w+=,.@-]{1,128}$/, appended: "-1a2b3c4" },
  "aws:lambda/function:Function": { pattern: /^[\w-]{1,64}$/, appended: "-1a2b3c4" },
  "aws:ecr/repository:Repository": { pattern: /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/, appended: "-1a2b3c4" },
  "aws:sns/topic:Topic": { pattern: /^[\w-]{1,256}$/, appended: "-1a2b3c4" },
  "aws:scheduler/schedule:Schedule": { pattern: /^[\w.-]{1,64}$/, appended: "-1a2b3c4" },
  "aws:budgets/budget:Budget": { pattern: /^[^:\\]{1,100}$/, appended: "-1a2b3c4" },
  "aws:cloudwatch/metricAlarm:MetricAlarm": { pattern: /^.{1,255}$/, appended: "-1a2b3c4" },
  "gcp:storage/bucket:Bucket": { pattern: /^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$/, appended: "-1a2b3c4" },
  "gcp:pubsub/topic:Topic": { pattern: /^(?!goog)[A-Za-z][\w.~+%-]{2,254}$/, appended: "-1a2b3c4" },
  "gcp:pubsub/subscription:Subscription": { pattern: /^(?!goog)[A-Za-z][\w.~+%-]{2,254}$/, appended: "-1a2b3c4" },
  "gcp:cloudrunv2/service:Service": { pattern: /^[a-z][a-z0-9-]{0,47}[a-z0-9]$/, appended: "-1a2b3c4" },
  "gcp:serviceaccount/account:Account": { pattern: /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, appended: "-1a2b3c4" },
  "gcp:compute/network:Network": { pattern: /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, appended: "-1a2b3c4" },
  "gcp:compute/subnetwork:Subnetwork": { pattern: /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, appended: "-1a2b3c4" },
  "gcp:cloudscheduler/job:Job": { pattern: /^[A-Za-z\d_-]{1,500}$/, appended: "-1a2b3c4" },
  "azure-native:storage:StorageAccount": { pattern: /^[a-z0-9]{3,24}$/, appended: "1a2b3c4d" },
  "azure-native:containerregistry:Registry": { pattern: /^[a-zA-Z0-9]{5,50}$/, appended: "1a2b3c4d" },
  "azure-native:app:Job": { pattern: /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/, appended: "1a2b3c4d" },
  "azure-native:app:ContainerApp": { pattern: /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/, appended: "1a2b3c4d" },
  "azure-native:app:ManagedEnvironment": { pattern: /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/, appended: "1a2b3c4d" },
  "azure-native:resources:ResourceGroup": { pattern: /^[\w().-]{1,89}[\w()-]$/, appended: "1a2b3c4d" },
  "azure-native:managedidentity:UserAssignedIdentity": { pattern: /^[a-zA-Z0-9][\w-]{2,127}$/, appended: "1a2b3c4d" },
  "azure-native:operationalinsights:Workspace": {
    pattern: /^[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]$/,
    appended: "1a2b3c4d",
  },
  "azure-native:network:VirtualNetwork": { pattern: /^[a-zA-Z0-9][\w.-]{0,62}\w$/, appended: "1a2b3c4d" },
  "azure-native:network:Subnet": { pattern: /^[a-zA-Z0-9][\w.-]{0,78}\w$/, appended: "1a2b3c4d" },
  "azure-native:eventgrid:SystemTopic": { pattern: /^[a-zA-Z0-9-]{3,50}$/, appended: "1a2b3c4d" },
  "azure-native:eventgrid:SystemTopicEventSubscription": { pattern: /^[a-zA-Z0-9-]{3,64}$/, appended: "1a2b3c4d" },
  "azure-native:consumption:Budget": { pattern: /^[\w-]{1,63}$/, appended: "1a2b3c4d" },
  "gcp:logging/projectSink:ProjectSink": { pattern: /^[A-Za-z\d][\w.-]{0,99}$/, appended: "-1a2b3c4" },
};
