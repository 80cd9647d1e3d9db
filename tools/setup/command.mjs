import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { root } from "./places.mjs";

/**
 * @typedef {object} Outcome
 * @property {boolean} found false when there is no such program
 * @property {boolean} ok whether it ended with exit code 0
 * @property {string} output the last of what it printed, both streams, at most 100,000 characters
 * @property {NodeJS.Signals | null} signal what killed it
 *
 * @typedef {object} Journal
 * @property {string} log the file that takes the whole output
 * @property {import("./lock.mjs").Lock} lock
 */

/**
 * Runs a program quietly: its output goes to the log, and its end is returned, never thrown.
 *
 * @param {string} program
 * @param {string[]} programArguments
 * @param {Journal} journal
 * @param {{ cwd?: string, env?: Record<string, string> }} [options] `env` is added to the environment
 * @returns {Promise<Outcome>}
 */
export async function run(program, programArguments, { log, lock }, { cwd = root, env = {} } = {}) {
  const logStream = createWriteStream(log, { flags: "a" });
  logStream.write(`$ ${program} ${programArguments.join(" ")}\n`);
  const child = spawn(program, programArguments, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) lock.addProcess(child.pid);

  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output = (output + text).slice(-100_000);
      logStream.write(text);
    });
  }
  /** @type {Outcome} */
  const outcome = await new Promise((resolve) => {
    child.on("error", (error) => resolve({ found: false, ok: false, output: String(error), signal: null }));
    child.on("close", (code, signal) => resolve({ found: true, ok: code === 0, output, signal }));
  });
  logStream.end("\n");
  await finished(logStream);
  return outcome;
}
