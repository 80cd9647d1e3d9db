import {
  appendFileSync,
  constants,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimes,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "./errors.mjs";
import { say } from "./progress.mjs";

const touchedEverySeconds = 10;
/** A lock that nobody touched for so long is stale even when a process of that number lives: numbers are used again. */
const staleAfterSeconds = 600;

/**
 * @typedef {object} Lock
 * @property {(pid: number) => void} addProcess notes a child, which may outlive a killed setup: the next one waits for it
 */

/**
 * Does the work while no other setup holds the lock; waits for the other to end. A lock whose processes were killed is
 * taken over at once. The work must still bear being cut off anywhere, so it writes under temporary names.
 *
 * @template T
 * @param {string} file
 * @param {(lock: Lock) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, work) {
  mkdirSync(path.dirname(file), { recursive: true });
  for (let told = false; !tryAcquire(file); ) {
    const other = read(file);
    if (other === undefined) continue; // it was given back just now
    if (isStale(other)) {
      takeAway(file, other.text);
      continue;
    }
    if (!told) say(`Another setup is at work (process ${other.pids.join(", ")}); waiting for it. Its lock: ${file}`);
    told = true;
    await sleep(200);
  }
  const heartbeat = setInterval(() => utimes(file, new Date(), new Date(), () => {}), touchedEverySeconds * 1000);
  try {
    return await work({ addProcess: (pid) => appendFileSync(file, `${pid}\n`) });
  } finally {
    clearInterval(heartbeat);
    rmSync(file, { force: true });
  }
}

/** @param {string} file @returns {boolean} false when another holds it */
function tryAcquire(file) {
  try {
    writeFileSync(file, `${os.hostname()}\n${process.pid}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** @param {string} file */
function read(file) {
  try {
    const text = readFileSync(file, "utf8");
    const [host, ...pids] = text.trim().split("\n");
    return { text, host, pids: pids.map(Number), ageSeconds: (Date.now() - statSync(file).mtimeMs) / 1000 };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** @param {{ host: string | undefined, pids: number[], ageSeconds: number }} lock */
function isStale({ host, pids, ageSeconds }) {
  if (ageSeconds > staleAfterSeconds) return true;
  // Without a number in it, its owner is about to write it. On another machine, processes cannot be looked up.
  return pids.length > 0 && host === os.hostname() && !pids.some(isAlive);
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM"); // it lives, and belongs to another user
  }
}

/**
 * Removes a stale lock. Puts it back if it is no longer the stale one: another setup may have replaced it meanwhile.
 *
 * @param {string} file @param {string} staleText
 */
function takeAway(file, staleText) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return; // another setup took it away
    throw error;
  }
  if (readFileSync(aside, "utf8") !== staleText) copyFileSync(aside, file, constants.COPYFILE_EXCL);
  rmSync(aside);
}
