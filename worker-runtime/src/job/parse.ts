import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors.ts";
import { checkSchema } from "./check.ts";
import { type JobDocument, jobSchema } from "./document.ts";
import { nearestName } from "./nearest-name.ts";
import { type Path, type Problem, showPath } from "./problem.ts";
import { checkRules } from "./rules.ts";
import { type Place, readSource, type Source } from "./source.ts";

/** Far above any real job; the YAML parser takes seconds on a hostile text of ten times this size. */
const maximumBytes = 64 * 1024;

/** More lines than this help nobody; `problems` holds all of them. */
const shownProblems = 30;

/** One problem of a job file, as editors and `--json` want it. Lines and columns count from 1. */
export interface LocatedProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Such as `training.learningRate`; empty for the text or the document as a whole. */
  readonly path: string;
  readonly message: string;
}

/** Everything that is wrong with a file, a line each. */
export function listed(fileName: string, problems: readonly LocatedProblem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.map(({ file, line, column, path, message }) => {
    return `${file}:${line}:${column} ${path && `${path}: `}${message}`;
  });
  const more = lines.length > shownProblems ? [`... and ${lines.length - shownProblems} more`] : [];
  return [`${fileName} has ${count}:`, ...lines.slice(0, shownProblems), ...more].join("\n");
}

/** A job file that cannot be used, with everything that is wrong with it. */
export class InvalidJob extends UserError {
  override readonly name = "InvalidJob";
  readonly problems: readonly LocatedProblem[];

  constructor(fileName: string, problems: readonly LocatedProblem[]) {
    super(listed(fileName, problems));
    this.problems = problems;
  }
}

/** What a file is called in sentences. */
export interface FileKind {
  readonly name: string;
  readonly example: string;
  /** What one can do where there is none: a sentence. */
  readonly advice: string;
}

const jobFile: FileKind = {
  name: "job file",
  example: "job.yaml",
  advice: "`trivet init` writes a job file to start from.",
};

/**
 * The job that a YAML or JSON text describes, with every default filled in.
 * Throws `InvalidJob` with all problems at once; `fileName` is how they name the file.
 */
export function parseJob(text: string, fileName: string): JobDocument {
  const source = sourceOf(text, fileName, jobFile);
  const problems = checkDocument(source.value);
  if (problems.length === 0) return jobSchema.parse(source.value);
  throw new InvalidJob(fileName, locate(problems, source, fileName));
}

/** A text as values that know their places. Throws `UserError` for an empty one, and `InvalidJob` for one that is no YAML. */
export function sourceOf(text: string, fileName: string, kind: FileKind): Source {
  if (Buffer.byteLength(text) > maximumBytes) throw tooLarge(fileName, kind);
  if (text.includes("\0")) throw notText(fileName, kind);
  const source = readSource(text);
  if (source.problems.length === 0 && source.value === null)
    throw new UserError(`${fileName} is empty. ${kind.advice}`);
  if (source.problems.length === 0) return source;
  throw new InvalidJob(fileName, source.problems.map(asLocated(fileName)).sort(byPlace));
}

/** Problems with their places in the file. */
export function locate(problems: readonly Problem[], source: Source, fileName: string): LocatedProblem[] {
  const placed = problems.map((problem) => ({ ...problem, place: source.placeOf(problem.path) }));
  return placed.map(asLocated(fileName)).sort(byPlace);
}

function asLocated(file: string) {
  return ({ path, message, place }: Problem & { readonly place: Place }): LocatedProblem => {
    return { file, ...place, path: showPath(path), message };
  };
}

function byPlace(a: LocatedProblem, b: LocatedProblem): number {
  return a.line - b.line || a.column - b.column;
}

/** Everything that is wrong with a job. A rule is not told of a field, or of what is inside it, that is wrong already. */
export function checkDocument(document: unknown): Problem[] {
  const wrong = checkSchema(document);
  const isWrong = (path: Path) => wrong.some((problem) => problem.path.every((step, depth) => step === path[depth]));
  return [...wrong, ...checkRules(document).filter(({ path }) => !isWrong(path))];
}

/** Reads a job file. Throws `UserError` for one that cannot be read, and as `parseJob` does. */
export async function readJob(path: string): Promise<JobDocument> {
  return parseJob(await readText(path, jobFile), path);
}

/** Reads a file of UTF-8 text. Throws `UserError` for one that cannot be read, or can be no file of this kind. */
export async function readText(path: string, kind: FileKind): Promise<string> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) {
      throw new UserError(`${path} is a folder. Name the ${kind.name} in it, for example ${join(path, kind.example)}.`);
    }
    if (!info.isFile()) throw new UserError(`${path} is not a regular file. A ${kind.name} is YAML or JSON.`);
    if (info.size > maximumBytes) throw tooLarge(path, kind);
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
  } catch (error) {
    if (error instanceof TypeError) throw notText(path, kind);
    throw error instanceof UserError ? error : await unreadable(path, error as NodeJS.ErrnoException, kind);
  }
}

async function unreadable(path: string, error: NodeJS.ErrnoException, { advice }: FileKind): Promise<UserError> {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR")
    return new UserError(`${path} cannot be read: ${error.message}`);
  const neighbours = await readdir(dirname(path)).catch(() => []);
  const nearest = nearestName(basename(path), neighbours);
  return new UserError(
    `There is no file ${path}. ${nearest ? `Did you mean ${join(dirname(path), nearest)}?` : advice}`,
  );
}

function tooLarge(fileName: string, { name }: FileKind): UserError {
  return new UserError(
    `${fileName} is larger than ${maximumBytes / 1024} KiB, the most that a ${name} may have. Is it a data file? Name that in \`data.train\`.`,
  );
}

function notText(fileName: string, { name }: FileKind): UserError {
  return new UserError(`${fileName} is not UTF-8 text. A ${name} is YAML or JSON.`);
}
