import { UserError } from "../errors.ts";

/** What keeps a cloud from serving us and a person can mend. Each cloud's errors.ts tells which one an SDK's error is. */
export type Trouble = "credentials" | "missing" | "denied" | "clock" | "region" | "unreachable";

/** What the sentences below need to know of a cloud. */
export interface CloudWords {
  readonly name: string;
  /** How a person signs in. */
  readonly signIn: string;
  /** What a worker has instead. */
  readonly identity: string;
  /** How the place for requests is set. */
  readonly setRegion: string;
}

const sentences: Record<Trouble, (place: string, cloud: CloudWords) => string> = {
  credentials: (place, { name, signIn, identity }) =>
    `${name} was asked for ${place} without valid credentials. On your own machine, ${signIn}; a worker has those of ` +
    `${identity}.`,
  missing: (place, { name }) =>
    `${name} says that ${place} does not exist. Compare its name with the stack's outputs (pulumi stack output); if the ` +
    "stack was removed, bring it back with pulumi up.",
  denied: (place, { identity }) =>
    `These credentials may not use ${place}. People need the submitter role of the stack's outputs; a worker has the ` +
    `rights of ${identity}, which pulumi up sets.`,
  clock: (place, { name }) =>
    `${name} refuses requests for ${place} because of their time: this machine's clock says ${new Date().toISOString()}. ` +
    "Set the clock, for example with NTP.",
  region: (place, { setRegion }) =>
    `The request for ${place} names no region, or another one than its own. ${setRegion}.`,
  unreachable: (place, { name }) =>
    `${name} could not be reached for ${place}. Check the network, and the names of region and account; then try again.`,
};

/** Says the trouble in a sentence, with what the SDK said at its end. Only an unreachable cloud is worth another try later. */
export function troubleError(trouble: Trouble, place: string, cloud: CloudWords, error: unknown): UserError {
  const said = (error instanceof Error ? error.message : String(error)).split("\n")[0]!.trim().slice(0, 300);
  return new UserError(
    `${sentences[trouble](place, cloud)}${said && ` (${name(error)}: ${said})`}`,
    trouble === "unreachable" ? 3 : 2,
  );
}

function name(error: unknown): string {
  const { name, code } = error as { name?: string; code?: unknown };
  return typeof code === "string" && code !== "" ? code : (name ?? "error");
}

/** Node's names for a network that does not get through. */
export const networkCodes: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);
