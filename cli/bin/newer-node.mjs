// For an older Node: runs the command again with the one that the npm package `node` put next to Trivet.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("./trivet.mjs", import.meta.url));
const name = process.platform === "win32" ? "node.exe" : "node";

/** @param {string} folder @returns {string | undefined} */
function findNode(folder) {
  const node = path.join(folder, "node_modules", "node", "bin", name);
  if (existsSync(node)) return node;
  const parent = path.dirname(folder);
  return parent === folder ? undefined : findNode(parent);
}

const node = findNode(path.dirname(command));
if (node === undefined || node === process.execPath) {
  console.error(
    `Trivet needs Node 22.18 or later, and this is Node ${process.versions.node}. ` +
      "Install a later one, or run `npm install node@24` where Trivet is installed.",
  );
  process.exit(2);
}

const child = spawn(node, [command, ...process.argv.slice(2)], { stdio: "inherit" });
// A terminal sends Ctrl-C to both; the others are passed on.
process.on("SIGINT", () => {});
for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`${node} could not be run: ${error.message}`);
  process.exit(2);
});
child.on("close", (exitCode) => process.exit(exitCode ?? 1));
