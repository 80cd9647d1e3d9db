import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UserError } from "@trivet/worker-runtime/errors";
import { nearestName } from "@trivet/worker-runtime/job/nearest-name";
import { shortName } from "@trivet/worker-runtime/protocol/find-job";
import { keyPrefixes, keys } from "@trivet/worker-runtime/protocol/keys";

/** Where a job is kept: in a store, or, for a result folder that was copied elsewhere, without one. */
export interface FoundJob {
  /** Undefined for a result folder outside a store. */
  readonly job: string | undefined;
  readonly storeFolder: string | undefined;
  readonly resultFolder: string;
}

/**
 * Finds what a person means by a job: a result folder, a job's whole name, or the name in its job file, which stands for the
 * newest job of that name. Throws `UserError` that lists what there is.
 */
export function findJob(written: string, storeFolder: string): FoundJob {
  if (existsSync(join(written, "manifest.json"))) return ofResultFolder(resolve(written));
  const folder = join(storeFolder, keyPrefixes.jobs);
  if (!existsSync(folder)) {
    throw new UserError(
      `There are no jobs in ${storeFolder}. \`trivet train\` makes one; --store names another folder.`,
    );
  }
  const jobs = readdirSync(folder).sort();
  const job = jobs.includes(written)
    ? written
    : newest(
        folder,
        jobs.filter((name) => shortName(name) === written),
      );
  if (job === undefined) throw noSuchJob(written, storeFolder, jobs);
  return { job, storeFolder, resultFolder: resultFolderOf(storeFolder, job) };
}

/** Its result; where it has none because its budget is spent, the model so far. */
function resultFolderOf(storeFolder: string, job: string): string {
  const result = join(storeFolder, keys.result(job, ""));
  const stopped = join(storeFolder, keys.allStopped(job));
  if (existsSync(join(result, "manifest.json")) || !existsSync(stopped)) return result;
  const whole = readdirSync(stopped).filter((name) => existsSync(join(stopped, name, "manifest.json")));
  return whole.length > 0 ? join(stopped, whole.sort().at(-1)!) : result;
}

function ofResultFolder(resultFolder: string): FoundJob {
  const jobFolder = resolve(resultFolder, basename(dirname(resultFolder)) === "stopped" ? "../.." : "..");
  const storeFolder = resolve(jobFolder, "../..");
  const isInStore = existsSync(join(storeFolder, "trivet-store.json"));
  const job = jobFolder.slice(join(storeFolder, keyPrefixes.jobs).length);
  return isInStore ? { job, storeFolder, resultFolder } : { job: undefined, storeFolder: undefined, resultFolder };
}

function newest(folder: string, jobs: readonly string[]): string | undefined {
  const time = (job: string) => statSync(join(folder, job)).mtimeMs;
  return jobs.toSorted((a, b) => time(b) - time(a))[0];
}

/** `store` names the store that was looked into. */
export function noSuchJob(written: string, store: string, jobs: readonly string[]): UserError {
  const nearest = nearestName(written, [...jobs, ...jobs.map(shortName)]);
  const list =
    jobs.length === 0 ? "It is empty." : `It has ${jobs.slice(0, 10).join(", ")}${jobs.length > 10 ? ", ..." : ""}.`;
  return new UserError(`There is no job ${written} in ${store}. ${nearest ? `Did you mean ${nearest}?` : list}`);
}
