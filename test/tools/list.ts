// `npm run tools`: which programs of others the tests and the rehearsal use, and which are there. `npm run tools --
// install` gets those that are not.
import { type Tool, tools } from "./tools.ts";

const install = process.argv[2] === "install";
let missing = 0;
for (const tool of Object.values<Tool>(tools)) {
  if (install) await tool.command().catch((error: Error) => console.error(`${tool.name}: ${error.message}`));
  const installed = await tool.isInstalled();
  const state = installed ? "installed" : "missing  ";
  console.log(`${state}  ${`${tool.name} ${tool.version}`.padEnd(37)}  ${tool.emulates}`);
  if (installed) continue;
  missing++;
  console.log(`           needs ${tool.needs}; about ${tool.installSeconds} s`);
}
if (missing > 0 && !install)
  console.log("The first test that needs one installs it, as does `npm run tools -- install`.");
process.exitCode = install && missing > 0 ? 1 : 0;
