import { expect } from "chai";
import { describe, it } from "mocha";
import { brokenRules } from "../../components/policy/index.ts";
import { isTaggable, tagsOf } from "../../components/policy/taggable.ts";
import { argsOf, child, cloudsUnderTest, known, register } from "./support.ts";

const outputNames = [
  ...["cloud", "region", "storeUrl", "queueUrl", "deadLetterQueueUrl", "registryUrl", "imageUri", "workerName"],
  ...["workerIdentity", "submitterGrant", "logLocation", "dashboardUrl", "predictionUrl"],
] as const;

// One table of promises; every cloud's pipeline is held to each of them.
for (const under of cloudsUnderTest)
  describe(`A training pipeline on ${under.title}`, () => {
    it("is a component of its own, with every child under it and named after it", async () => {
      const { resources } = await register(under, under.full);
      const [component, ...children] = resources;
      expect(component).to.include({ type: `trivet:index:${under.className}`, name: "pipe", parent: undefined });
      for (const { name, parent } of children) {
        expect(parent, name).to.equal("pipe");
        expect(name).to.match(/^pipe-?[a-z0-9-]+$/);
      }
      const names = children.map(({ type, name }) => `${type} ${name}`);
      expect(new Set(names)).to.have.length(names.length);
    });

    it("keeps every rule of the policy pack, smallest and with everything", async () => {
      for (const args of [{}, under.full, ...Object.values(under.options)]) {
        const { resources } = await register(under, args);
        expect(brokenRules(resources)).to.deep.equal([]);
      }
    });

    it("has the same outputs as the others, all known, none secret", async () => {
      const { result } = await register(under, under.full);
      for (const name of outputNames) {
        const output = result[name];
        const value: unknown = await known(output);
        expect(value, name).to.be.a("string").and.match(/^\S+$/);
        expect(await (output as unknown as { isSecret: Promise<boolean> }).isSecret, name).to.equal(false);
      }
      expect(await known(result.cloud)).to.equal(under.cloud);
    });

    it("says nothing where an option was not asked for", async () => {
      const { result } = await register(under, { registry: { skip: true } });
      expect(await known(result.registryUrl)).to.equal("");
      expect(await known(result.predictionUrl)).to.equal("");
    });

    it("puts the user's tags and its own on everything that can carry them", async () => {
      const { resources } = await register(under, under.full);
      const taggable = resources.filter(({ type }) => isTaggable(type));
      expect(taggable.length).to.be.greaterThan(5);
      for (const { name, type, inputs } of taggable)
        expect(tagsOf(type, inputs), name).to.include({
          team: "learning",
          "cost-centre": "42",
          "trivet-pipeline": "pipe-stack",
        });
    });

    it("lets a user change any child by its name, and find every child in nodes", async () => {
      const asked = new Set<string>();
      const made = new Set<string>();
      const listening = (name: string) => new Proxy({}, { ownKeys: () => [...asked.add(name)].slice(asked.size) });
      const names = Object.keys(under.nameRules);
      const transform = Object.fromEntries(names.map((name) => [name, listening(name)]));
      for (const args of [under.full, ...Object.values(under.options)]) {
        const { resources, result } = await register(under, { ...args, transform });
        for (const name of Object.keys(result.nodes)) made.add(name);
        expect(Object.values(result.nodes).flat()).to.have.length(resources.length - 1);
      }
      expect([...made].sort()).to.deep.equal(names.sort());
      expect([...asked].sort()).to.deep.equal(names);
    });

    it("lays a transform over the child's own arguments", async () => {
      const { resources } = await register(under, { transform: { worker: { tags: { only: "mine" } } } });
      expect(child(resources, "worker").inputs).to.deep.include({ tags: { only: "mine" } });
    });

    it("passes the caller's options on to its children", async () => {
      const { resources } = await register(under, {}, { opts: { protect: true } });
      for (const { name, protect } of resources.slice(1)) expect(protect, name).to.equal(true);
    });

    it("gives the worker its configuration, and no key", async () => {
      const { resources } = await register(under);
      const texts = JSON.stringify(
        resources.filter(({ name }) => /^pipe-(worker|predictor)$/.test(name)).map(({ inputs }) => inputs),
      );
      for (const name of ["TRIVET_PLATFORM", "TRIVET_STORE", "TRIVET_QUEUE", "TRIVET_TASK_TIMEOUT_SECONDS"])
        expect(texts).to.include(name);
      expect(texts).not.to.match(/password|secretKey|accountKey|SharedAccess/i);
    });

    it("runs the same worker with the numbers it was told", async () => {
      const { resources } = await register(under, { memoryMib: 4096, taskTimeoutSeconds: 300, maxConcurrency: 7 });
      const text = JSON.stringify(resources.map(({ inputs }) => inputs));
      expect(text).to.match(/"memorySize":4096|"memory":"4096Mi"|"memory":"4Gi"/);
      expect(text).to.include("300");
      expect(text).to.match(/"(maximumConcurrency|maxInstanceCount|maxExecutions|maxReplicas)":7\b/);
    });

    it("does not refuse what it was given as outputs", async () => {
      const { output } = await import("@pulumi/pulumi");
      const plain = await register(under, under.full);
      const wrapped = await register(under, {
        ...under.full,
        memoryMib: output(2048),
        image: output(argsOf(under).image!),
        alertEmail: output(under.full.alertEmail!),
        tags: output(under.full.tags!),
      });
      const text = ({ resources }: typeof plain) =>
        resources.map(({ type, name, inputs }) => JSON.stringify({ type, name, inputs })).sort();
      expect(text(wrapped)).to.deep.equal(text(plain));
    });
  });
