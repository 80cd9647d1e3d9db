// Makes the npm package `trivet` in a folder, as JavaScript with declarations: `node tools/pack-components.ts FOLDER`, then
// `npm publish FOLDER`. In this repository Node runs the TypeScript itself; inside node_modules it refuses to.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = path.join(root, "components");

/** Compiles what package.json exports, and what that imports, into `folder`. */
export function packComponents(folder: string): void {
  const { exports, ...manifest } = JSON.parse(readFileSync(path.join(source, "package.json"), "utf8"));
  const entries = Object.values(exports as Record<string, string>);
  const { config } = ts.readConfigFile(path.join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram(
    [...entries, "policy/pack.ts"].map((entry) => path.join(source, entry)),
    {
      ...options,
      ...{ allowImportingTsExtensions: false, rewriteRelativeImportExtensions: true, incremental: false },
      ...{ noEmit: false, declaration: true, rootDir: root, outDir: folder, tsBuildInfoFile: undefined },
    },
  );
  const diagnostics = ts.getPreEmitDiagnostics(program);
  program.emit();
  if (diagnostics.length > 0) throw new Error(ts.formatDiagnostics(diagnostics, ts.createCompilerHost({})));

  const compiled = (entry: string, extension: string) =>
    entry.replace("./", "./components/").replace(/\.ts$/, extension);
  const conditions = (entry: string) => ({ types: compiled(entry, ".d.ts"), default: compiled(entry, ".js") });
  const packed = Object.fromEntries(
    Object.entries(exports as Record<string, string>).map(([name, entry]) => [name, conditions(entry)]),
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), `${JSON.stringify({ ...manifest, exports: packed }, null, 2)}\n`);
  cpSync(path.join(root, "LICENSE"), path.join(folder, "LICENSE"));
  cpSync(path.join(root, "docs/components.md"), path.join(folder, "README.md"));
  const policy = readFileSync(path.join(source, "policy/PulumiPolicy.yaml"), "utf8").replace("pack.ts", "pack.js");
  writeFileSync(path.join(folder, "components/policy/PulumiPolicy.yaml"), policy);
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2];
  if (!folder) {
    console.error("Say where: node tools/pack-components.ts FOLDER");
    process.exit(2);
  }
  packComponents(path.resolve(folder));
}
