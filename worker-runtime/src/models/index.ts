import type { Encoder } from "../data/types.ts";
import type { JobDocument, ModelSection } from "../job/document.ts";
import type { CustomConfig } from "./custom/network.ts";
import type { DataColumns, Model, ModelKind } from "./model.ts";

/** How the kind that a job names is loaded; the others never are. */
const loaders: Record<ModelSection["kind"], (section: ModelSection, folder?: string) => Promise<ModelKind<never>>> = {
  "text-classification": async () => (await import("./text-classification.ts")).textClassification,
  "image-classification": async () => (await import("./image-classification.ts")).imageClassification,
  recommendation: async (section) => {
    const { recommendation } = await import("./recommendation.ts");
    return recommendation((section as Extract<ModelSection, { kind: "recommendation" }>).feedback);
  },
  custom: async (section, folder) => (await import("./custom.ts")).custom(section as CustomConfig, folder),
};

/** The kind that `section` names. `folder` is the job file's: a custom model has files of its own there. */
async function kindOf(section: ModelSection, folder?: string): Promise<ModelKind<ModelSection>> {
  return (await loaders[section.kind](section, folder)) as ModelKind<ModelSection>;
}

/** An encoder for the job's data, and for what its models need to know of it. */
export async function openEncoder({ model, data }: JobDocument, folder: string): Promise<Encoder> {
  return (await kindOf(model, folder)).encoder(model, data);
}

/** For new rows: an encoder that repeats what `encoding` says. `data.columns` names the columns of those rows. */
export async function openRestoredEncoder(model: ModelSection, data: DataColumns, encoding: unknown): Promise<Encoder> {
  return (await kindOf(model)).restoredEncoder(model, data, encoding);
}

/** The metric that leads: the one that is shown first. Runs no code of the job's. */
export async function primaryOf(model: ModelSection): Promise<ModelKind<ModelSection>["primary"]> {
  return (await kindOf(model)).primary;
}

/** The job's model, and the metric that leads. */
export async function openModel(
  { model }: Pick<JobDocument, "model">,
  encoding: unknown,
): Promise<{ model: Model; primary: ModelKind<ModelSection>["primary"] }> {
  const kind = await kindOf(model);
  return { model: await kind.model(model, encoding), primary: kind.primary };
}
