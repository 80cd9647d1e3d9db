import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { UserError } from "../errors.ts";
import { nearestName } from "../job/nearest-name.ts";

const npmPrefix = "npm:";

/**
 * The absolute path of a file that a job names: relative to the job file's `folder`, or `npm:<package>/<path>` inside an
 * installed package, which is looked for from `folder` upwards and then where Trivet itself is installed.
 * Throws `UserError` when it is not there; `argument` is what the job calls it, such as "data.train".
 */
export function findFile(written: string, folder: string, argument: string): string {
  if (written.startsWith(npmPrefix)) return findInPackage(written, folder, argument);
  const found = path.resolve(folder, written);
  if (existsSync(found)) return found;
  throw new UserError(`${argument}: there is no ${found}.${nearNames(found)}`);
}

function findInPackage(written: string, folder: string, argument: string): string {
  const parts = written.slice(npmPrefix.length).split("/");
  const nameLength = written.startsWith(`${npmPrefix}@`) ? 2 : 1;
  const name = parts.slice(0, nameLength).join("/");
  const inside = parts.slice(nameLength);
  if (inside.length === 0 || parts.some((part) => part === "" || part === "." || part === "..")) {
    throw new UserError(`${argument}: "${written}" is not of the form npm:<package>/<path inside it>.`);
  }
  for (const place of [...upwards(path.resolve(folder)), ...upwards(import.meta.dirname)]) {
    const packageFolder = path.join(place, "node_modules", name);
    if (!existsSync(packageFolder)) continue;
    const found = path.join(packageFolder, ...inside);
    if (existsSync(found)) return found;
    throw new UserError(`${argument}: the npm package ${name} has no file ${inside.join("/")}.${nearNames(found)}`);
  }
  throw new UserError(
    `${argument}: the npm package ${name} is not installed above ${path.resolve(folder)}. Run \`npm install ${name}\` there.`,
  );
}

function* upwards(folder: string): Generator<string> {
  yield folder;
  const parent = path.dirname(folder);
  if (parent !== folder) yield* upwards(parent);
}

/** A sentence about what is there instead. */
function nearNames(missing: string): string {
  const folder = path.dirname(missing);
  if (!existsSync(folder)) return ` There is no folder ${folder} either.`;
  const names = readdirSync(folder);
  const near = nearestName(path.basename(missing), names);
  if (near) return ` Did you mean ${near}?`;
  return names.length > 0 ? ` The folder has: ${names.sort().slice(0, 8).join(", ")}.` : " The folder is empty.";
}
