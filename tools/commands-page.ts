import type { Command } from "commander";
import { program } from "../cli/src/main.ts";
import { markdownTable } from "../test/support/markdown.ts";

interface Facts {
  /** Exit codes that the command may end with, 0 and those of a bug aside. */
  readonly codes: readonly number[];
  /** The tests that run it, below `test/`. */
  readonly tests: readonly string[];
}

/** What the help does not say in a form to be listed. */
const facts: Readonly<Record<string, Facts>> = {
  init: { codes: [2], tests: ["cli/command.test.ts"] },
  train: { codes: [1, 2, 3, 4, 5, 130], tests: ["cli/train.test.ts", "cli/money.test.ts"] },
  sweep: { codes: [1, 2, 3, 130], tests: ["cli/sweep.test.ts"] },
  estimate: { codes: [2, 3], tests: ["cli/money.test.ts"] },
  plan: { codes: [2, 3], tests: ["cli/money.test.ts"] },
  cost: { codes: [2, 3], tests: ["cli/money.test.ts"] },
  predict: { codes: [2, 3], tests: ["cli/train.test.ts", "cli/stack-clouds.test.ts"] },
  inspect: { codes: [1, 2, 3], tests: ["cli/train.test.ts", "cli/stack-clouds.test.ts"] },
  doctor: { codes: [1, 2, 3], tests: ["cli/command.test.ts", "cli/stack-clouds.test.ts"] },
  list: { codes: [2, 3], tests: ["cli/daily.test.ts", "cli/stack-clouds.test.ts"] },
  compare: { codes: [2, 3], tests: ["cli/daily.test.ts"] },
  diff: { codes: [1, 2, 3], tests: ["cli/daily.test.ts", "cli/stack-clouds.test.ts"] },
  logs: { codes: [2, 3, 130], tests: ["cli/daily.test.ts", "cli/stack-clouds.test.ts"] },
  export: { codes: [1, 2, 3], tests: ["cli/daily.test.ts", "cli/stack-clouds.test.ts"] },
  gc: { codes: [2, 3], tests: ["cli/daily.test.ts", "cli/stack-clouds.test.ts"] },
  submit: { codes: [1, 2, 3, 4, 5, 130], tests: ["cli/stack-clouds.test.ts"] },
  status: { codes: [2, 3], tests: ["cli/stack-clouds.test.ts"] },
  watch: { codes: [1, 2, 3, 4, 5, 130], tests: ["cli/stack-clouds.test.ts", "cli/web.test.ts"] },
  fetch: { codes: [1, 2, 3, 130], tests: ["cli/stack-clouds.test.ts"] },
  cancel: { codes: [2, 3], tests: ["cli/stack-clouds.test.ts"] },
  redrive: { codes: [2, 3], tests: ["rehearsal/acts.ts"] },
  completion: { codes: [2], tests: ["cli/completion.test.ts"] },
};

/** `docs/commands.md`, made from the commands' own help; a test fails when the page is another. */
export function renderCommands(): string {
  const commands = program().commands.map((command) => ({ command, help: helpOf(command), ...factsOf(command) }));
  const rows = commands.map(({ command, help, codes, tests }) => [
    `[${command.name()}](#trivet-${command.name()})`,
    command.summary(),
    `\`${exampleOf(help)}\``,
    ["0", ...codes].join(" "),
    tests.map((test) => `[${test.replace(/^cli\/|(\.test)?\.ts$/g, "")}](../test/${test})`).join(", "),
  ]);
  return `# Commands

Made from the commands' own help (\`node tools/write-commands.ts\`; a test fails when this page is old). Exit codes: 0 fine, 1 the job failed or
something does not fit, 2 wrong usage or input, 3 try again later, 4 stopped by its budget, 5 cancelled, 130 and 143 stopped by Ctrl-C or a signal. With \`--json\`
errors are data too: \`{"error": {"code", "message"}}\`.

${markdownTable(["command", "what for", "for example", "exit codes", "tests"], rows)}

${commands.map(({ command, help }) => `## trivet ${command.name()}\n\n${codeBlock(help)}`).join("\n\n")}
`;
}

function factsOf(command: Command): Facts {
  const found = facts[command.name()];
  if (!found) throw new Error(`tools/commands-page.ts has no exit codes and tests of ${command.name()}`);
  return found;
}

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 120,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trim();
}

/** The command of the first example, without what is said about it. */
function exampleOf(help: string): string {
  return /^ {2}\$ (.*?)(?: {2,}.*)?$/m.exec(help)![1]!;
}

function codeBlock(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}
