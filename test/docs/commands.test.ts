import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { CommanderError } from "commander";
import { describe, it } from "mocha";
import { program } from "../../cli/src/main.ts";
import { renderCommands } from "../../tools/commands-page.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");

const pages = [
  "README.md",
  ...readdirSync(new URL("docs", root)).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
  ...readdirSync(new URL("examples", root)).flatMap((name) =>
    existsSync(new URL(`examples/${name}/README.md`, root)) ? [`examples/${name}/README.md`] : [],
  ),
];

/** Command lines of a page: those in blocks of code, and those within a sentence, which may leave arguments out. */
function commandLines(page: string): { line: string; isWhole: boolean }[] {
  const blocks = [...page.matchAll(/^( {4}.*|```[\s\S]*?^```)$/gm)].flatMap(([block]) => block.split("\n"));
  const inBlocks = blocks
    .map((line) => /^\s*(?:\$ )?(?:.*\| )?(?:npx )?(trivet [a-z-].*)$/.exec(line)?.[1])
    .filter((line) => line !== undefined);
  const inSentences = [...page.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/`(?:npx )?(trivet [a-z-][^`]*)`/g)].map(
    ([, line]) => line!,
  );
  return [
    ...inBlocks.map((line) => ({ line, isWhole: true })),
    ...inSentences.map((line) => ({ line, isWhole: false })),
  ];
}

/** The words of a command line: without comment, pipe and what the help's columns say about it. */
function wordsOf(line: string): string[] {
  const command = line.split(/ #| {2,}| \| | > |; | && /)[0]!;
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c!).slice(1);
}

/** What commander says about a command line; undefined where it would run. */
async function refusal(words: string[]): Promise<CommanderError | undefined> {
  const trivet = program().configureOutput({ writeOut: () => {}, outputError: () => {} });
  for (const command of trivet.commands) command.action(() => {}).copyInheritedSettings(trivet);
  try {
    await trivet.parseAsync(words, { from: "user" });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) return error;
    throw error;
  }
}

describe("docs/commands.md", () => {
  it("says what the help says; `node tools/write-commands.ts` writes it", () => {
    expect(read("docs/commands.md")).to.equal(renderCommands());
  });

  it("names tests that are there, and that run the command", () => {
    for (const [, command, tests] of read("docs/commands.md").matchAll(/^\| \[([a-z-]+)\].*\| (.*) \|$/gm))
      for (const [, test] of tests!.matchAll(/\(\.\.\/(test\/[^)]+)\)/g))
        expect(read(test!)).to.match(new RegExp(`\\b${command}\\b`));
  });
});

describe("command lines in the documentation", () => {
  for (const path of pages)
    it(`are understood: ${path}`, async () => {
      for (const { line, isWhole } of commandLines(read(path))) {
        const error = await refusal(wordsOf(line));
        const isFine =
          error === undefined || error.exitCode === 0 || (!isWhole && error.code === "commander.missingArgument");
        expect(isFine, `${path}: ${line}: ${error?.message}`).to.equal(true);
      }
    });

  it("are found at all, and one with an unknown option would be named", async () => {
    const found = pages.flatMap((path) => commandLines(read(path)));
    expect(found.filter(({ isWhole }) => isWhole).length).to.be.greaterThan(50);
    expect((await refusal(wordsOf("trivet train --sed 3")))?.message).to.include("unknown option '--sed'");
  });
});
