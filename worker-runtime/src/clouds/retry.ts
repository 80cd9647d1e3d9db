import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../errors.ts";

/** How hard every SDK tries, each in its own words. */
export const trying = {
  /** Tries of one request: the first, and further ones after waits that grow, with jitter. */
  attempts: 5,
  connectMs: 5_000,
  /** The longest that one try may take. Enough for `largeObjectBytes` over a home connection. */
  requestMs: 120_000,
} as const;

/** Waits a random part of 100 ms, 200 ms, 400 ms, ... at most 3.2 s: those who collided once do not meet again. */
export async function pause(attempt: number): Promise<void> {
  await sleep(Math.random() * 100 * 2 ** Math.min(attempt - 1, 5));
}

/** The reply to a read broke off, or what arrived is not what was stored. */
export class BrokenReply extends Error {
  override readonly name = "BrokenReply";
}

/**
 * Reads again after a `BrokenReply`: once a reply has begun, the SDKs no longer try again by themselves. What stays broken
 * becomes an error that names the key.
 */
export async function readAgain<T>(key: string, read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof BrokenReply)) throw error;
      if (attempt === trying.attempts)
        throw new UserError(`${key} could not be read in ${attempt} tries: ${error.message}.`, 3);
      await pause(attempt);
    }
  }
}
