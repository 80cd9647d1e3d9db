import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { temporaryFolder } from "../support/temporary-folder.ts";

const repository = path.resolve(import.meta.dirname, "../..");

describe("the linter's rule on time and randomness", () => {
  const folder = temporaryFolder();

  /** Lints one line of code as if it stood in a part of the worker; gives the rule's messages. */
  function lint(part: string, code: string): string[] {
    cpSync(path.join(repository, "biome.json"), path.join(folder(), "biome.json"));
    cpSync(path.join(repository, "tools/lint"), path.join(folder(), "tools/lint"), { recursive: true });
    const file = path.join("worker-runtime/src", part, "code.ts");
    mkdirSync(path.join(folder(), path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder(), file), `${code}\n`);
    const biome = path.join(repository, "node_modules/.bin/biome");
    const { stdout } = spawnSync(biome, ["lint", "--vcs-enabled=false", "--reporter=json", file], {
      cwd: folder(),
      encoding: "utf8",
    });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; message: string }[] };
    return diagnostics.filter(({ category }) => category === "plugin").map(({ message }) => message);
  }

  for (const part of ["protocol", "training", "training/recorded"]) {
    it(`refuses in ${part} what would make a run depend on the machine, and says what to take instead`, () => {
      const clock = "Code here must not read the machine's time: take a Clock (ports/clock.ts) as an argument.";
      for (const time of [
        "Date.now()",
        "new Date()",
        "performance.now()",
        "setTimeout(f, 1)",
        "setInterval(f, 1)",
        "await import('node:timers/promises')",
      ]) {
        expect(lint(part, `export const a = ${time};`), time).to.deep.equal([clock]);
      }
      for (const chance of ["Math.random()", "crypto.randomUUID()", "crypto.getRandomValues(b)", "randomBytes(4)"]) {
        expect(lint(part, `export const a = ${chance};`), chance)
          .to.have.length(1)
          .and.to.match(/take a Random \(training\/random\.ts\)/);
      }
      expect(lint(part, "export const a = new Date(clock.now());")).to.deep.equal([]);
    });
  }

  it("leaves the other parts alone", () => {
    expect(lint("clouds", "export const a = Date.now() + Math.random();")).to.deep.equal([]);
  });
});
