import { table } from "../../components/differences-page.ts";
import type { TrainingPipelineArgs } from "../../components/pipeline.ts";
import { withSection } from "../support/marked-section.ts";
import { type CloudUnderTest, cloudsUnderTest, register } from "./support.ts";

type More = (under: CloudUnderTest) => TrainingPipelineArgs & Record<string, unknown>;

/** Only those of the arguments that are named. */
const some =
  (...names: string[]): More =>
  ({ full }) =>
    Object.fromEntries(names.filter((name) => name in full).map((name) => [name, full[name as keyof typeof full]]));
const option =
  (name: string): More =>
  ({ options }) =>
    options[name] ?? {};

const rows: readonly [string, More][] = [
  ["`alertEmail`", some("alertEmail")],
  [
    "`alertEmail` and `monthlyBudgetDollars`",
    some("alertEmail", "monthlyBudgetDollars", "billingAccount", "budgetStartsOn"),
  ],
  ["`schedules`, two", some("schedules")],
  ["`onNewData`", some("onNewData")],
  ["`predict`", some("predict", "predictClientId")],
  ["`predict`, one of `predictCallers`", some("predict", "predictClientId", "predictCallers")],
  ["`submitters`, one", some("submitters")],
  ["`warmInstances`", some("warmInstances")],
  ["`encryptionKey`", some("encryptionKey", "encryptionIdentity")],
  ["`build`", option("build")],
  ["`network: { create: true }`", some("network")],
  ["`network: { existingSubnets }`", option("adopted network")],
  ["`bucket: { existing }`", option("adopted bucket")],
  ["`registry: { existing }`", option("adopted registry")],
  ["`registry: { skip: true }`", option("no registry")],
  ["`logs: { existing }`", option("adopted logs")],
  ["`logs: { skip: true }`", option("no logs")],
  ['`host: "functions"`', option("functions host")],
  ["`enableApis: false`", option("APIs are on")],
  ["`resourceGroupName`", option("adopted resource group")],
  ["`gpu`", option("gpu")],
  ["everything", ({ full }) => full],
];

/** How many resources a pipeline makes on each cloud, and how many more or fewer with each option, as a Markdown table. */
export async function countsTable(): Promise<string> {
  const count = async (under: CloudUnderTest, more: ReturnType<More>) =>
    (await register(under, more)).resources.length - 1;
  const smallest: number[] = [];
  for (const under of cloudsUnderTest) smallest.push(await count(under, {}));
  const lines = [["smallest", ...smallest.map(String)]];
  for (const [title, more] of rows) {
    const cells: string[] = [];
    for (const [i, under] of cloudsUnderTest.entries()) {
      const args = more(under);
      const change = (await count(under, args)) - smallest[i]!;
      cells.push(Object.keys(args).length === 0 ? "" : `${change > 0 ? "+" : ""}${change}`);
    }
    lines.push([title, ...cells]);
  }
  return table([["", ...cloudsUnderTest.map(({ title }) => title)], ...lines]);
}

/** A page with the table between its two marks replaced. */
export const withCounts = async (page: string): Promise<string> => withSection(page, "counts", await countsTable());
