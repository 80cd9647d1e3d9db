import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { UserError } from "@trivet/worker-runtime/errors";
import { nearestName } from "@trivet/worker-runtime/job/nearest-name";

/** What one can start from. Each has a folder of this name in templates/, which is copied. */
export const cases = {
  sentiment: "label texts, such as reviews",
  vision: "label pictures",
  recommender: "predict what users think of items",
  custom: "train a network of your own",
} as const;

export type Case = keyof typeof cases;

const names = Object.keys(cases) as Case[];
const templates = fileURLToPath(new URL("./templates", import.meta.url));
const schema = fileURLToPath(import.meta.resolve("@trivet/worker-runtime/job.schema.json"));

export function findCase(written: string): Case {
  const found = names.find((name) => name === written);
  if (found !== undefined) return found;
  const nearest = nearestName(written, names);
  throw new UserError(
    `There is no case "${written}". ${nearest ? `Did you mean ${nearest}?` : `There are ${names.join(", ")}.`}`,
  );
}

/** Asks on a terminal; elsewhere it is an error, since nobody would answer. */
export async function askForCase(): Promise<Case> {
  if (!process.stdin.isTTY || !process.stderr.isTTY || process.env.CI) {
    throw new UserError(`Say what to start from: trivet init ${names.join("|")}`);
  }
  const list = names.map((name, i) => `  ${i + 1}  ${name.padEnd(12)} ${cases[name]}\n`);
  const questions = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = (await questions.question(`${list.join("")}Which one? `)).trim();
    return names[Number(answer) - 1] ?? findCase(answer);
  } finally {
    questions.close();
  }
}

/** Copies a case's files to `folder`. Nothing is written when one of them is there already, unless `force`. */
export async function writeCase(
  chosen: Case,
  folder: string,
  force: boolean,
): Promise<{ files: string[]; next: string }> {
  const source = join(templates, chosen);
  const copies = (await readdir(source)).map((name) => ({ from: join(source, name), to: join(folder, name) }));
  const there = copies.filter(({ to }) => existsSync(to)).map(({ to }) => to);
  if (there.length > 0 && !force) {
    throw new UserError(`${there.join(" and ")} would be written over. Choose another --folder, or say --force.`);
  }
  await mkdir(folder, { recursive: true });
  for (const { from, to } of copies) {
    const text = await readFile(from, "utf8");
    // Editors with a YAML language server complete and check the file by this line.
    const completed = text.replace("$schema=job.schema.json", `$schema=${relative(resolve(folder), schema)}`);
    await writeFile(to, completed);
  }
  return { files: copies.map(({ to }) => to), next: `trivet train ${join(folder, "job.yaml")}` };
}
