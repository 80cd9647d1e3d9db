import { expect } from "chai";
import { describe, it } from "mocha";
import { Scope } from "../../components/scope.ts";
import type { RegisteredResource } from "../../components/testing.ts";
import { typeProblems } from "./provider-types.ts";
import { cloudsUnderTest, register } from "./support.ts";

describe("Every child's arguments", function () {
  this.timeout(120_000);

  it("are what the providers' own types know: nothing unknown, missing, deprecated or outside an enumeration", async () => {
    const resources: RegisteredResource[] = [];
    for (const under of cloudsUnderTest)
      for (const args of [{}, under.full, ...Object.values(under.options)])
        resources.push(...(await register(under, args)).resources.filter(({ type }) => !type.startsWith("trivet:")));
    expect(new Set(resources.map(({ type }) => type)).size).to.be.greaterThan(70);
    const unknownToTheTypes = [
      // Container Apps takes it (Microsoft's own samples say it), and Pulumi's enumeration does not have it yet.
      /functions-worker .*\.kind is "functionapp"/,
      // Microsoft's reference of scheduledQueryRules says Equals, GreaterThan and so on; the enumeration of that name in
      // Pulumi's module is another resource's.
      /alarm-\S+ .*\.criteria\.allOf\[0\]\.operator is "GreaterThan"/,
    ];
    const problems = [...new Set(typeProblems(resources))];
    expect(problems.filter((problem) => !unknownToTheTypes.some((pattern) => pattern.test(problem)))).to.deep.equal([]);
    for (const pattern of unknownToTheTypes)
      expect(
        problems.some((problem) => pattern.test(problem)),
        `${pattern}`,
      ).to.equal(true);
  });

  it("have no name at the top that the provider would silently drop", async () => {
    // The providers' constructors take what they know of their arguments, so what they are given is noted before.
    const given: RegisteredResource[] = [];
    const { create } = Scope.prototype;
    Scope.prototype.create = function (this: Scope, Class: never, child: string, args: object, opts?: never) {
      const { __pulumiType: type } = Class as { __pulumiType: string };
      const inputs = Object.fromEntries(Object.keys(args).map((key) => [key, undefined]));
      given.push({ type, name: child, inputs } as never);
      return create.call(this, Class, child, args as never, opts) as never;
    } as never;
    try {
      for (const under of cloudsUnderTest)
        for (const args of [{}, under.full, ...Object.values(under.options)]) await register(under, args);
    } finally {
      Scope.prototype.create = create;
    }
    expect(given.length).to.be.greaterThan(500);
    const unknown = typeProblems(given).filter((problem) => problem.includes("not known to the provider"));
    expect([...new Set(unknown)]).to.deep.equal([]);
  });

  it("would be found out: the check itself finds each kind of mistake", () => {
    const resource = (type: string, inputs: object) => ({ type, name: "r", inputs }) as RegisteredResource;
    const problems = typeProblems([
      resource("aws:sqs/queue:Queue", { visibilityTimeout: 5, delaySeconds: "5" }),
      resource("aws:s3/bucketPolicy:BucketPolicy", { policy: "{}" }),
      resource("aws:s3/bucket:Bucket", { acl: "private" }),
      resource("azure-native:storage:BlobContainer", {
        accountName: "a",
        resourceGroupName: "g",
        publicAccess: "Nobody",
      }),
      resource("azure-native:app:Job", {
        resourceGroupName: "g",
        configuration: { replicaTimeout: 1, triggerType: "Queue" },
      }),
      resource("aws:lambda/function:Function", { role: "r", environment: { variables: ["a"] } }),
    ]).map((line) => line.replace(/^r \([^)]*\)/, "").split(";")[0]);
    expect(problems).to.deep.equal([
      ".visibilityTimeout is not known to the provider",
      ".delaySeconds is a string, which the provider does not take",
      ".bucket is missing",
      ".acl is deprecated",
      '.publicAccess is "Nobody"',
      '.publicAccess is "Nobody"',
      '.configuration.triggerType is "Queue"',
      ".environment.variables is a list, which the provider does not take",
    ]);
  });
});
