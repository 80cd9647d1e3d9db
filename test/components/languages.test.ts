import { copyFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { runProgram } from "../../components/testing.ts";
import { requireTool } from "../support/require-tool.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { tools } from "../tools/tools.ts";
import { generatePackages, requirePulumiPython, root, run } from "./languages.ts";

const programs = path.join(root, "examples/programs");

describe("The example programs in TypeScript", () => {
  const expected = { aws: ["aws"], gcp: ["gcp"], azure: ["azure"], "all-clouds": ["aws", "gcp", "azure"] };
  for (const [name, clouds] of Object.entries(expected))
    it(`${name}: makes its pipelines, in under 15 lines`, async () => {
      const file = path.join(programs, name, "index.ts");
      const { resources } = await runProgram(() => import(file));
      const pipelines = resources.filter(({ type }) => type.startsWith("trivet:"));
      expect(pipelines.map(({ type }) => type.toLowerCase().match(/index:(\w+)trainingpipeline/)![1])).to.have.members(
        clouds,
      );
      expect(resources.length).to.be.greaterThan(25 * clouds.length);
      expect((await readFile(file, "utf8")).trimEnd().split("\n").length).to.be.lessThan(15);
    });
});

describe("The example programs in other languages", () => {
  const folder = temporaryFolder();
  let codegen: string;
  before(async function () {
    [codegen] = (await requireTool(this, tools.pulumiCodegen)) as [string];
  });

  /** Where the generated packages are. */
  async function packages(): Promise<string> {
    const generated = path.join(folder(), "packages");
    await generatePackages(codegen, generated);
    return generated;
  }

  it("Python: asks for the pipeline through the package that Pulumi generates", async function () {
    const python = await requirePulumiPython(this);
    const program = `
import json, runpy, sys
import pulumi
seen = []
class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        seen.append({"type": args.typ, "name": args.name, "inputs": args.inputs})
        return [args.name, {**args.inputs, "storeUrl": "gs://x", "queueUrl": "projects/p/topics/t"}]
    def call(self, args):
        return {}
pulumi.runtime.set_mocks(Mocks(), "project", "stack", False)
sys.path.insert(0, sys.argv[1])
pulumi.runtime.test(lambda: runpy.run_path(sys.argv[2]) and None)()
print(json.dumps(seen))
`;
    const generated = path.join(await packages(), "python");
    const { stdout } = await run(python, ["-I", "-c", program, generated, path.join(programs, "python/__main__.py")]);
    const [resource] = JSON.parse(stdout);
    expect(resource).to.include({ type: "trivet:index:GcpTrainingPipeline", name: "training" });
    expect(resource.inputs).to.deep.include({
      location: "us-central1",
      maxConcurrency: 20,
      schedules: [{ name: "nightly", cron: "0 3 * * *", job: "sentiment" }],
      transform: { worker: { description: "Trains at night." } },
    });
  });

  it("Go: compiles with the package that Pulumi generates", async () => {
    await packages();
    const source = path.join(root, "test/tools/pulumi-codegen");
    const mod = await readFile(path.join(source, "go.mod"), "utf8");
    await copyFile(path.join(source, "go.sum"), path.join(folder(), "go.sum"));
    await copyFile(path.join(programs, "go/main.go"), path.join(folder(), "main.go"));
    const generated = `\nrequire example.com/pulumi-trivet/sdk v0.0.0\n\nreplace example.com/pulumi-trivet/sdk => ./packages\n`;
    await writeFile(path.join(folder(), "go.mod"), mod.replace(/^module .*/, "module trivet.test/program") + generated);
    await run("go", ["vet", "."], { cwd: folder(), env: { ...process.env, GOFLAGS: "-mod=mod" } });
  }).timeout(900_000);
});
