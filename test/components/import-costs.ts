import { readFileSync } from "node:fs";
import { cloudNames, clouds } from "../../components/limits.ts";
import { markdownTable } from "../support/markdown.ts";
import { withSection } from "../support/marked-section.ts";

interface Cost {
  readonly milliseconds: number;
  readonly megabytes: number;
}

/** What bench/imports.ts measured: by cloud, by `import` and `check`, by what was imported. */
type Measured = Readonly<Record<string, Record<string, Record<"ours" | "root" | "resource" | "sdk", Cost>>>>;

/** A page with the costs of an import, beyond the SDK's own, between its two marks. */
export function withImportCosts(page: string): string {
  const file = new URL("../../bench/results/imports.json", import.meta.url);
  const { results } = JSON.parse(readFileSync(file, "utf8")) as { results: Measured };
  const rows = clouds.flatMap((cloud) =>
    Object.entries({ import: "imported", check: "type-checked" }).map(([what, words]) => {
      const measured = results[cloud]![what]!;
      const beyond = (kind: "ours" | "root") => ({
        milliseconds: measured[kind].milliseconds - measured.sdk.milliseconds,
        megabytes: measured[kind].megabytes - measured.sdk.megabytes,
      });
      const [ours, root] = [beyond("ours"), beyond("root")];
      const shown = ({ milliseconds, megabytes }: Cost) => `${milliseconds} ms, ${megabytes} MB`;
      const times = (key: keyof Cost) => (root[key] / ours[key]).toFixed(1);
      return [
        ...[`${cloudNames[cloud]}, ${words}`, shown(ours), shown(root)],
        `${times("milliseconds")} times the time, ${times("megabytes")} times the memory`,
      ];
    }),
  );
  return withSection(page, "imports", markdownTable(["", "Pipeline", "Provider's root", "The root costs"], rows));
}
