import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { Context } from "mocha";
import { pythonEnvironment } from "../support/python.ts";
import { requirePart } from "../support/require.ts";

export const run = promisify(execFile);
export const root = path.join(import.meta.dirname, "../..");
const tools = path.join(root, "test/tools");

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
