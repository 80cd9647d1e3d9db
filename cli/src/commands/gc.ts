import { rmdirSync } from "node:fs";
import { join } from "node:path";
import type { Garbage } from "@trivet/worker-runtime/protocol/garbage";
import type { Command } from "commander";
import { type JobPlace, openPlace, type PlaceFlags } from "../job-place.ts";
import { addStackOptions, jsonOption, storeOption } from "../options.ts";
import { print } from "../output.ts";
import { bytes, count, counted } from "../progress/format.ts";
import { table } from "../table.ts";

interface GcFlags extends PlaceFlags {
  readonly yes?: boolean;
  readonly datasets?: boolean;
  readonly json?: boolean;
}

const help = `Examples:
  $ trivet gc                     what could go, and how many bytes; nothing is removed
  $ trivet gc --yes               remove it
  $ trivet gc sentiment --yes     only what one job has left
  $ trivet gc --datasets          also datasets that no job here was trained on
`;

export function addGc(program: Command): void {
  const command = program
    .command("gc")
    .summary("remove rounds that nobody needs any more")
    .description(
      "Tells, and with --yes removes, the weights and updates of rounds that nobody needs any more: all of a job that has its " +
        "result, and of any other what lies behind the rounds that it goes on from. Results, manifests, traces and what a job " +
        "needs to go on are never touched, and jobs may run meanwhile. What is gone can no longer be compared tensor by tensor. On a " +
        "stack it needs the right to delete objects, which whoever deployed it has, and the submitter's role has not.",
    )
    .addHelpText("before", help)
    .argument("[job]", "a job's name; all jobs when left out")
    .option("-y, --yes", "remove it")
    .option(
      "--datasets",
      "also datasets that no job was trained on, a day old at least; not while a job is being prepared",
    )
    .addOption(storeOption());
  addStackOptions(command).addOption(jsonOption("print one JSON object")).action(gc);
}

async function gc(written: string | undefined, flags: GcFlags): Promise<void> {
  const place = await openPlace(flags);
  const { findGarbage, findUnusedDatasets, removeGarbage } = await import("@trivet/worker-runtime/protocol/garbage");
  const { job, store } = written === undefined ? { job: undefined, store: place.store } : await place.find(written);
  const garbage = await findGarbage(store, job);
  if (flags.datasets) garbage.push(...(await findUnusedDatasets(store, Date.now())));
  if (flags.yes) {
    await removeGarbage(store, garbage);
    removeEmptyFolders(place, garbage);
  }
  if (flags.json)
    return print(JSON.stringify({ store: place.name, removed: flags.yes ?? false, ...inNumbers(garbage) }));
  tell(place, garbage, flags);
}

function inNumbers(garbage: readonly Garbage[]) {
  const found = garbage.map(({ of, note, objects }) => ({
    of,
    note,
    objects: objects.length,
    sizeBytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }));
  return { garbage: found, sizeBytes: found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

function tell(place: JobPlace, garbage: readonly Garbage[], { yes }: GcFlags): void {
  const { garbage: found, sizeBytes } = inNumbers(garbage);
  if (found.length === 0) {
    print(`Nothing in ${place.name} can go.`);
    return;
  }
  const rows = found.map(({ of, objects, sizeBytes, note }) => [of, count(objects), bytes(sizeBytes), note]);
  for (const line of table([["of", "objects", "size", "why"], ...rows], [1, 2])) print(line);
  const objects = counted(
    found.reduce((sum, { objects }) => sum + objects, 0),
    "object",
  );
  print(
    yes
      ? `\nRemoved ${objects}, ${bytes(sizeBytes)}.`
      : `\n${objects}, ${bytes(sizeBytes)}. Nothing was removed; --yes does it.`,
  );
}

/** A store of files leaves folders behind: those of rounds and jobs that have nothing in them any more go too. */
function removeEmptyFolders({ folder }: JobPlace, garbage: readonly Garbage[]): void {
  if (folder === undefined) return;
  const parents = (key: string) => {
    const steps = key.split("/");
    return steps.slice(2).map((_, depth) => steps.slice(0, depth + 2).join("/"));
  };
  const folders = new Set(garbage.flatMap(({ objects }) => objects.flatMap(({ key }) => parents(key))));
  for (const path of [...folders].sort((a, b) => b.length - a.length)) {
    try {
      rmdirSync(join(folder, path));
    } catch {
      // It is not empty, or gone already.
    }
  }
}
