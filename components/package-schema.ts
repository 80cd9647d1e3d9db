import { createRequire } from "node:module";
import * as components from "./index.ts";

// Pulumi's own analysis of a package of components; the SDK exports it by this path alone.
const { ComponentProvider } = createRequire(import.meta.url)("@pulumi/pulumi/provider/experimental/provider.js");

/** What Pulumi tells other languages of the components: their arguments, outputs and documentation, as JSON. */
export async function packageSchema(): Promise<string> {
  const { AwsTrainingPipeline, AzureTrainingPipeline, GcpTrainingPipeline } = components;
  const provider = new ComponentProvider({
    name: "trivet",
    dirname: import.meta.dirname,
    components: [AwsTrainingPipeline, GcpTrainingPipeline, AzureTrainingPipeline],
  });
  return `${JSON.stringify(JSON.parse(await provider.getSchema()), null, 2)}\n`;
}

interface Property {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: Property;
  readonly additionalProperties?: Property;
  readonly plain?: boolean;
}

interface Type {
  readonly properties?: Readonly<Record<string, Property>>;
  readonly inputProperties?: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
  readonly requiredInputs?: readonly string[];
  readonly enum?: readonly { readonly value: string }[];
}

/** The parts of a package schema that a program can depend on. */
export interface Schema {
  readonly version: string;
  readonly resources: Readonly<Record<string, Type>>;
  readonly types: Readonly<Record<string, Type>>;
}

/** What a program written for `before` would miss in `after`. Additions break nothing, unless they are required. */
export function breakingChanges(before: Schema, after: Schema): string[] {
  return (["resources", "types"] as const).flatMap((section) =>
    Object.entries(before[section]).flatMap(([token, old]) => {
      const now = after[section][token];
      return now ? typeChanges(token, old, now) : [`${token} is gone`];
    }),
  );
}

function typeChanges(token: string, old: Type, now: Type): string[] {
  const changes: string[] = [];
  for (const side of ["inputProperties", "properties"] as const)
    for (const [name, property] of Object.entries(old[side] ?? {})) {
      const other = now[side]?.[name];
      if (!other) changes.push(`${token}.${name} is gone`);
      else if (shape(other) !== shape(property))
        changes.push(`${token}.${name} was ${shape(property)} and is ${shape(other)}`);
    }
  const needed = (type: Type) => type.requiredInputs ?? (type.inputProperties ? [] : type.required) ?? [];
  for (const name of needed(now)) if (!needed(old).includes(name)) changes.push(`${token}.${name} is now required`);
  for (const { value } of old.enum ?? [])
    if (!now.enum?.some((other) => other.value === value)) changes.push(`${token} no longer has ${value}`);
  return changes;
}

function shape({ type, $ref, items, additionalProperties, plain }: Property): string {
  const inner = items ?? additionalProperties;
  return `${plain ? "plain " : ""}${$ref ?? type}${inner ? ` of ${shape(inner)}` : ""}`;
}
