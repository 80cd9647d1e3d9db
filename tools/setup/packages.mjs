import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { run } from "./command.mjs";
import { diskFull, hasCode, meansDiskFull, meansNoNetwork, SetupError } from "./errors.mjs";
import { nodeDownloadBytes, npmPackages } from "./pins.mjs";
import { requireFreeSpace, root } from "./places.mjs";
import { megabytes, step } from "./progress.mjs";

const modules = path.join(root, "node_modules");
/** npm writes here what it has installed, as the very last thing. */
const installedLock = path.join(modules, ".package-lock.json");
const ownNode = path.join(modules, "node", "bin", "node");
const isNode24 = process.versions.node.startsWith("24.");

/** The Node 24 that runs Trivet. */
export const nodeProgram = () => (existsSync(ownNode) ? ownNode : process.execPath);

/** Whether all that package-lock.json asks for is installed. Reads two files; asks npm nothing. */
export function packagesAreInstalled() {
  const wanted = readPackages(path.join(root, "package-lock.json"));
  const installed = readPackages(installedLock);
  if (installed === undefined || wanted === undefined) return false;
  return Object.entries(wanted).every(([name, { version, integrity, optional }]) => {
    const found = installed[name];
    if (found === undefined) return name === "" || optional; // this project itself; a package for another system
    return found.version === version && found.integrity === integrity;
  });
}

/** Whether there is a Node 24, the machine's or ours. */
export const nodeIsInstalled = () => isNode24 || existsSync(ownNode);

/**
 * Installs the packages without their install scripts: that of tfjs-node would download TensorFlow from elsewhere, and
 * no other package needs its own.
 *
 * @param {import("./command.mjs").Journal} journal
 */
export async function installPackages(journal) {
  requireFreeSpace(root, npmPackages.diskBytes, "the npm packages");
  rmSync(installedLock, { force: true }); // an interrupted `npm ci` must not look finished
  await step(`npm packages, up to ${megabytes(npmPackages.downloadBytes)} to download`, () =>
    // Development packages too, even where NODE_ENV=production leaves them out: tests and types need them.
    npm(["ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund"], "installing the packages", journal),
  );
}

/**
 * Lets the npm package `node` fetch the binary for this system, by its install script.
 *
 * @param {import("./command.mjs").Journal} journal
 */
export async function installNode(journal) {
  const { version } = JSON.parse(readFileSync(path.join(modules, "node", "package.json"), "utf8"));
  await step(`Node ${version}, up to ${megabytes(nodeDownloadBytes)} to download`, () =>
    npm(
      ["rebuild", "node", "--ignore-scripts=false"],
      `installing Node ${version} (or install Node 24 yourself)`,
      journal,
    ),
  );
}

/**
 * Runs npm, on what its cache has where that is enough: a second clone then downloads nothing.
 *
 * @param {string[]} npmArguments
 * @param {string} doing for the error, ready to follow "while"
 * @param {import("./command.mjs").Journal} journal
 */
export async function npm(npmArguments, doing, journal) {
  let { ok, found, output } = await run("npm", npmArguments, journal, { env: { npm_config_prefer_offline: "true" } });
  const cacheIsTooOld = !ok && /ETARGET/.test(output); // a version came out after npm last looked
  if (cacheIsTooOld) ({ ok, found, output } = await run("npm", npmArguments, journal));
  if (ok) return;
  if (!found)
    throw new SetupError("npm was not found. It comes with Node: install Node 20, 22 or 24 from https://nodejs.org.");
  if (meansDiskFull(output)) throw diskFull(doing);
  if (meansNoNetwork(output)) {
    throw new SetupError(
      `npm could not reach its registry while ${doing}. Check the network (and the proxy, if you have one: ` +
        `\`npm config get https-proxy\`), then run the same command again. All that npm said: ${journal.log}`,
    );
  }
  const said = output.match(/^npm (?:error|ERR!) (?!code)(.+)/m)?.[1] ?? "it gave no reason";
  throw new SetupError(`npm failed while ${doing}: ${said}. All that it said: ${journal.log}`);
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }> | undefined} undefined when there
 *   is no such file, or one that npm was killed over
 */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
