import type { Command } from "commander";
import { print, say } from "../output.ts";

interface InitFlags {
  readonly folder: string;
  readonly force?: boolean;
}

const help = `Examples:
  $ trivet init sentiment                    job.yaml: label texts
  $ trivet init custom --folder my-model     my-model/job.yaml and what it needs
`;

export function addInit(program: Command): void {
  program
    .command("init")
    .summary("write a job file to start from")
    .description("Writes a commented job file, and what it needs beside it. Files that are there are left as they are.")
    .addHelpText("before", help)
    .argument("[case]", "sentiment, vision, recommender or custom; asked for on a terminal when left out")
    .option("--folder <folder>", "where to write", ".")
    .option("--force", "write over files that are there")
    .action(init);
}

async function init(written: string | undefined, { folder, force }: InitFlags): Promise<void> {
  const { askForCase, findCase, writeCase } = await import("../init.ts");
  const chosen = written === undefined ? await askForCase() : findCase(written);
  const { files, next } = await writeCase(chosen, folder, force ?? false);
  for (const file of files) print(file);
  say(`\nNext:\n  ${next}`);
}
