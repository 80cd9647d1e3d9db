import { UserError } from "../errors.ts";

/**
 * What was read is not what was stored. It may have been damaged on the way, so a task that meets it is tried again; when it
 * comes at every try, the stored object itself is at fault, and that ends the job.
 */
export class DamagedObject extends UserError {
  override readonly name = "DamagedObject";
  constructor(key: string) {
    super(
      `The stored object ${key} is damaged: its bytes do not have the hash that was written with them. ` +
        "The disk or the store is at fault. Train again from the start with --again, or restore the object from a copy.",
      1,
    );
  }
}
