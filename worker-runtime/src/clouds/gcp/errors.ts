import { type CloudWords, networkCodes, type Trouble, troubleError } from "../trouble.ts";

const gcp: CloudWords = {
  name: "Google Cloud",
  signIn: "sign in with `gcloud auth application-default login`",
  identity: "its Cloud Run service's account",
  setRegion: "Compare its region with the stack's",
};

/**
 * Runs a request; an error that a person can mend becomes a UserError that says how. A missing object is none, though its
 * reply says 404 as a missing bucket's does: `placeIsMissing` tells them apart by the message.
 */
export async function explaining<T>(
  place: string,
  request: () => Promise<T>,
  placeIsMissing = (message: string) => /bucket does not exist/i.test(message),
): Promise<T> {
  try {
    return await request();
  } catch (error) {
    const { message = "" } = error as { message?: string };
    const trouble = statusOf(error) === 404 && placeIsMissing(message) ? "missing" : troubleOf(error);
    throw trouble ? troubleError(trouble, place, gcp, error) : error;
  }
}

/** The HTTP status of an error of either client; undefined where there was no reply, and for errors of ours. */
export function statusOf(error: unknown): number | undefined {
  const { code, status } = error as { code?: unknown; status?: unknown };
  if (typeof status === "number") return status;
  return typeof code === "number" ? code : undefined;
}

function troubleOf(error: unknown): Trouble | undefined {
  const { code, message = "" } = error as { code?: unknown; message?: string };
  if (networkCodes.has(code)) return "unreachable";
  // Said of the token that a service account's key signs: its times are not now.
  if (/short-lived token|iat and exp/i.test(message)) return "clock";
  if (/Could not load the default credentials|invalid_grant|Unable to detect a Project Id/i.test(message))
    return "credentials";
  const status = statusOf(error);
  if (status === 401) return "credentials";
  return status === 403 ? "denied" : undefined;
}
