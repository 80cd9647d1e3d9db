// Writes worker-runtime/job.schema.json, which editors complete job files by: npm run schema
import { writeFileSync } from "node:fs";
import { jobJsonSchema } from "../worker-runtime/src/job/schema.ts";

const file = new URL("../worker-runtime/job.schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(jobJsonSchema, null, 2)}\n`);
