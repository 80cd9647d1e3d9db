import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { StackOutputs } from "@trivet/worker-runtime/clouds/stack/outputs";
import { UserError } from "@trivet/worker-runtime/errors";
import type { ObjectStore } from "@trivet/worker-runtime/ports/object-store";
import type { StackFlags } from "./options.ts";
import { namesStack, openStackOf } from "./stack/open.ts";

/** A job, and the store that has it. */
export interface LocatedJob {
  readonly job: string;
  readonly store: ObjectStore;
}

/** Where a command looks for jobs: the folder that --store names, or a deployed stack. */
export interface JobPlace {
  readonly store: ObjectStore;
  /** For people: a folder, or a bucket's address. */
  readonly name: string;
  /** The folder; undefined for a stack. */
  readonly folder: string | undefined;
  /** Undefined on this machine. */
  readonly outputs: StackOutputs | undefined;
  /**
   * Finds what a person means by a job: its whole name, or the name in its job file, which stands for the newest one; on this
   * machine also the folder of its result in any store. Throws `UserError` that lists what there is.
   */
  find(written: string): Promise<LocatedJob>;
}

export interface PlaceFlags extends StackFlags {
  readonly store: string;
}

/** Opens what the options name. A folder that is no store is an error, and stays as it is. */
export async function openPlace(flags: PlaceFlags): Promise<JobPlace> {
  return namesStack(flags) ? openStackPlace(flags) : openLocalPlace(flags.store);
}

export async function openLocalPlace(written: string): Promise<JobPlace> {
  const folder = resolve(written);
  if (!existsSync(join(folder, "trivet-store.json")))
    throw new UserError(`There are no jobs in ${folder}. \`trivet train\` makes one; --store names another folder.`);
  const [{ LocalObjectStore }, { findJob }] = await Promise.all([
    import("@trivet/worker-runtime/clouds/local/object-store"),
    import("./find-result.ts"),
  ]);
  const store = await LocalObjectStore.open(folder);
  return {
    ...{ store, folder, name: relative("", folder) || ".", outputs: undefined },
    async find(written) {
      const { job, storeFolder, resultFolder } = findJob(written, folder);
      if (job === undefined || storeFolder === undefined)
        throw new UserError(`${resultFolder} is a result outside its store, which has no rounds to look at.`);
      return { job, store: storeFolder === folder ? store : await LocalObjectStore.open(storeFolder) };
    },
  };
}

export async function openStackPlace(flags: StackFlags): Promise<JobPlace> {
  const [stack, { findStackJob }] = await Promise.all([openStackOf(flags), import("./stack/find-job.ts")]);
  const { store, outputs } = stack;
  const find = async (written: string) => ({ job: await findStackJob(stack, written), store });
  return { store, outputs, find, name: outputs.storeUrl, folder: undefined };
}
