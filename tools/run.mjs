// `node tools/run.mjs <command> [arguments]`: makes this clone ready, then runs the command as an npm script would, with
// node_modules/.bin first on the PATH, so that `node` is Node 24 whatever the machine has. A second process is needed
// for that: the shell of an npm script remembers where it found `node` the first time.
import { spawn } from "node:child_process";
import path from "node:path";
import { makeReady } from "./setup/make-ready.mjs";
import { root } from "./setup/places.mjs";

const [command, ...commandArguments] = process.argv.slice(2);
if (command === undefined) throw new Error("usage: node tools/run.mjs <command> [arguments]");

await makeReady();

const PATH = [path.join(root, "node_modules", ".bin"), process.env.PATH].join(path.delimiter);
const child = spawn(command, commandArguments, { stdio: "inherit", env: { ...process.env, PATH } });
// Ctrl-C reaches the command by itself, since the terminal sends it to all; the others are passed on.
process.on("SIGINT", () => {});
for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`${command} could not be run: ${error.message}`);
  process.exit(1);
});
child.on("close", (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
