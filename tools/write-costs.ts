// `node tools/write-costs.ts`: makes docs/costs.md from the prices and the cost model.
import { writeFileSync } from "node:fs";
import { renderCosts } from "./costs-page.ts";

writeFileSync(new URL("../docs/costs.md", import.meta.url), renderCosts());
