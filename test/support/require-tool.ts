import type { Context } from "mocha";
import type { Tool } from "../tools/tools.ts";
import { requirePart } from "./require.ts";

/**
 * Makes sure that a tool is installed, and gives its command, or skips the test with the reason (see `requirePart`). Call it in a `before`
 * hook that is a `function`. The first call ever takes up to two minutes.
 */
export async function requireTool(context: Context, tool: Tool): Promise<string[]> {
  context.timeout(900_000);
  let command: string[] = [];
  const missing = await tool.command().then(
    (found) => {
      command = found;
      return undefined;
    },
    (error: Error & { stderr?: string }) => error.stderr?.trim().split("\n").at(-1) || error.message.split("\n")[0],
  );
  const howToGet = `It installs itself by \`npm run tools -- install\`, which needs ${tool.needs}. (${missing})`;
  requirePart(context, `${tool.name} ${tool.version}`, missing === undefined, howToGet);
  return command;
}
