import { closeSync, mkdirSync, openSync } from "node:fs";
import path from "node:path";
import { explainFileError, SetupError } from "./errors.mjs";
import { withLock } from "./lock.mjs";
import { installBackend, installedBackend, slowBackend } from "./native-backend.mjs";
import { installNode, installPackages, nodeIsInstalled, packagesAreInstalled } from "./packages.mjs";
import { local } from "./places.mjs";
import { say } from "./progress.mjs";

/**
 * Makes a fresh clone able to run: npm packages, Node 24, TensorFlow. Does nothing, and at once, when they are there.
 * When it cannot, it says why and what to do, and ends the process with exit code 1.
 *
 * @param {{ retry?: boolean }} [options] `retry`: try for TensorFlow again where only JavaScript could be had
 */
export async function makeReady({ retry = false } = {}) {
  try {
    if (!isReady(retry)) await setUp(retry);
    else if (installedBackend() === "javascript") say(slowBackend);
  } catch (error) {
    const explained = explainFileError(error);
    if (!(explained instanceof SetupError)) throw explained;
    say(`Setup stopped. ${explained.message}`);
    process.exit(1);
  }
}

/** @param {boolean} retry */
function isReady(retry) {
  return packagesAreInstalled() && nodeIsInstalled() && backendIsInstalled(retry);
}

/** @param {boolean} retry */
function backendIsInstalled(retry) {
  const backend = installedBackend();
  if (backend === "javascript") return !retry && process.env.TRIVET_REQUIRE_ALL !== "1";
  return backend !== undefined;
}

/** @param {boolean} retry */
async function setUp(retry) {
  if (process.platform === "win32")
    throw new SetupError("Trivet runs on Linux and macOS. On Windows, use it inside WSL 2.");
  if (Number(process.versions.node.split(".")[0]) < 20) {
    throw new SetupError(
      `This is Node ${process.version}; setup needs Node 20 or newer. Get one from https://nodejs.org.`,
    );
  }
  await withLock(path.join(local, "setup.lock"), async (lock) => {
    if (isReady(retry)) return; // another setup was faster
    const log = path.join(local, "setup.log");
    mkdirSync(local, { recursive: true });
    closeSync(openSync(log, "w")); // empties it
    say(`Setting up Trivet, once for this clone. What the tools say goes to ${path.relative(process.cwd(), log)}`);
    const journal = { log, lock };
    if (!packagesAreInstalled()) await installPackages(journal);
    if (!nodeIsInstalled()) await installNode(journal);
    if (!backendIsInstalled(retry)) await installBackend(journal);
    say("Trivet is set up.");
  });
}
