import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { Context } from "mocha";
import { sha256 } from "../../worker-runtime/src/hash.ts";
import { cacheFolder, installOnce } from "../support/install.ts";
import { pythonEnvironment } from "../support/python.ts";
import { requirePart } from "../support/require.ts";

export const run = promisify(execFile);
export const root = path.join(import.meta.dirname, "../..");
const tools = path.join(root, "test/tools");

/** Go programs of Pulumi's, each built once from the go.mod of its folder in test/tools. */
const programs = {
  "pulumi-codegen": { package: ".", flags: "-s -w", seconds: 60 },
  pulumi: {
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    flags: "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.230.0",
    seconds: 240,
  },
  // The last version of this host that is a package of the SDK's module; newer ones have a module without tags.
  "pulumi-nodejs": {
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    flags: "-s -w",
    seconds: 30,
  },
  "pulumi-yaml": {
    package: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    flags: "-s -w",
    seconds: 240,
  },
} as const;

/** Path of such a program, built the first time into the user's cache; skips the test where that cannot be done. */
export async function requireGoProgram(context: Context, name: keyof typeof programs): Promise<string> {
  context.timeout(900_000);
  const source = path.join(tools, name);
  const files = ["go.mod", "go.sum", "main.go"].map((file) => path.join(source, file)).filter(existsSync);
  const hash = sha256(files.map((file) => readFileSync(file, "utf8")).join("\0")).slice(0, 16);
  const folder = path.join(cacheFolder(), `${name}-${hash}`);
  const program = programs[name];
  const binary = path.basename(program.package === "." ? name : program.package);
  const missing = await installOnce(folder, `${name} (Go, about ${program.seconds} s)`, async (unfinished) => {
    await mkdir(unfinished);
    const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" };
    const build = [
      "build",
      "-trimpath",
      "-ldflags",
      program.flags,
      "-o",
      path.join(unfinished, binary),
      program.package,
    ];
    await run("go", build, { cwd: source, env });
  }).then(
    () => undefined,
    (error: Error & { stderr?: string }) => error.stderr?.trim().split("\n").at(-1) || error.message,
  );
  requirePart(
    context,
    `Pulumi's ${name}`,
    missing === undefined,
    `Install Go 1.25, and let it reach a module proxy. (${missing})`,
  );
  return path.join(folder, binary);
}

/** Path of a Python with Pulumi's package; skips the test where it cannot be had. */
export async function requirePulumiPython(context: Context): Promise<string> {
  context.timeout(900_000);
  const made = await pythonEnvironment(path.join(tools, "pulumi-python/requirements.txt")).then(
    (interpreter) => ({ interpreter, missing: undefined }),
    (error: Error) => ({ interpreter: "", missing: error.message.split("\n")[0] }),
  );
  const howToGet = `Install Python 3.11 with its venv module, and let pip reach a package index. (${made.missing})`;
  requirePart(context, "Pulumi for Python", made.missing === undefined, howToGet);
  return made.interpreter;
}

/** Generates the Go and Python packages of components/schema.json in `folder`, ready to be imported. */
export async function generatePackages(codegen: string, folder: string): Promise<void> {
  await run(codegen, [path.join(root, "components/schema.json"), folder]);
  await writeFile(path.join(folder, "go.mod"), "module example.com/pulumi-trivet/sdk\n\ngo 1.25.0\n");
  const metadata = path.join(folder, "python/pulumi_trivet-0.1.0.dist-info");
  await mkdir(metadata);
  await writeFile(path.join(metadata, "METADATA"), "Metadata-Version: 2.1\nName: pulumi_trivet\nVersion: 0.1.0\n");
}
