import { nearestName } from "./nearest-name.ts";
import type { Path, Problem } from "./problem.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The columns that each kind reads. A custom model's roles are its own. */
const roles: Readonly<Record<string, readonly string[]>> = {
  "text-classification": ["text", "label", "time"],
  "image-classification": ["image", "label", "time"],
  recommendation: ["user", "item", "rating", "time"],
};

/**
 * The rules between fields. They look at what was written, whatever else is wrong with it, so that they are told
 * together with everything else.
 */
export function checkRules(document: unknown): Problem[] {
  const job = fields(document);
  const model = fields(job.model);
  const data = fields(job.data);
  const training = fields(job.training);
  const rounds = fields(job.rounds);
  const problems: Problem[] = [];
  const report = (path: Path, message: string) => problems.push({ path, message });

  if (training.epochs !== undefined && rounds.count !== undefined) {
    report(["rounds", "count"], "the length is given twice; keep this or `training.epochs`");
  }
  if (training.epochs === undefined && rounds.count === undefined) {
    report(["training", "epochs"], "missing; say how long to train: give this or `rounds.count`");
  }
  if (training.earlyStop !== undefined && training.evaluateEvery === 0) {
    report(["training", "earlyStop"], "never measured, since `training.evaluateEvery` is 0; set that to 1 or more");
  }

  if (model.kind === "custom" && model.topology !== undefined && model.module !== undefined) {
    report(["model", "module"], "the model is given twice; keep this or `model.topology`");
  }
  if (model.kind === "custom" && model.topology === undefined && model.module === undefined) {
    report(["model"], "a custom model needs `topology` (a model.json) or `module` (a TypeScript or JavaScript file)");
  }
  const [shortest, longest] = Array.isArray(model.characterNgrams) ? model.characterNgrams : [];
  if (typeof shortest === "number" && typeof longest === "number" && shortest > longest) {
    report(["model", "characterNgrams"], `found [${shortest}, ${longest}]; the first must not be above the second`);
  }

  const known = roles[String(model.kind)];
  for (const role of Object.keys(fields(data.columns))) {
    if (!known || known.includes(role)) continue;
    const nearest = nearestName(role, known);
    const advice = nearest ? `did you mean \`${nearest}\`?` : `${model.kind} reads ${known.join(", ")}`;
    report(["data", "columns", role], `unknown role; ${advice}`);
  }

  // MovieLens files have their time in a fixed place.
  if (
    fields(data.heldOut).newest !== undefined &&
    fields(data.columns).time === undefined &&
    data.format !== "movielens"
  ) {
    report(["data", "heldOut", "newest"], "needs a time for each row; name its column in `data.columns.time`");
  }
  return problems;
}

/** The fields of a mapping; none where something else was written. */
function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
