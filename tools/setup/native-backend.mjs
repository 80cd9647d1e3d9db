import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { bindingVersion, installBinding } from "./binding.mjs";
import { run } from "./command.mjs";
import { hasCode, SetupError, Unavailable } from "./errors.mjs";
import { withLock } from "./lock.mjs";
import { nodeProgram, npm } from "./packages.mjs";
import { cache, openCache, tfjsNode } from "./places.mjs";
import { findCompiler, findPython, requireSupportedSystem } from "./programs.mjs";
import { say, step } from "./progress.mjs";
import { installLibrary, libraryFolder } from "./tensorflow-library.mjs";

/** @typedef {import("./command.mjs").Journal} Journal */

/** Inside the package, so that it goes away together with what it describes when npm installs the package anew. */
const recordFile = path.join(tfjsNode, "trivet-backend.json");
const binding = path.join(tfjsNode, "lib", "napi-v8", "tfjs_binding.node");
const libraries = path.join(tfjsNode, "deps", "lib");
/** What an installed backend must be of. */
const version = `${path.basename(libraryFolder)} ${bindingVersion}`;
const libraryNames = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

/** Shown at each start where only the slow backend could be had. */
export const slowBackend =
  "Trivet trains in pure JavaScript here: right, but some hundred times slower than with TensorFlow. `npm run setup` tries again to install TensorFlow and says what is missing.";

/**
 * What an earlier setup installed: TensorFlow from its wheel, the older TensorFlow that tfjs-node's own installer
 * brings, or nothing, so that training runs in JavaScript. Undefined when there was none, or what it installed is gone
 * or out of date.
 *
 * @returns {"wheel" | "official" | "javascript" | undefined}
 */
export function installedBackend() {
  if (!existsSync(recordFile)) return undefined;
  const record = JSON.parse(readFileSync(recordFile, "utf8"));
  if (record.version !== version) return undefined;
  const needed = { wheel: [binding, ...libraryNames.map((name) => path.join(libraries, name))], official: [binding] };
  const files = record.backend === "javascript" ? [] : needed[/** @type {"wheel" | "official"} */ (record.backend)];
  return files.every((file) => existsSync(file)) ? record.backend : undefined;
}

/**
 * Installs the best backend that this machine can have, and says so when it is not the best there is.
 *
 * @param {Journal} journal
 */
export async function installBackend(journal) {
  rmSync(recordFile, { force: true });
  const backend = await firstAvailable(journal);
  const record = `${recordFile}.unfinished`;
  writeFileSync(record, JSON.stringify({ backend, version }));
  renameSync(record, recordFile);
}

/** @param {Journal} journal @returns {Promise<"wheel" | "official" | "javascript">} */
async function firstAvailable(journal) {
  try {
    await installFromWheel(journal);
    return "wheel";
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    say(
      `  ${error.message}\n  Instead, the official installer of tfjs-node is tried (TensorFlow 2.9; it needs the open internet).`,
    );
  }
  try {
    await installOfficial(journal);
    say("  It works. Its TensorFlow is older, so a model's bytes differ from those that TensorFlow 2.21 makes.");
    return "official";
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    say(`  ${error.message}`);
  }
  if (process.env.TRIVET_REQUIRE_ALL === "1") {
    throw new SetupError(
      "There is no native TensorFlow, and TRIVET_REQUIRE_ALL=1 asks for all parts: see the reasons above.",
    );
  }
  say(`  ${slowBackend}`);
  return "javascript";
}

/** @param {Journal} journal */
async function installFromWheel({ log, lock: cloneLock }) {
  requireSupportedSystem();
  const compiler = await findCompiler({ log, lock: cloneLock });
  const python = await findPython({ log, lock: cloneLock });
  openCache();
  await withLock(path.join(cache, "setup.lock"), async (lock) => {
    await installLibrary(python, { log, lock });
    putInPlace(await installBinding(compiler, { log, lock }));
  });
  await requireLoads({ log, lock: cloneLock });
}

/** @param {Journal} journal */
async function installOfficial(journal) {
  removeFromPlace();
  try {
    await step("tfjs-node's installer", () =>
      npm(["rebuild", "@tensorflow/tfjs-node", "--ignore-scripts=false"], "x", journal),
    );
  } catch {
    removeFromPlace();
    throw new Unavailable(`The official installer of tfjs-node failed too; all that it said: ${journal.log}.`);
  }
  await requireLoads(journal);
}

/**
 * Gives tfjs-node the binding, and beside it, where the binding looks for them, the libraries.
 *
 * @param {string} compiledBinding
 */
function putInPlace(compiledBinding) {
  removeFromPlace();
  mkdirSync(libraries, { recursive: true });
  for (const name of libraryNames) linkOrCopy(path.join(libraryFolder, name), path.join(libraries, name));
  mkdirSync(path.dirname(binding), { recursive: true });
  copyFileSync(compiledBinding, binding);
}

/** The runtime takes the JavaScript backend when there is no binding, so none may stay that does not load. */
function removeFromPlace() {
  for (const folder of ["lib", "deps"]) rmSync(path.join(tfjsNode, folder), { recursive: true, force: true });
}

/** @param {string} target @param {string} link */
function linkOrCopy(target, link) {
  try {
    symlinkSync(target, link);
  } catch (error) {
    // Some shared folders and memory sticks have no symbolic links.
    if (!hasCode(error, "EPERM", "ENOSYS", "ENOTSUP", "EINVAL")) throw error;
    copyFileSync(target, link);
  }
}

/**
 * Loads the binding in a process of its own, since TensorFlow ends the process on a CPU without AVX.
 *
 * @param {Journal} journal
 */
async function requireLoads(journal) {
  const { ok, signal, output } = await run(nodeProgram(), ["-e", `require(${JSON.stringify(binding)})`], journal);
  if (ok) return;
  removeFromPlace();
  const illegal = signal === "SIGILL" || /compiled to use .* instructions, but these aren't available/.test(output);
  throw new Unavailable(
    illegal
      ? "TensorFlow does not run on this CPU, which lacks instructions that it needs (AVX)."
      : `TensorFlow is installed but does not load; see ${journal.log}.`,
  );
}
