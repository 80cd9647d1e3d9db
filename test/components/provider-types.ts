import path from "node:path";
import ts from "typescript";
import type { RegisteredResource } from "../../components/testing.ts";

const root = path.join(import.meta.dirname, "../..");

/** `aws:s3/bucket:Bucket` is `BucketArgs` of `@pulumi/aws/s3`. */
function argsOf(type: string): { module: string; name: string } {
  const [provider, module, resource] = type.split(":") as [string, string, string];
  const folder = module === "index" ? "" : `${module.split("/")[0]}/`;
  return { module: `@pulumi/${provider}/${folder}index.js`, name: `${resource}Args` };
}

/** What the providers' own type declarations say of registered resources, one line per thing that does not fit. */
export function typeProblems(resources: readonly RegisteredResource[]): string[] {
  const types = [...new Set(resources.map(({ type }) => type))];
  const source = types
    .map(argsOf)
    .map(
      ({ module, name }, i) => `import type { ${name} as T${i} } from "${module}"; export declare const v${i}: T${i};`,
    )
    .join("\n");
  const file = path.join(root, "test/components/generated-arguments.ts");
  const options: ts.CompilerOptions = {
    ...{ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
    ...{ target: ts.ScriptTarget.ES2024, strict: true, skipLibCheck: true, noEmit: true, types: ["node"] },
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2024, true) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const checker = program.getTypeChecker();
  const problems = ts
    .getPreEmitDiagnostics(program, program.getSourceFile(file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)!)!);
  const wanted = new Map(
    types.map((type, i) => [type, checker.getTypeOfSymbol(exported.find(({ name }) => name === `v${i}`)!)]),
  );
  const reader = new Reader(checker);
  for (const { type, name, inputs } of resources) reader.check(`${name} (${type})`, inputs, wanted.get(type)!);
  return [...problems, ...reader.problems];
}

/** Compares values with the type that a provider declares for them. */
class Reader {
  readonly problems: string[] = [];
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  check(where: string, value: unknown, type: ts.Type): void {
    const options = this.#options(type);
    if (options.some(({ flags }) => flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown))) return;
    if (Array.isArray(value)) this.#checkList(where, value, options);
    else if (typeof value === "object" && value !== null)
      this.#checkTable(where, value as Record<string, unknown>, options);
    else this.#checkSimple(where, value as string | number | boolean, options);
  }

  /** The plain values that an `Input` may be: not promises, not outputs. */
  #options(type: ts.Type): ts.Type[] {
    const parts = type.isUnion() ? type.types : [type];
    return parts.filter(
      (part) =>
        !["Promise", "OutputInstance"].includes(part.symbol?.name) &&
        !(part.flags & ts.TypeFlags.Undefined) &&
        !part.aliasSymbol?.name.startsWith("Output"),
    );
  }

  #checkSimple(where: string, value: string | number | boolean, options: ts.Type[]): void {
    const kinds = {
      string: ts.TypeFlags.StringLike,
      number: ts.TypeFlags.NumberLike,
      boolean: ts.TypeFlags.BooleanLike,
    };
    const flag = kinds[typeof value as keyof typeof kinds];
    const fitting = options.filter(({ flags }) => flags & flag);
    if (fitting.length === 0) this.problems.push(`${where} is a ${typeof value}, which the provider does not take`);
    const literals = fitting
      .filter((option) => option.isStringLiteral())
      .map((option) => (option as ts.StringLiteralType).value);
    if (literals.length > 0 && !literals.includes(value as string))
      this.problems.push(`${where} is ${JSON.stringify(value)}; the provider knows ${literals.join(", ")}`);
  }

  #checkList(where: string, values: readonly unknown[], options: ts.Type[]): void {
    const list = options.find((option) => this.#checker.isArrayType(option));
    if (!list) this.problems.push(`${where} is a list, which the provider does not take`);
    else
      for (const [i, value] of values.entries())
        this.check(`${where}[${i}]`, value, this.#checker.getTypeArguments(list as ts.TypeReference)[0]!);
  }

  #checkTable(where: string, value: Record<string, unknown>, options: ts.Type[]): void {
    const tables = options.filter(({ flags }) => flags & ts.TypeFlags.Object);
    // Of several tables the one that a literal property tells apart, such as `odataType`.
    const table = tables.find((option) => this.#fitsLiterals(option, value)) ?? tables[0];
    if (!table) {
      this.problems.push(`${where} is a table, which the provider does not take`);
      return;
    }
    const index = this.#checker.getIndexTypeOfType(table, ts.IndexKind.String);
    for (const [key, item] of Object.entries(value)) {
      const property = table.getProperty(key);
      if (property) {
        if (property.getJsDocTags(this.#checker).some(({ name }) => name === "deprecated"))
          this.problems.push(`${where}.${key} is deprecated`);
        this.check(`${where}.${key}`, item, this.#checker.getTypeOfSymbol(property));
        this.#checkEnumeration(`${where}.${key}`, item, property);
      } else if (index) this.check(`${where}.${key}`, item, index);
      else this.problems.push(`${where}.${key} is not known to the provider`);
    }
    for (const property of table.getProperties())
      if (!(property.flags & ts.SymbolFlags.Optional) && !(property.name in value))
        this.problems.push(`${where}.${property.name} is missing`);
  }

  /** `string | enums.X` is a mere string to the compiler, so the enumeration is read from the declaration. */
  #checkEnumeration(where: string, value: unknown, property: ts.Symbol): void {
    const enumerations: ts.TypeNode[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isTypeReferenceNode(node) && node.typeName.getText().startsWith("enums.")) enumerations.push(node);
      ts.forEachChild(node, visit);
    };
    for (const declaration of property.declarations ?? []) visit(declaration);
    const literals = enumerations.flatMap((node) => this.#options(this.#checker.getTypeFromTypeNode(node)));
    const known = literals.filter((type) => type.isStringLiteral()).map((type) => (type as ts.StringLiteralType).value);
    for (const text of [value].flat())
      if (known.length > 0 && typeof text === "string" && !known.includes(text))
        this.problems.push(`${where} is ${JSON.stringify(text)}; the provider knows ${known.join(", ")}`);
  }

  #fitsLiterals(option: ts.Type, value: Record<string, unknown>): boolean {
    const literals = option.getProperties().flatMap((property) =>
      this.#options(this.#checker.getTypeOfSymbol(property))
        .filter((type) => type.isStringLiteral())
        .map((type) => value[property.name] === (type as ts.StringLiteralType).value),
    );
    return literals.length > 0 && literals.some(Boolean);
  }
}
