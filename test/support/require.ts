import type { Context } from "mocha";

/**
 * Names a part of the machine that a test needs (a program, a right, a Python module). Call it first in a test or in a
 * `before` hook. When the part is missing, the test is skipped and the reason printed; with `TRIVET_REQUIRE_ALL=1`, as
 * in CI, it fails instead, so that a green run there means that everything ran.
 *
 * @param context mocha's `this`, so the test must be a `function`, not an arrow
 * @param name what is needed, as a noun: "Python 3"
 * @param found whether the machine has it
 * @param howToGet one sentence: "Install it with `apt-get install python3`."
 */
export function requirePart(context: Context, name: string, found: boolean, howToGet: string): void {
  if (found) return;
  const reason = `needs ${name}, which this machine lacks. ${howToGet}`;
  if (process.env.TRIVET_REQUIRE_ALL === "1") throw new Error(`This test ${reason}`);
  const title = context.test?.fullTitle() ?? "a test";
  console.log(`      skipped: ${title}: ${reason}`);
  context.skip();
}
