import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import type { Command } from "commander";
import { shells } from "../../cli/src/completion/scripts.ts";
import { commandTable } from "../../cli/src/completion/table.ts";
import { program } from "../../cli/src/main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runTrivet } from "./run-trivet.ts";

const table = () => commandTable(program() as Command);

function isInstalled(shell: string): boolean {
  try {
    execFileSync(shell, ["-c", "exit 0"]);
    return true;
  } catch {
    return false;
  }
}

describe("shell completion", () => {
  const folder = temporaryFolder();

  /** What bash offers for the last of `words`. */
  async function offered(...words: string[]): Promise<string[]> {
    const script = `${shells.bash(table())}
COMP_WORDS=(trivet ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _trivet; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)("bash", ["--norc", "-c", script], { cwd: folder() });
    return stdout.trim().split("\n");
  }

  it("offers commands, options, words of an option, files and jobs in bash", async () => {
    mkdirSync(join(folder(), ".trivet/jobs/sentiment-1a2b3c4d"), { recursive: true });
    writeFileSync(join(folder(), "sentences to ask.txt"), "");
    expect(await offered("")).to.include.members(["train", "sweep", "gc", "completion", "--help"]);
    expect(await offered("ins")).to.deep.equal(["inspect"]);
    expect(await offered("export", "--f")).to.deep.equal(["--format", "--force"]);
    expect(await offered("export", "--format", "")).to.deep.equal(["safetensors", "tfjs"]);
    expect(await offered("predict", "sent")).to.deep.equal(["sentiment-1a2b3c4d", "sentences to ask.txt"]);
    expect(await offered("train", "--store", "sent")).to.deep.equal(["sentences to ask.txt"]);
    expect(await offered("completion", "")).to.deep.equal(["bash", "zsh", "fish"]);
    expect(await offered("--no-color", "lo")).to.deep.equal(["logs"]);
    expect(await offered("train", "--seed", "")).to.deep.equal([""]);
  });

  for (const shell of ["bash", "zsh", "fish"] as const)
    it(`knows every command and option in ${shell}`, async () => {
      const { stdout, exitCode } = await runTrivet(folder(), ["completion", shell]);
      expect(exitCode).to.equal(0);
      expect(`${stdout.trimEnd()}\n`).to.equal(shells[shell](table()));
      for (const { name, options } of table()) {
        expect(stdout).to.match(new RegExp(`\\b${name}\\b`));
        for (const { long } of options) expect(stdout).to.include(shell === "fish" ? `-l ${long.slice(2)}` : long);
      }
    });

  for (const shell of ["zsh", "fish"] as const)
    it(`is a script that ${shell} reads`, function () {
      if (!isInstalled(shell)) {
        console.log(`      skipped: there is no ${shell} here, which is no part that Trivet needs`);
        this.skip();
      }
      const file = join(folder(), `trivet.${shell}`);
      writeFileSync(file, shells[shell](table()));
      execFileSync(shell, ["-n", file]);
    });

  it("names the shells that there are scripts for", async () => {
    const { exitCode, stderr } = await runTrivet(folder(), ["completion", "tcsh"]);
    expect(exitCode).to.equal(2);
    expect(stderr).to.include("Allowed choices are bash, zsh, fish.");
  });
});
