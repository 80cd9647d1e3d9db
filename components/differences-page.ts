import { type Cloud, cloudNames, clouds, differences, type Limit, type LimitedSetting, limits } from "./limits.ts";

const units: Record<LimitedSetting, string> = {
  memoryMib: "memory of a worker, MiB",
  taskTimeoutSeconds: "time for a task, s",
  maxConcurrency: "workers at the same time",
  warmInstances: "warm workers",
  maxAttempts: "deliveries of a task",
  roundRetentionDays: "data of rounds is kept, days",
  logRetentionDays: "logs are kept, days",
  monthlyBudgetDollars: "budget, dollars a month",
};

function range({ minimum, maximum, default: byDefault, step, values }: Limit): string {
  const number = (value: number) => value.toLocaleString("en-GB");
  const steps = step ? `, in steps of ${number(step)}` : values ? `, ${values.length} values` : "";
  return `${number(minimum)} to ${number(maximum)}${steps}${byDefault === undefined ? "" : `; ${number(byDefault)}`}`;
}

/** A Markdown table as the formatter leaves it: columns of one width. The first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`);
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

/** docs/differences.md: the limits that validation reads, and every difference between the clouds. */
export function differencesPage(): string {
  const perCloud = (cell: (cloud: Cloud) => string) => clouds.map(cell);
  const settings = Object.keys(units) as LimitedSetting[];
  const head = ["", ...perCloud((cloud) => cloudNames[cloud])];
  const limitRows = settings.map((name) => [
    `\`${name}\`: ${units[name]}`,
    ...perCloud((cloud) => range(limits[cloud][name])),
  ]);
  const reasons = settings.flatMap((name) =>
    clouds.map(
      (cloud) => `- \`${name}\`, ${cloudNames[cloud]}: ${limits[cloud][name].reason} (${limits[cloud][name].source}).`,
    ),
  );
  const sections = differences.map(({ what, why, ...cells }) =>
    [`### ${what}`, "", ...clouds.map((cloud) => `- **${cloudNames[cloud]}**: ${cells[cloud]}`), "", why].join("\n"),
  );
  return `<!-- Written by \`npm run components\` from components/limits.ts and components/differences.ts. -->

# Where the clouds differ

The three pipelines have the same arguments and the same outputs. What cannot be the same is listed here, with the
reason. Nothing of it has been tried on a real cloud yet: what is said of the platforms is what their documentation says.

## Limits

The range of each setting, and its default. A pipeline checks them before it makes anything.

${table([head, ...limitRows])}

Why:

${reasons.join("\n")}

## Differences

${sections.join("\n\n")}
`;
}
