import { CustomResource, type Output } from "@pulumi/pulumi";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { RegisteredResource } from "../../components/testing.ts";
import { runProgram } from "../../components/testing.ts";
import { argsOf, type CloudUnderTest, cloudsUnderTest, register } from "./support.ts";

/** All that was registered, as text; the order depends on which promise settles first, so it is sorted. */
const everything = (resources: readonly RegisteredResource[]) =>
  resources.map((resource) => JSON.stringify(resource)).sort();

/** The same keys, put into objects in the opposite order. */
function backwards(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(backwards);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, backwards(item)]),
  );
}

for (const under of cloudsUnderTest)
  describe(`Determinism on ${under.title}`, () => {
    it("registers the same thing byte for byte, twice", async () => {
      const first = await register(under, under.full);
      const second = await register(under, under.full);
      expect(everything(second.resources)).to.deep.equal(everything(first.resources));
    });

    it("writes its JSON documents with sorted keys, whatever order arguments came in", async () => {
      const first = await register(under, under.full);
      const second = await register(under, backwards(under.full) as CloudUnderTest["full"]);
      expect(everything(second.resources)).to.deep.equal(everything(first.resources));
      const documents = first.resources.flatMap(({ inputs }) => texts(inputs)).filter((text) => /^[{[]/.test(text));
      expect(documents).not.to.have.length(0);
      for (const document of documents) expect(document).to.equal(JSON.stringify(sortedKeys(JSON.parse(document))));
    });

    it("asks for the same resources in a preview in which nothing is known yet", async () => {
      const deployed = await register(under, under.full);
      const previewed = await runProgram(
        () => {
          const args = allUnknown(argsOf(under, under.full) as Record<string, unknown>, new Later());
          return under.make("pipe", args as CloudUnderTest["full"]);
        },
        { preview: true },
      );
      const names = ({ resources }: { resources: readonly RegisteredResource[] }) =>
        resources
          .filter(({ name }) => name !== "later")
          .map(({ type, name, parent }) => `${type} ${name} in ${parent}`)
          .sort();
      expect(names(previewed)).to.deep.equal(names(deployed));
    });

    it("does not depend on the environment or the clock", async () => {
      const first = await register(under, under.full);
      const { HOME, USER, TZ } = process.env;
      Object.assign(process.env, { HOME: "/elsewhere", USER: "somebody", TZ: "Pacific/Apia" });
      const { now } = Date;
      Date.now = () => now() + 40 * 86_400_000;
      try {
        const second = await register(under, under.full);
        expect(everything(second.resources)).to.deep.equal(everything(first.resources));
      } finally {
        Date.now = now;
        for (const [name, value] of Object.entries({ HOME, USER, TZ }))
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
      }
    });
  });

/** A resource whose output only a deployment would tell. */
class Later extends CustomResource {
  declare readonly value: Output<never>;
  constructor() {
    super("test:index:Later", "later", { value: undefined });
  }
}

/** Every argument becomes an output that nobody knows yet, except for what decides which resources exist. */
function allUnknown(args: Record<string, unknown>, { value }: Later): Record<string, unknown> {
  const plain = ["onNewData", "predict", "network", "removalPolicy", "gpu", "host"];
  const inside = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(inside);
    const { name } = item as { name?: string };
    return name === undefined ? value : { name, cron: value, job: value };
  };
  return Object.fromEntries(
    Object.entries(args).map(([key, item]) => {
      if (plain.includes(key)) return [key, item];
      return [key, Array.isArray(item) ? inside(item) : value];
    }),
  );
}

function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortedKeys((value as Record<string, unknown>)[key])]),
  );
}
