/**
 * Writes machines.csv: 4,000 made-up inspections of machines, with a rule behind them that no straight line can draw. A
 * machine fails soon when its vibration is far from what its load explains, or when it is both hot and loaded. One
 * label in twenty is wrong, so no model can be right more often than 0.95 of the time.
 *
 *     npx node examples/custom/generate.ts
 */
import { writeFileSync } from "node:fs";
import { Random } from "@trivet/worker-runtime/training/random";

const inspections = 4000;
const wrongLabels = 0.05;

const random = new Random(1, "custom example");
const lines = ["temperature,vibration,load,soon"];
for (let i = 0; i < inspections; i++) {
  const draw = random.derive(i);
  // Each as a share of its range.
  const [temperature, vibration, load] = [draw.uniform(0), draw.uniform(1), draw.uniform(2)];
  const fails = Math.abs(vibration - 0.2 - 0.6 * load) > 0.3 || (temperature > 0.75 && load > 0.6);
  const label = draw.uniform(3) < wrongLabels ? !fails : fails;
  lines.push(`${temperature.toFixed(2)},${vibration.toFixed(2)},${load.toFixed(2)},${label ? "fails" : "runs"}`);
}
writeFileSync(new URL("machines.csv", import.meta.url), `${lines.join("\n")}\n`);
