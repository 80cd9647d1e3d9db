// Writes what is made from the components' code: components/schema.json, docs/differences.md, the counts and the error in
// docs/components.md, and docs/deployer/. `npm run components`
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { differencesPage } from "../components/differences-page.ts";
import { breakingChanges, packageSchema } from "../components/package-schema.ts";
import { withCounts } from "../test/components/counts.ts";
import { deployerDocuments } from "../test/components/deployer/documents.ts";
import { withWrongArguments } from "../test/components/wrong-arguments.ts";

writeFileSync(new URL("../docs/differences.md", import.meta.url), differencesPage());

const page = new URL("../docs/components.md", import.meta.url);
writeFileSync(page, await withWrongArguments(await withCounts(readFileSync(page, "utf8"))));

for (const [name, text] of Object.entries(await deployerDocuments()))
  writeFileSync(new URL(`../docs/deployer/${name}`, import.meta.url), text);

const file = new URL("../components/schema.json", import.meta.url);
const schema = await packageSchema();
const before = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
const after = JSON.parse(schema);
const changes = before ? breakingChanges(before, after) : [];
if (changes.length > 0 && before.version === after.version) {
  console.error(
    `components/schema.json is not written: programs that use version ${before.version} would break.\n` +
      `${changes.map((change) => `  - ${change}\n`).join("")}Give components/package.json another version first.`,
  );
  process.exit(1);
}
writeFileSync(file, schema);
