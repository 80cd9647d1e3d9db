import { randomUUID } from "node:crypto";
import { UserError } from "../errors.ts";
import { pause } from "./retry.ts";

/** The name under which a stored object tells which put made it. Azure allows only letters, digits and underscores. */
export const putIdField = "trivetput";

/** How one cloud does it. */
export interface PutOnce {
  /** Sends the object, to be created if its key is free, and `putId` with it. False for any refusal that says "not now". */
  create(putId: string): Promise<boolean>;
  /** The put id stored with the object; empty where it has none; undefined where there is no object. */
  storedPutId(): Promise<string | undefined>;
}

/** Refusals in a row, of a key that is free at every look, after which one gives up. */
const attempts = 8;

/**
 * Create-if-absent over a network that loses replies. "It exists already" may be the answer to the SDK's own second try of
 * a put whose first reply was lost, so a refusal is never trusted: the put that is stored says by its id whether it was
 * this one. A refusal without an object there (S3's 409 while another write is under way, an object just removed) is
 * tried again.
 */
export async function putOnce(key: string, { create, storedPutId }: PutOnce): Promise<"created" | "exists"> {
  const putId = randomUUID();
  for (let attempt = 1; ; attempt++) {
    if (await create(putId)) return "created";
    const stored = await storedPutId();
    if (stored !== undefined) return stored === putId ? "created" : "exists";
    if (attempt === attempts)
      throw new UserError(`${key} could not be stored: the store refused it ${attempts} times, and holds none.`, 3);
    await pause(attempt);
  }
}
