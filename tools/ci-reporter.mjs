import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/**
 * Mocha's `spec` reporter, which also writes how the tests ended to a file, for `.ci/run` to end with:
 * `--reporter tools/ci-reporter.mjs --reporter-option counts=<file>`.
 */
export default class CiReporter extends Mocha.reporters.Spec {
  /** @param {Mocha.Runner} runner @param {Mocha.MochaOptions} options */
  constructor(runner, options) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const skipped = pending > 0 ? `, ${pending} skipped` : "";
      writeFileSync(options.reporterOptions.counts, `${passes} passed, ${failures} failed${skipped}\n`);
    });
  }
}
