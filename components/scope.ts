import * as pulumi from "@pulumi/pulumi";
import { childName, type NameRule, physicalName } from "./naming.ts";
import type { Gate, Settings } from "./settings.ts";

type ResourceClass<A, R> = new (name: string, args: A, opts?: pulumi.CustomResourceOptions) => R;
// biome-ignore lint/suspicious/noExplicitAny: a constraint that every resource's class meets
type AnyClass = new (...args: any[]) => unknown;

/** The children by name: one resource, or a list where there may be several. */
export type Nodes<Single, Several> = {
  readonly [K in keyof Single]?: Single[K] extends AnyClass ? InstanceType<Single[K]> : never;
} & { readonly [K in keyof Several]?: Several[K] extends AnyClass ? readonly InstanceType<Several[K]>[] : never };

/** The arguments of children by name, all optional. */
export type Transform<Classes> = {
  [K in keyof Classes]?: Classes[K] extends AnyClass
    ? Partial<NonNullable<ConstructorParameters<Classes[K]>[1]>>
    : never;
};

/** What every file of a cloud's folder gets: who the pipeline is, what it was told, and how to make a child of it. */
export class Scope {
  readonly name: string;
  readonly settings: Settings;
  readonly gate: Gate;
  /** For `tags` or `labels` of every child that can carry them. */
  readonly tags: pulumi.Output<Record<string, string>>;
  /** What was made so far. */
  readonly nodes: Record<string, unknown> = {};
  readonly #component: pulumi.ComponentResource;
  readonly #rules: Readonly<Record<string, NameRule>>;
  readonly #transform: Readonly<Record<string, object>>;
  readonly #removal: pulumi.CustomResourceOptions;
  readonly #formerNames: readonly string[];
  #first: readonly pulumi.Resource[] = [];

  constructor(
    component: pulumi.ComponentResource,
    parts: Pick<Scope, "name" | "settings" | "gate" | "tags"> & {
      /** How long the name of each child may be. */
      rules: Readonly<Record<string, NameRule>>;
      transform: Readonly<Record<string, object>> | undefined;
      removal: pulumi.CustomResourceOptions;
      /** What the pipeline was called before. */
      formerNames: readonly string[];
    },
  ) {
    ({ name: this.name, settings: this.settings, gate: this.gate, tags: this.tags } = parts);
    this.#component = component;
    this.#rules = parts.rules;
    this.#transform = parts.transform ?? {};
    this.#removal = parts.removal;
    this.#formerNames = parts.formerNames;
  }

  /**
   * Makes a child. Its logical name is the pipeline's and `child`, which is also its key in `nodes` and in `transform`;
   * `index` tells apart several of one kind, which are a list in `nodes`.
   */
  create<A extends object, R>(
    Class: ResourceClass<A, R>,
    child: string,
    args: NoInfer<A>,
    opts: pulumi.CustomResourceOptions & { index?: string } = {},
  ): R {
    const { index, ...options } = opts;
    const rule = this.#rules[child];
    if (!rule) throw new Error(`${child} is missing in nameRules`);
    const nameUnder = (pipeline: string) =>
      childName(pipeline, index === undefined ? child : `${child}-${index}`, rule);
    const name = nameUnder(this.name);
    // Pulumi itself finds a renamed pipeline's children only where their names begin with its name; a cut one has a hash.
    const aliases = this.#formerNames.map((former) => ({ name: nameUnder(former) }));
    const resource = new Class(
      name,
      { ...args, ...this.#transform[child] } as A,
      pulumi.mergeOptions({ parent: this.#component, dependsOn: [...this.#first], aliases }, options),
    );
    this.nodes[child] = index === undefined ? resource : [...((this.nodes[child] as R[] | undefined) ?? []), resource];
    return resource;
  }

  /** Makes a child that holds the user's data: what becomes of it on destroy is the removal policy's. */
  createStored<A extends object, R>(
    Class: ResourceClass<A, R>,
    child: string,
    args: NoInfer<A>,
    opts: pulumi.CustomResourceOptions = {},
  ): R {
    return this.create(Class, child, args, { ...this.#removal, ...opts });
  }

  /** From now on every child waits for these. */
  childrenWaitFor(resources: readonly pulumi.Resource[]): void {
    this.#first = [...this.#first, ...resources];
  }

  /** For functions of a provider that read something: the component's own provider and region are asked. */
  get invokeOptions(): pulumi.InvokeOutputOptions {
    return { parent: this.#component };
  }

  /**
   * A whole name, for types that the provider does not name by itself. A renamed pipeline keeps it only where the child's
   * options ignore its changes.
   */
  physicalName(child: string, maximum: number): string {
    return physicalName(pulumi.getProject(), pulumi.getStack(), this.name, child, maximum);
  }
}

/** JSON with sorted keys: the same document is the same text, whoever wrote it in whatever order. */
export function json(document: unknown): pulumi.Output<string> {
  return pulumi.output(document as object).apply((known) => JSON.stringify(sorted(known)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
