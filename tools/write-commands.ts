// `node tools/write-commands.ts`: makes docs/commands.md from the commands' own help.
import { writeFileSync } from "node:fs";
import { renderCommands } from "./commands-page.ts";

writeFileSync(new URL("../docs/commands.md", import.meta.url), renderCommands());
