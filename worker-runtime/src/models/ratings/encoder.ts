import type { Column, Encoder, Row } from "../../data/types.ts";
import { BadRow, UserError } from "../../errors.ts";
import type { ModelConfig } from "../../job/document.ts";
import { columnOf, numberOf } from "../columns.ts";
import type { DataColumns } from "../model.ts";
import { candidateItems } from "./ranking.ts";

type Config = ModelConfig<"recommendation">;

/**
 * What prediction needs to know: the ids of users and items in the order of their numbers, which start at 1, and the mean
 * rating of the training examples (0 without ratings). Number 0 is anyone or anything that was never seen in training.
 */
export interface RatingsEncoding {
  readonly users: readonly string[];
  readonly items: readonly string[];
  readonly meanRating: number;
}

/** Events as numbers of users and items, with the rating of explicit feedback. */
export function ratingsEncoder(config: Config, data: DataColumns): Encoder {
  const read = eventReader(data);
  const ratingOf = config.feedback === "explicit" ? ratingReader(data) : undefined;
  const users = new Numbers();
  const items = new Numbers();
  /** For each user the items of the training examples: 8 bytes an event. */
  const seen: number[][] = [];
  let ratingSum = 0;
  let events = 0;
  let placeOf = new Map<number, number>();
  return {
    observe(row, split) {
      const event = read(row);
      const rating = ratingOf?.(row) ?? 0;
      if (split === "heldOut") return;
      ratingSum += rating;
      events++;
      const user = users.add(event.user);
      seen[user] ??= [];
      seen[user].push(items.add(event.item));
    },
    finish() {
      if (events === 0) throw new UserError("A recommender needs training examples, but there are none.");
      placeOf = new Map(Array.from(candidateItems(items.count), (item, place) => [item, place]));
      const train: Column[] = [
        { name: "user", type: "int32", shape: [] },
        { name: "item", type: "int32", shape: [] },
      ];
      if (ratingOf) train.push({ name: "rating", type: "float32", shape: [] });
      return { train, heldOut: [...train, seenColumn(items.count)] };
    },
    encode(row, split) {
      const event = read(row);
      const user = users.of(event.user);
      const numbers = { user: [user], item: [items.of(event.item)], rating: [ratingOf?.(row) ?? 0] };
      if (split === "train") return numbers;
      return { ...numbers, seen: marks(seen[user] ?? [], placeOf) };
    },
    describe: (): RatingsEncoding => ({ users: users.ids, items: items.ids, meanRating: ratingSum / events }),
  };
}

/** For users of whom an answer is wanted; without an item only recommendations are. */
export function restoredRatingsEncoder(data: DataColumns, encoding: RatingsEncoding): Encoder {
  const [userColumn, itemColumn] = [columnOf(data, "user"), columnOf(data, "item")];
  const users = new Numbers(encoding.users);
  const items = new Numbers(encoding.items);
  const seen = seenColumn(items.count);
  const columns: Column[] = [
    { name: "user", type: "int32", shape: [] },
    { name: "item", type: "int32", shape: [] },
    seen,
  ];
  return {
    observe() {},
    finish: () => ({ train: columns, heldOut: columns }),
    encode: (row) => ({
      user: [users.of(String(userColumn.read(row)))],
      item: [items.of(String(itemColumn.find(row)))],
      seen: new Uint8Array(seen.shape[0]!),
    }),
    describe: () => encoding,
  };
}

function eventReader(data: DataColumns) {
  const [userColumn, itemColumn] = [columnOf(data, "user"), columnOf(data, "item")];
  const id = (value: unknown, title: string) => {
    if (typeof value === "object") throw new BadRow(`${title} must be an id, and it is ${JSON.stringify(value)}`);
    return String(value);
  };
  return (row: Row) => ({
    user: id(userColumn.read(row), userColumn.title),
    item: id(itemColumn.read(row), itemColumn.title),
  });
}

function ratingReader(data: DataColumns) {
  const column = columnOf(data, "rating");
  return (row: Row) => numberOf(column.read(row), column.title);
}

/** Which candidates the user has in the training examples: one bit each, the lowest bit of a byte first. */
function seenColumn(items: number): Column {
  return { name: "seen", type: "uint8", shape: [Math.ceil(candidateItems(items).length / 8)] };
}

function marks(items: readonly number[], placeOf: ReadonlyMap<number, number>): Uint8Array {
  const bits = new Uint8Array(Math.ceil(placeOf.size / 8));
  for (const item of items) {
    const place = placeOf.get(item);
    if (place !== undefined) bits[place >> 3]! |= 1 << (place & 7);
  }
  return bits;
}

/** Numbers from 1 in the order of first mention; 0 for an id that is not known. */
class Numbers {
  readonly #numbers = new Map<string, number>();

  constructor(ids: readonly string[] = []) {
    for (const id of ids) this.add(id);
  }

  get ids(): string[] {
    return [...this.#numbers.keys()];
  }

  get count(): number {
    return this.#numbers.size;
  }

  add(id: string): number {
    const number = this.#numbers.get(id) ?? this.#numbers.size + 1;
    this.#numbers.set(id, number);
    return number;
  }

  of(id: string): number {
    return this.#numbers.get(id) ?? 0;
  }
}
