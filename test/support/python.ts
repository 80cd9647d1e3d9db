import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { Context } from "mocha";
import { sha256 } from "../../worker-runtime/src/hash.ts";
import { cacheFolder, installOnce } from "./install.ts";
import { requirePart } from "./require.ts";

const requirements = path.join(import.meta.dirname, "requirements.txt");
const run = promisify(execFile);

let environment: Promise<string> | undefined;

/**
 * Makes sure that `runPython` works, or skips the test with the reason (see `requirePart`). Call it in a `before` hook
 * that is a `function`. The first call ever installs `requirements.txt` into a virtual environment in the user's cache:
 * 350 MB on disk, a quarter of a minute.
 */
export async function requirePython(context: Context): Promise<void> {
  context.timeout(600_000);
  environment ??= pythonEnvironment(requirements);
  const missing = await environment.then(
    () => undefined,
    (error: Error & { stderr?: string }) => error.stderr?.trim().split("\n").at(-1) || error.message.split("\n")[0],
  );
  requirePart(
    context,
    "Python 3.11 or newer, and the packages of test/support/requirements.txt from PyPI",
    missing === undefined,
    `Install Python 3.11 with its venv module, and let pip reach a package index. (${missing})`,
  );
}

/**
 * Runs a Python program given as text. It finds `input` as JSON on its standard input, and answers with JSON on its
 * standard output. An exception in it fails the test with Python's own traceback.
 */
export async function runPython(program: string, input: unknown): Promise<unknown> {
  if (!environment) throw new Error("Call requirePython in a `before` hook first.");
  const child = spawn(await environment, ["-I", "-c", program]);
  // A program that ends without reading its input closes the pipe; its exit code and traceback say more than that.
  child.stdin.on("error", () => {}).end(JSON.stringify(input));
  const ended = new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  const [output, errors, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (exitCode !== 0) throw new Error(`Python exited with ${exitCode}:\n${errors}`);
  return JSON.parse(output);
}

/**
 * Path of the interpreter of a virtual environment with the packages of a requirements file, made the first time in the
 * user's cache.
 */
export async function pythonEnvironment(requirements: string): Promise<string> {
  const folder = await pythonFolder(requirements);
  await installOnce(
    folder,
    `the packages of ${path.basename(path.dirname(requirements))}/${path.basename(requirements)}`,
    (unfinished) => makeEnvironment(unfinished, requirements),
  );
  return path.join(folder, "bin", "python");
}

/** Where that environment is, or will be: another one for another Python. */
export async function pythonFolder(requirements: string): Promise<string> {
  const { stdout: version } = await run("python3", ["--version"]);
  const hash = sha256(`${version}${readFileSync(requirements, "utf8")}`).slice(0, 16);
  return path.join(cacheFolder(), `python-${hash}`);
}

async function makeEnvironment(folder: string, requirements: string): Promise<void> {
  await run("python3", ["-m", "venv", folder]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2"];
  await run(path.join(folder, "bin", "python"), [...pip, "--requirement", requirements]);
}
