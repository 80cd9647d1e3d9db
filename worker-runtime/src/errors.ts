/**
 * An error whose message is for the user: what happened, why, and what to do. Shown without a stack trace.
 * `exitCode` is the command's: 1 the job failed, 2 wrong usage or input, 3 try again later.
 */
export class UserError extends Error {
  override readonly name: string = "UserError";
  readonly exitCode: 1 | 2 | 3;
  constructor(message: string, exitCode: 1 | 2 | 3 = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A row of the data that cannot be used. The reader adds file and line. */
export class BadRow extends UserError {
  override readonly name = "BadRow";
}
