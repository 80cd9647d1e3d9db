import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { Context } from "mocha";
import { sha256 } from "../../worker-runtime/src/hash.ts";
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
  environment ??= makeEnvironment();
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

/** Path of the environment's interpreter. The environment is built aside and renamed, so that a half-built one is never used. */
async function makeEnvironment(): Promise<string> {
  const { stdout: version } = await run("python3", ["--version"]);
  const hash = sha256(`${version}${readFileSync(requirements, "utf8")}`).slice(0, 16);
  const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), ".cache"), "trivet");
  const folder = path.join(cache, `python-${hash}`);
  const interpreter = (folder: string) => path.join(folder, "bin", "python");
  if (existsSync(folder)) return interpreter(folder);
  console.log(`      installing Python packages into ${folder}, once`);
  mkdirSync(cache, { recursive: true });
  const unfinished = `${folder}.${process.pid}`;
  try {
    await run("python3", ["-m", "venv", unfinished]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2"];
    await run(interpreter(unfinished), [...pip, "--requirement", requirements]);
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return interpreter(folder);
}
