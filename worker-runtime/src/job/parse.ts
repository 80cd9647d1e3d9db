import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors.ts";
import { checkSchema } from "./check.ts";
import { type JobDocument, jobSchema } from "./document.ts";
import { nearestName } from "./nearest-name.ts";
import { type Path, type Problem, showPath } from "./problem.ts";
import { checkRules } from "./rules.ts";
import { readSource } from "./source.ts";

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

/**
 * The job that a YAML or JSON text describes, with every default filled in.
 * Throws `InvalidJob` with all problems at once; `fileName` is how they name the file.
 */
export function parseJob(text: string, fileName: string): JobDocument {
  if (Buffer.byteLength(text) > maximumBytes) throw tooLarge(fileName);
  if (text.includes("\0")) throw notText(fileName);
  const source = readSource(text);
  if (source.problems.length === 0 && source.value === null) {
    throw new UserError(`${fileName} is empty. \`trivet init\` writes a job file to start from.`);
  }
  const problems =
    source.problems.length > 0
      ? source.problems
      : checkDocument(source.value).map((problem) => ({ ...problem, place: source.placeOf(problem.path) }));
  if (problems.length === 0) return jobSchema.parse(source.value);
  const located = problems.map(({ path, message, place }) => ({
    file: fileName,
    ...place,
    path: showPath(path),
    message,
  }));
  throw new InvalidJob(
    fileName,
    located.sort((a, b) => a.line - b.line || a.column - b.column),
  );
}

/** A rule is not told of a field, or of what is inside it, that is wrong already. */
function checkDocument(document: unknown): Problem[] {
  const wrong = checkSchema(document);
  const isWrong = (path: Path) => wrong.some((problem) => problem.path.every((step, depth) => step === path[depth]));
  return [...wrong, ...checkRules(document).filter(({ path }) => !isWrong(path))];
}

/** Reads a job file. Throws `UserError` for one that cannot be read, and as `parseJob` does. */
export async function readJob(path: string): Promise<JobDocument> {
  let bytes: Uint8Array;
  try {
    const info = await stat(path);
    if (info.isDirectory()) {
      throw new UserError(`${path} is a folder. Name the job file in it, for example ${join(path, "job.yaml")}.`);
    }
    if (!info.isFile()) throw new UserError(`${path} is not a regular file. A job is read from a YAML or JSON file.`);
    if (info.size > maximumBytes) throw tooLarge(path);
    bytes = await readFile(path);
  } catch (error) {
    throw error instanceof UserError ? error : await unreadable(path, error as NodeJS.ErrnoException);
  }
  try {
    return parseJob(new TextDecoder("utf-8", { fatal: true }).decode(bytes), path);
  } catch (error) {
    throw error instanceof TypeError ? notText(path) : error;
  }
}

async function unreadable(path: string, error: NodeJS.ErrnoException): Promise<UserError> {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR")
    return new UserError(`${path} cannot be read: ${error.message}`);
  const neighbours = await readdir(dirname(path)).catch(() => []);
  const nearest = nearestName(basename(path), neighbours);
  const advice = nearest
    ? `Did you mean ${join(dirname(path), nearest)}?`
    : "`trivet init` writes a job file to start from.";
  return new UserError(`There is no file ${path}. ${advice}`);
}

function tooLarge(fileName: string): UserError {
  return new UserError(
    `${fileName} is larger than ${maximumBytes / 1024} KiB, the most that a job file may have. Is it a data file? Name that in \`data.train\`.`,
  );
}

function notText(fileName: string): UserError {
  return new UserError(`${fileName} is not UTF-8 text. A job is a YAML or JSON file.`);
}
