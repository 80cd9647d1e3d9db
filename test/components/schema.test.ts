import { readFileSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { clouds, limits } from "../../components/limits.ts";
import { breakingChanges, packageSchema, type Schema } from "../../components/package-schema.ts";

const golden = readFileSync(new URL("../../components/schema.json", import.meta.url), "utf8");
const parsed = JSON.parse(golden) as Schema & {
  resources: Record<string, { inputProperties: Record<string, { description?: string }> }>;
};

/** A part of a schema that a test may change. */
type Mutable = Record<string, Record<string, unknown> & unknown[]>;

describe("The package schema", function () {
  this.timeout(120_000);

  it("is what components/schema.json says (npm run components)", async () => {
    expect(JSON.parse(await packageSchema())).to.deep.equal(JSON.parse(golden));
  });

  it("has all three pipelines, with the same outputs, and the same arguments beside each cloud's own", () => {
    const tokens = ["Aws", "Gcp", "Azure"].map((cloud) => `trivet:index:${cloud}TrainingPipeline`);
    expect(Object.keys(parsed.resources)).to.have.members(tokens);
    const [aws, gcp, azure] = tokens.map((token) => parsed.resources[token]!);
    expect(gcp!.properties).to.deep.equal(aws!.properties);
    expect(azure!.properties).to.deep.equal(aws!.properties);
    for (const other of [gcp, azure]) expect(other!.inputProperties).to.deep.include(aws!.inputProperties);
  });

  it("describes every argument, and tells the defaults that limits.ts has", () => {
    for (const [token, { inputProperties }] of Object.entries(parsed.resources))
      for (const [name, { description }] of Object.entries(inputProperties))
        expect(description, `${token}.${name}`).to.be.a("string").and.match(/\.$/);
    for (const cloud of clouds)
      for (const [name, { default: byDefault }] of Object.entries(limits[cloud]))
        if (byDefault !== undefined)
          expect(parsed.resources["trivet:index:AwsTrainingPipeline"]!.inputProperties[name]!.description).to.match(
            new RegExp(`Default: ${byDefault}\\b`),
            name,
          );
  });

  it("tells what would break a program", () => {
    const token = "trivet:index:AwsTrainingPipeline";
    const changed = (change: (schema: Record<"resources" | "types", Record<string, Mutable>>) => void) => {
      const after = structuredClone(parsed);
      change(after as never);
      return breakingChanges(parsed, after);
    };
    expect(changed(() => {})).to.deep.equal([]);
    expect(changed(({ resources }) => delete resources[token])).to.deep.equal([`${token} is gone`]);
    expect(changed(({ resources }) => delete resources[token]!.properties!.queueUrl)).to.deep.equal([
      `${token}.queueUrl is gone`,
    ]);
    expect(changed(({ resources }) => Object.assign(resources[token]!, { requiredInputs: ["image"] }))).to.deep.equal([
      `${token}.image is now required`,
    ]);
    expect(
      changed(({ resources }) =>
        Object.assign(resources[token]!.inputProperties!.memoryMib as object, { type: "string" }),
      ),
    ).to.deep.equal([`${token}.memoryMib was number and is string`]);
    expect(changed(({ types }) => types["trivet:index:RemovalPolicy"]!.enum!.pop())).to.deep.equal([
      "trivet:index:RemovalPolicy no longer has destroy",
    ]);
    expect(
      changed(({ resources }) => Object.assign(resources[token]!.inputProperties!, { extra: { type: "string" } })),
    ).to.deep.equal([]);
  });
});
