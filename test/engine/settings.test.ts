import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { clouds } from "../../components/limits.ts";
import { chooseCloud } from "../../stacks/choose-cloud.ts";
import { examples } from "../../stacks/setting-table.ts";
import { parseStackOutputs, storeName } from "../../worker-runtime/src/clouds/stack/outputs.ts";
import { root } from "../components/languages.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { copyProject } from "./shipped-stacks.ts";

describe("the cloud of a stack", () => {
  const chosen: [stack: string, config: Record<string, string>, cloud: string][] = [
    ["dev-aws", {}, "aws"],
    ["gcp", {}, "gcp"],
    ["Azure.europe_1", {}, "azure"],
    ["dev", { "trivet:cloud": "gcp" }, "gcp"],
    ["dev-aws", { "trivet:cloud": "azure" }, "azure"],
  ];
  for (const [stack, config, cloud] of chosen)
    it(`is ${cloud} for ${stack} ${JSON.stringify(config)}`, () => {
      expect(chooseCloud(stack, config)).to.equal(cloud);
    });

  const refused: [stack: string, config: Record<string, string>, said: string][] = [
    ["dev", {}, "trivet:cloud is not set, and the stack's name, dev, tells no cloud either; "],
    ["paws", {}, "trivet:cloud is not set, and the stack's name, paws, tells no cloud either; "],
    ["aws-to-gcp", {}, "trivet:cloud is not set, and the stack's name, aws-to-gcp, tells several clouds; "],
    ["dev-aws", { "trivet:cloud": "AWS" }, 'trivet:cloud is "AWS"; '],
  ];
  for (const [stack, config, said] of refused)
    it(`is asked for with ${stack} ${JSON.stringify(config)}`, () => {
      const all = clouds.map((cloud) => `\n  pulumi config set trivet:cloud ${cloud}`).join("");
      expect(() => chooseCloud(stack, config)).to.throw(`${said}allowed are aws, gcp, azure. Set it:${all}`);
    });
});

describe("the settings of a stack", function () {
  this.timeout(120_000);
  const folder = temporaryFolder();

  /** Deploys a shipped stack in a process of its own, without the engine; what it registered, its outputs, or its error. */
  async function deploy(
    stack: string,
    config: Record<string, unknown>,
    env: NodeJS.ProcessEnv = {},
  ): Promise<Deployed> {
    const texts = Object.entries(config).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    const program = path.join(root, "test/engine/deploy-with-mocks.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [program, folder(), stack], {
      env: { ...withoutProject(), ...env, PULUMI_CONFIG: JSON.stringify(Object.fromEntries(texts)) },
    });
    return JSON.parse(stdout);
  }

  for (const cloud of clouds) {
    it(`have a documented example each on ${cloud}, with which the stack deploys`, async () => {
      await copyProject(folder());
      const text = await readFile(path.join(root, `Pulumi.${cloud}.example.yaml`), "utf8");
      const all = parse(text.replaceAll(/^ {2}#(?=\S)/gm, "  ")).config;
      const documented = Object.keys(all).flatMap((key) => (key.startsWith("trivet:") ? [key.slice(7)] : []));
      const known = new Set([...Object.keys(examples[cloud]).map((key) => key.split(/[.[]/)[0]!), "cloud"]);
      expect(documented.toSorted()).to.deep.equal([...known].toSorted());
      for (const config of [parse(text).config, all]) {
        const { error, outputs, resources, loaded } = await deploy("dev", { "trivet:cloud": cloud, ...config });
        expect(error).to.equal(undefined);
        expect(resources!.length).to.be.greaterThan(20);
        // What `trivet submit --stack` reads.
        const read = parseStackOutputs(JSON.stringify(outputs), "the stack");
        expect(read.cloud).to.equal(cloud);
        expect(read.deadLetterQueueUrl).to.be.a("string");
        expect(read.dashboardUrl).to.be.a("string");
        expect(storeName(read)).to.not.equal("");
        expect(loaded).to.deep.equal([cloud === "azure" ? "azure-native" : cloud]);
      }
    });

    it(`that are wrong on ${cloud} are told all at once, by key, with what is allowed and the command`, async () => {
      await copyProject(folder());
      const { error } = await deploy(`dev-${cloud}`, {
        "trivet:memoryMb": 4096,
        "trivet:memoryMib": "lots",
        "trivet:predict": "yes",
        "trivet:removalPolicy": "keep",
        "trivet:submitters": "me",
        "trivet:schedules": [{ name: "nightly", cron: "0 25 * * *", job: "sentiment" }],
        ...(cloud === "azure" && { "azure-native:location": "West US 3" }),
      });
      const memory = examples[cloud].memoryMib;
      const submitter = examples[cloud]["submitters[]"];
      const wanted: [key: string, reason: RegExp, command: string][] = [
        ["trivet:memoryMb", /did you mean trivet:memoryMib\?/, "pulumi config rm trivet:memoryMb"],
        [
          "trivet:memoryMib",
          /"lots"; .* allows a whole number from 1024/,
          `pulumi config set trivet:memoryMib ${memory}`,
        ],
        ["trivet:predict", /true or false/, "pulumi config set trivet:predict true"],
        [
          "trivet:removalPolicy",
          /"keep"; allowed are retain, empty, destroy/,
          "pulumi config set trivet:removalPolicy empty",
        ],
        [
          "trivet:submitters",
          /"me"; wanted is a list/,
          `pulumi config rm trivet:submitters; pulumi config set --path 'trivet:submitters[0]' ${submitter}`,
        ],
        ["trivet:schedules[0].cron", /25/, "pulumi config set --path 'trivet:schedules[0].cron' '0 3 * * *'"],
      ];
      if (cloud === "gcp") {
        wanted.push(["gcp:project", /not set/, "pulumi config set gcp:project my-project"]);
        wanted.push(["gcp:region", /wanted is a region/, "pulumi config set gcp:region us-central1"]);
      }
      if (cloud === "azure")
        wanted.push([
          "azure-native:location",
          /"West US 3"; wanted is a location's short name/,
          "pulumi config set azure-native:location westus3",
        ]);
      const [head, ...lines] = error!.trimEnd().split("\n");
      expect(head).to.equal(
        `${wanted.length} settings are not as it should be. Below each is a command that mends it; ` +
          `all settings: Pulumi.${cloud}.example.yaml.`,
      );
      for (const [key, reason, command] of wanted) {
        const at = lines.findIndex((line) => line.startsWith(`  - ${key} `));
        expect(at, key).to.be.greaterThan(-1);
        expect(lines[at], key).to.match(reason);
        expect(lines[at + 1], key).to.equal(`      ${command}`);
      }
      expect(lines).to.have.length(2 * wanted.length);
    });
  }

  it("say so where there are no files to build the image from, unless an image is configured", async () => {
    await copyProject(folder());
    await rm(path.join(folder(), ".trivet/image"), { recursive: true });
    const { error } = await deploy("dev-aws", {});
    expect(error).to.match(
      /1 setting is not .*\n {2}- trivet:image is not set, and the files .*\n {6}npm run image\n?$/,
    );
    expect((await deploy("dev-aws", { "trivet:image": examples.aws.image })).error).to.equal(undefined);
  });

  it("take Google Cloud's project from the environment as well", async () => {
    await copyProject(folder());
    const config = { "gcp:region": "us-central1" };
    expect((await deploy("gcp", config, { GOOGLE_CLOUD_PROJECT: "p" })).error).to.equal(undefined);
    expect((await deploy("gcp", config)).error).to.match(/^1 setting is .*\n {2}- gcp:project is not set/);
  });
});

interface Deployed {
  readonly error?: string;
  readonly outputs?: Record<string, unknown>;
  readonly resources?: readonly { readonly type: string; readonly name: string }[];
  /** The providers' packages that were loaded. */
  readonly loaded: readonly string[];
}

function withoutProject(): NodeJS.ProcessEnv {
  const project = /^(GOOGLE_PROJECT|GOOGLE_CLOUD_PROJECT|GCLOUD_PROJECT|CLOUDSDK_CORE_PROJECT)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !project.test(name)));
}
