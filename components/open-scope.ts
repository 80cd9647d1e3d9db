import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "./limits.ts";
import { boundedName, type NameRule, slug } from "./naming.ts";
import type { TrainingPipelineArgs } from "./pipeline.ts";
import { Scope } from "./scope.ts";
import { gateBy, settingsOf } from "./settings.ts";
import { normaliseTags, pipelineTag } from "./tags.ts";
import { checkShared, Problems, validate, wellFormed } from "./validation.ts";

interface Cloudwise<A> {
  readonly nameRules: Readonly<Record<string, NameRule>>;
  /** What else may be wrong on this cloud. */
  readonly check?: (problems: Problems, args: A) => void;
  /** The component's own options. */
  readonly opts: pulumi.ComponentResourceOptions | undefined;
}

/** Checks the arguments (one error for all that is wrong), and opens the scope in which a pipeline makes its children. */
export function openScope<A extends TrainingPipelineArgs>(
  cloud: Cloud,
  component: pulumi.ComponentResource,
  name: string,
  args: A,
  { nameRules, check, opts }: Cloudwise<A>,
): Scope {
  const valid = validate(`${component.constructor.name} "${name}"`, args ?? {}, (known: A) => {
    const problems = new Problems();
    if (name.length < 1 || name.length > 50)
      problems.found.push(["name", `has ${name.length} characters; 1 to 50 are allowed`]);
    const args = wellFormed(known, problems);
    checkShared(cloud, args, Object.keys(nameRules), problems);
    check?.(problems, args);
    return problems;
  });
  const gate = gateBy(valid);
  const tags = pulumi.all([gate(args.tags ?? {}), pulumi.getStack()]).apply(([given, stack]) =>
    normaliseTags(cloud, { ...given, [pipelineTag]: boundedName([slug(name), slug(stack)], 63) }, (message) => {
      pulumi.log.warn(message, component);
    }),
  );
  return new Scope(component, {
    ...{ name, gate, tags, settings: settingsOf(cloud, args, gate) },
    ...{ rules: nameRules, transform: args.transform, formerNames: formerNames(opts?.aliases) },
    removal: {
      retainOnDelete: args.removalPolicy === "retain",
      // Azure removes an account, a registry or a workspace with all that is in it; so it is asked for twice.
      ...(cloud === "azure" && (args.removalPolicy ?? "empty") === "empty" && { protect: true }),
    },
  });
}

/** The plain names among aliases. An alias that is a URN or another parent's says nothing of how children were called. */
function formerNames(aliases: pulumi.ComponentResourceOptions["aliases"]): string[] {
  return (Array.isArray(aliases) ? aliases : []).flatMap((alias) =>
    typeof alias === "object" && "name" in alias && typeof alias.name === "string" ? [alias.name] : [],
  );
}
