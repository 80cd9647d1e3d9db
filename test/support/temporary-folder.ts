import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach } from "mocha";

/**
 * Gives each test of the enclosing `describe` a new empty folder, removed when the test ends.
 *
 * @returns a function that gives the current test's folder, as an absolute path without symbolic links
 *
 * @example
 * describe("the store", () => {
 *   const folder = temporaryFolder();
 *   it("writes", () => writeFileSync(path.join(folder(), "a.txt"), ""));
 * });
 */
export function temporaryFolder(): () => string {
  let current = "";
  beforeEach(() => {
    current = realpathSync(mkdtempSync(path.join(tmpdir(), "trivet-test-")));
  });
  afterEach(() => {
    rmSync(current, { recursive: true, force: true, maxRetries: 3 });
  });
  return () => current;
}
