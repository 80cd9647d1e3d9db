import path from "node:path";
import { expect } from "chai";
import { build, type Metafile } from "esbuild";
import { before, describe, it } from "mocha";

const root = path.resolve(import.meta.dirname, "../..");

describe("what a worker loads before its first message", () => {
  let metafile: Metafile;
  before(async () => {
    const result = await build({
      absWorkingDir: root,
      entryPoints: ["worker-runtime/src/clouds/main.ts"],
      outdir: "none",
      ...{ bundle: true, splitting: true, metafile: true, write: false, packages: "external" },
      ...{ format: "esm", platform: "node" },
    });
    metafile = result.metafile;
  });

  /** Everything that is loaded with a source file, because it is imported by a statement. */
  function loadedWith(file: string): string[] {
    const loaded = new Set<string>();
    const visit = (output: string) => {
      if (loaded.has(output)) return;
      loaded.add(output);
      for (const { path, kind, external } of metafile.outputs[output]!.imports) {
        if (kind !== "import-statement") continue;
        if (external) loaded.add(path);
        else visit(path);
      }
    };
    const entry = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === file);
    visit(entry![0]);
    return [...loaded].flatMap((name) => Object.keys(metafile.outputs[name]?.inputs ?? { [name]: {} }));
  }

  for (const entry of ["main", "aws/entrypoint", "gcp/entrypoint", "azure/functions-entrypoint", "azure/entrypoint"]) {
    it(`is neither a package nor anything that trains, with clouds/${entry}.ts`, () => {
      const loaded = loadedWith(`worker-runtime/src/clouds/${entry}.ts`);
      const packages = loaded.filter((name) => !name.startsWith("node:") && !name.startsWith("worker-runtime/"));
      expect(packages).to.deep.equal([]);
      expect(loaded.filter((name) => /\/(training|models|data|result|codec|job)\//.test(name))).to.deep.equal([]);
      expect(loaded.length).to.be.within(3, 25);
    });
  }

  it("leaves the report and the export to the one task that finishes a job", () => {
    const loaded = loadedWith("worker-runtime/src/protocol/worker.ts");
    expect(loaded.filter((name) => name.includes("/result/") || name === "yaml")).to.deep.equal([]);
  });
});
