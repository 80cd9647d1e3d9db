import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./command.mjs";
import { diskFull, hasCode, meansDiskFull, meansNoNetwork, SetupError, Unavailable } from "./errors.mjs";
import { tensorflow } from "./pins.mjs";
import { cache, requireFreeSpace } from "./places.mjs";
import { megabytes, say, step } from "./progress.mjs";

const { version, wheel, wheelBytes, wheelSha256, pipArguments, unpackedBytes } = tensorflow;
const unpackScript = fileURLToPath(new URL("unpack-wheel.py", import.meta.url));

/** Counts the choices of files that unpack-wheel.py has made, so that a folder with another choice is not taken for this. */
const choice = 2;

/**
 * The unpacked library: libtensorflow_cc.so.2, libtensorflow_framework.so.2, include/, and THIRD_PARTY_NOTICES.txt. Complete
 * as soon as it exists.
 */
export const libraryFolder = path.join(cache, `tensorflow-${version}-${wheelSha256.slice(0, 8)}-${choice}`);
const unpacking = `${libraryFolder}.unfinished`;

/**
 * Downloads and unpacks the library into the cache, unless it is there. Call it under the cache's lock.
 *
 * @param {string} python a Python that has pip
 * @param {import("./command.mjs").Journal} journal
 */
export async function installLibrary(python, journal) {
  if (existsSync(libraryFolder)) return;
  const downloads = path.join(cache, "downloads");
  const wheelFile = path.join(downloads, wheel);
  say(`  TensorFlow goes to ${cache}, for all clones of yours.`);
  await useLeftovers(downloads, wheelFile);
  requireFreeSpace(cache, wheelBytes + unpackedBytes, `TensorFlow ${version}`);
  if (!existsSync(wheelFile)) await download(downloads, wheelFile, python, journal);
  await unpack(wheelFile, python, journal);
  rmSync(downloads, { recursive: true });
}

/**
 * Keeps a wheel that an earlier setup, or the user, put into the folder; frees the disk of what is of no use.
 *
 * @param {string} downloads @param {string} wheelFile
 */
async function useLeftovers(downloads, wheelFile) {
  const unfinished = path.join(downloads, "unfinished");
  // pip may have finished after its setup was killed.
  if (existsSync(path.join(unfinished, wheel))) renameSync(path.join(unfinished, wheel), wheelFile);
  if (existsSync(wheelFile) && (await sha256(wheelFile)) !== wheelSha256) {
    say(`  ${wheelFile} is damaged; downloading it again.`);
    rmSync(wheelFile);
  } else if (existsSync(unfinished) && !existsSync(wheelFile)) {
    say("  An earlier download of TensorFlow was interrupted; starting it again.");
  }
  for (const folder of [unfinished, unpacking]) rmSync(folder, { recursive: true, force: true });
}

/** @param {string} downloads @param {string} wheelFile @param {string} python @param {import("./command.mjs").Journal} journal */
async function download(downloads, wheelFile, python, journal) {
  const unfinished = path.join(downloads, "unfinished");
  mkdirSync(unfinished, { recursive: true });

  const file = path.join(unfinished, wheel);
  await step(`TensorFlow ${version}, ${megabytes(wheelBytes)} to download`, async (progress) => {
    // pip shows no progress when its output is not a terminal, so the growing file in its temporary folder is watched.
    const watch = setInterval(() => progress(sizeOfFiles(unfinished), wheelBytes), 250);
    const options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--disable-pip-version-check"];
    const { ok, output } = await run(
      python,
      ["-m", "pip", "download", ...options, "-d", unfinished, ...pipArguments],
      journal,
      { env: { TMPDIR: unfinished, PIP_REQUIRE_VIRTUALENV: "0" } },
    ).finally(() => clearInterval(watch));
    if (ok && existsSync(file)) return;
    rmSync(unfinished, { recursive: true });
    if (meansDiskFull(output)) throw diskFull(`downloading TensorFlow to ${cache}`);
    if (meansNoNetwork(output)) {
      throw new Unavailable(
        "pip could not reach its package index to download TensorFlow: check the network, or the proxy.",
      );
    }
    throw new Unavailable(`pip found no TensorFlow ${version} for this machine; see ${journal.log}.`);
  });
  const hash = await sha256(file);
  if (hash !== wheelSha256) {
    rmSync(unfinished, { recursive: true });
    throw new SetupError(
      `The TensorFlow download is broken: ${wheel} has the SHA-256 ${hash} and should have ${wheelSha256}. It was deleted. ` +
        "Run the same command again; if that does not help, your package index serves another file than PyPI does.",
    );
  }
  renameSync(file, wheelFile);
}

/** @param {string} wheelFile @param {string} python @param {import("./command.mjs").Journal} journal */
async function unpack(wheelFile, python, journal) {
  await step(`unpacking it, ${megabytes(unpackedBytes)}`, async () => {
    const { ok, output } = await run(python, [unpackScript, wheelFile, unpacking], journal);
    if (ok) return;
    rmSync(unpacking, { recursive: true, force: true });
    if (meansDiskFull(output)) throw diskFull(`unpacking TensorFlow to ${cache}`);
    throw new SetupError(`TensorFlow could not be unpacked; see ${journal.log}`);
  });
  renameSync(unpacking, libraryFolder);
}

/** @param {string} file @returns {Promise<string>} in hexadecimal */
async function sha256(file) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

/** @param {string} folder @returns {number} bytes of all files below it; 0 when pip changes the folder meanwhile */
function sizeOfFiles(folder) {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const stats = names.map((name) => statSync(path.join(folder, name)));
    return stats.reduce((bytes, stat) => bytes + (stat.isFile() ? stat.size : 0), 0);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return 0;
    throw error;
  }
}
