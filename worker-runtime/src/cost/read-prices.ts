import { readFile } from "node:fs/promises";
import * as z from "zod";
import { UserError } from "../errors.ts";
import { nearestName } from "../job/nearest-name.ts";
import { type LocatedProblem, listed } from "../job/parse.ts";
import { type Path, showPath, showValue } from "../job/problem.ts";
import { readSource } from "../job/source.ts";
import { type CloudPrices, clouds, listPrices, type Price, type Prices } from "./prices.ts";

/** Larger than any such file. */
const maximumBytes = 64 * 1024;

/** A price as a file may say it: what is left out stays as in the list, but who says a price says when it was so. */
const priceSchema = z.strictObject({
  dollars: z.number().min(0).max(1e6),
  freePerMonth: z.number().min(0).max(1e15).optional(),
  asOf: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, "a month, such as 2026-11"),
  source: z.string().min(1).optional(),
});

const cloudSchema = z.strictObject({
  region: z.string().min(1).optional(),
  ...{
    coreSecond: priceSchema.optional(),
    memoryGibSecond: priceSchema.optional(),
    invocation: priceSchema.optional(),
  },
  ...{ storeWrite: priceSchema.optional(), storeRead: priceSchema.optional(), storedGibMonth: priceSchema.optional() },
  ...{ message: priceSchema.optional(), egressGib: priceSchema.optional() },
  billingStepMs: z.number().int().min(1).max(60_000).optional(),
  machine: z
    .strictObject({ name: z.string().min(1), cores: z.number().int().min(1).max(1024), hour: priceSchema })
    .optional(),
});

const pricesSchema = z.strictObject({
  ...{ aws: cloudSchema.optional(), gcp: cloudSchema.optional(), azure: cloudSchema.optional() },
});

/** A file of prices that cannot be used, with everything that is wrong with it. */
export class InvalidPrices extends UserError {
  override readonly name = "InvalidPrices";
  readonly problems: readonly LocatedProblem[];

  constructor(fileName: string, problems: readonly LocatedProblem[]) {
    super(listed(fileName, problems));
    this.problems = problems;
  }
}

/** Reads a file of prices; what it leaves out stays the list price. Throws `UserError`, with all problems at once. */
export async function readPrices(path: string): Promise<Prices> {
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new UserError(`--prices ${path} cannot be read: ${error.message}.`);
  });
  if (text.length > maximumBytes) throw new UserError(`--prices ${path} is larger than any file of prices.`);
  return parsePrices(text, path);
}

/** Prices from the text of such a file; `fileName` is how problems name it. */
export function parsePrices(text: string, fileName: string): Prices {
  const source = readSource(text);
  const located = (path: Path, message: string, place = source.placeOf(path)) => ({
    ...{ file: fileName, ...place, path: showPath(path), message },
  });
  if (source.problems.length > 0)
    throw new InvalidPrices(
      fileName,
      source.problems.map(({ path, message, place }) => located(path, message, place)),
    );
  const checked = pricesSchema.safeParse(source.value ?? {});
  if (!checked.success) {
    const problems = checked.error.issues.flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => located([...(issue.path as Path), key], unknownField(issue.path as Path, key)))
        : [
            located(
              issue.path as Path,
              `found ${showValue(valueAt(source.value, issue.path as Path))}; ${issue.message}`,
            ),
          ],
    );
    throw new InvalidPrices(
      fileName,
      problems.sort((a, b) => a.line - b.line || a.column - b.column),
    );
  }
  const merged = clouds.map((cloud) => {
    const { machine, ...own } = checked.data[cloud] ?? {};
    const list = listPrices[cloud];
    const entries = Object.entries(own).map(([name, value]) => {
      const before = list[name as keyof CloudPrices];
      return [name, typeof value === "object" ? withOwn(before as Price, value) : value];
    });
    const changed = { ...list, ...Object.fromEntries(entries) } as CloudPrices;
    return [
      cloud,
      machine ? { ...changed, machine: { ...machine, hour: withOwn(list.machine.hour, machine.hour) } } : changed,
    ];
  });
  return Object.fromEntries(merged);
}

function withOwn(list: Price, own: z.infer<typeof priceSchema>): Price {
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return { ...list, source: "your own prices", sure: "price list", ...given };
}

function unknownField(path: Path, field: string): string {
  const price = ["dollars", "freePerMonth", "asOf", "source"];
  const names = path.length === 0 ? clouds : path.length === 1 ? Object.keys(cloudSchema.shape) : price;
  const nearest = nearestName(field, names);
  return `unknown field; ${nearest ? `did you mean \`${nearest}\`?` : `known here: ${names.join(", ")}`}`;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((inner: unknown, step) => (inner as Record<string | number, unknown> | undefined)?.[step], value);
}

/** Months after which prices are called old. */
const oldMonths = 6;

/** The oldest price and its age in months, where it is older than half a year; `nowMs` is the time now. */
export function oldPrices(
  prices: Prices,
  nowMs: number,
): { readonly asOf: string; readonly months: number } | undefined {
  const dates = clouds.flatMap((cloud) =>
    Object.values({ ...prices[cloud], hour: prices[cloud].machine.hour }).flatMap((price) =>
      typeof price === "object" && "asOf" in price ? [price.asOf as string] : [],
    ),
  );
  const asOf = dates.sort()[0]!;
  const [year, month] = asOf.split("-").map(Number);
  const now = new Date(nowMs);
  const months = (now.getUTCFullYear() - year!) * 12 + now.getUTCMonth() + 1 - month!;
  return months > oldMonths ? { asOf, months } : undefined;
}
