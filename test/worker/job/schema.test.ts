import { readFileSync } from "node:fs";
import { expect } from "chai";
import { type JsonSchema, jobJsonSchema } from "../../../worker-runtime/src/job/schema.ts";

/** Every field of a schema, with its path. */
function fields(schema: JsonSchema, path = ""): [path: string, field: JsonSchema][] {
  const alternatives = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]): [string, JsonSchema][] => {
      return [[`${path}${name}`, field], ...fields(field, `${path}${name}.`)];
    }),
    ...alternatives.flatMap((alternative) => fields(alternative, path)),
  ];
}

describe("job.schema.json", () => {
  it("is what the job document says today", () => {
    const file = new URL("../../../worker-runtime/job.schema.json", import.meta.url);
    const stored: unknown = JSON.parse(readFileSync(file, "utf8"));
    expect(stored, "stale: run `npm run schema`").to.deep.equal(JSON.parse(JSON.stringify(jobJsonSchema)));
  });

  it("explains every field, for completion in editors", () => {
    const silent = fields(jobJsonSchema).filter(([, field]) => !field.description);
    expect(silent.map(([path]) => path)).to.deep.equal([]);
  });

  it("asks only for what has no default, and refuses unknown fields", () => {
    expect(jobJsonSchema.required).to.deep.equal(["name", "model", "data"]);
    expect(jobJsonSchema.additionalProperties).to.equal(false);
    expect(jobJsonSchema.properties?.workers).to.include({ type: "integer", minimum: 1, maximum: 1000, default: 4 });
  });
});
