import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { temporaryFolder } from "../support/temporary-folder.ts";

const repository = path.resolve(import.meta.dirname, "../..");

/** Stands in for npm: `run <script>` fails when $FAILING names the script; `test` runs the real mocha on $SPEC. */
const fakeNpm = `#!/usr/bin/env bash
if [ "$1" = run ]; then echo "ran $2"; [ "$2" != "$FAILING" ]; exit; fi
shift 2
exec "$MOCHA" "$SPEC" "$@"
`;

describe(".ci/run", () => {
  const clone = temporaryFolder();

  /** Runs it, from another folder, on one test file with this content. */
  function ci(content: string, failing = ""): { code: number | null; lines: string[] } {
    const folder = path.join(clone(), "clone");
    cpSync(path.join(repository, ".ci"), path.join(folder, ".ci"), { recursive: true });
    cpSync(path.join(repository, "tools"), path.join(folder, "tools"), { recursive: true });
    symlinkSync(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
    writeFileSync(path.join(folder, "one.test.mjs"), content);
    mkdirSync(path.join(clone(), "bin"));
    writeFileSync(path.join(clone(), "bin/npm"), fakeNpm, { mode: 0o755 });
    const { status, stdout } = spawnSync("bash", [path.join(folder, ".ci/run")], {
      cwd: "/",
      encoding: "utf8",
      env: {
        PATH: [path.join(clone(), "bin"), path.dirname(process.execPath), process.env.PATH].join(":"),
        MOCHA: path.join(repository, "node_modules/.bin/mocha"),
        SPEC: "one.test.mjs",
        FAILING: failing,
      },
    });
    return { code: status, lines: stdout.trimEnd().split("\n") };
  }

  it("ends with mocha's counts alone on the last line, and exit code 0, when all is green", () => {
    const { code, lines } = ci(`it("a", () => {}); it("b", () => {});`);
    expect(lines.at(-1)).to.equal("2 passed, 0 failed");
    expect(lines.join("\n")).to.match(/ran setup\nran lint\nran types\n.*2 passing/s);
    expect(code).to.equal(0);
  });

  it("counts what failed and what was skipped", () => {
    const { code, lines } = ci(`it("a", () => {}); it.skip("b", () => {}); it("c", () => { throw new Error("no"); });`);
    expect(lines.at(-1)).to.equal("1 passed, 1 failed, 1 skipped");
    expect(code).to.equal(1);
  });

  it("asks for all parts", () => {
    const { lines } = ci(`it("a", () => { if (process.env.TRIVET_REQUIRE_ALL !== "1") throw new Error("no"); });`);
    expect(lines.at(-1)).to.equal("1 passed, 0 failed");
  });

  for (const [what, content] of [
    ["no test ran", `describe("nothing", () => {});`],
    ["only a chosen test would run", `it.only("a", () => {});`],
    ["a test file does not load", `throw new Error("no");`],
    ["the process dies in the middle", `it("a", () => process.exit(0));`],
    [
      "something throws after the last test",
      `it("a", () => { setTimeout(() => { throw new Error("late"); }, 100); });`,
    ],
  ]) {
    it(`fails when ${what}`, () => {
      const { code, lines } = ci(content!);
      expect(lines.at(-1)).to.match(/^\d+ passed, \d+ failed$/);
      expect(code).to.equal(1);
    });
  }

  for (const script of ["setup", "lint", "types"]) {
    it(`fails when ${script} fails, and says so`, () => {
      const { code, lines } = ci(`it("a", () => {});`, script);
      expect(lines.at(-2)).to.equal(`Not green: ${script}.`);
      expect(lines.at(-1)).to.equal(script === "setup" ? "0 passed, 1 failed" : "1 passed, 0 failed");
      expect(code).to.equal(1);
    });
  }
});
