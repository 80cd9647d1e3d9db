/**
 * Writes ratings whose structure is known, so that one can see how much of it a recommender finds:
 *
 *     rating = 3.5 + user's bias + item's bias + user's tastes . item's traits + noise
 *
 * The noise has a standard deviation of 0.5. No recommender can predict it, so an RMSE of 0.5 would be perfect; the
 * spread of the ratings, which is the RMSE of always guessing their mean, is printed.
 *
 *     npx node examples/recommender/generate.ts [seed]
 */
import { writeFileSync } from "node:fs";
import { Random } from "@trivet/worker-runtime/training/random";

const users = 1000;
const items = 500;
const traits = 3;
const ratingsPerUser = 100;
const noiseDeviation = 0.5;

/** The file's lines and the ratings' standard deviation. */
export function generate(seed: number): { lines: string[]; deviation: number } {
  const random = new Random(seed, "recommender example");
  const vectors = (purpose: string, count: number, deviation: number) =>
    Array.from({ length: count }, (_, i) => normals(random.derive(purpose, i), traits, deviation));
  const tastes = vectors("tastes", users, 0.7);
  const features = vectors("traits", items, 0.7);
  const userBiases = normals(random.derive("user biases"), users, 0.4);
  const itemBiases = normals(random.derive("item biases"), items, 0.4);
  const opinion = (user: number, item: number) =>
    3.5 + userBiases[user]! + itemBiases[item]! + dot(tastes[user]!, features[item]!);

  const ratings: number[] = [];
  const lines = ["user,item,rating,time"];
  const rated = Array.from({ length: users }, () => new Set<number>());
  for (let event = 0; lines.length <= users * ratingsPerUser; event++) {
    const draw = random.derive("event", event);
    const user = draw.below(users, 0);
    // Of two items that come along, people take up the one that they will like more.
    const [first, second] = [draw.below(items, 1), draw.below(items, 2)];
    const item = opinion(user, first) > opinion(user, second) ? first : second;
    if (rated[user]!.has(item)) continue;
    rated[user]!.add(item);
    const rating = opinion(user, item) + normals(draw.derive("noise"), 1, noiseDeviation)[0]!;
    ratings.push(rating);
    lines.push(`u${user},i${item},${rating.toFixed(2)},${event}`);
  }
  const mean = ratings.reduce((sum, rating) => sum + rating, 0) / ratings.length;
  const variance = ratings.reduce((sum, rating) => sum + (rating - mean) ** 2, 0) / ratings.length;
  return { lines, deviation: Math.sqrt(variance) };
}

/** Numbers from a normal distribution around 0 (Box-Muller). */
function normals(random: Random, count: number, deviation: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.uniform(2 * i)));
    return deviation * radius * Math.cos(2 * Math.PI * random.uniform(2 * i + 1));
  });
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

if (import.meta.main) {
  const { lines, deviation } = generate(Number(process.argv[2] ?? 1));
  const file = new URL("ratings.csv", import.meta.url);
  writeFileSync(file, `${lines.join("\n")}\n`);
  console.log(`Wrote ${lines.length - 1} ratings to ${file.pathname}.`);
  console.log(`Guessing their mean has an RMSE of ${deviation.toFixed(3)}; the noise is ${noiseDeviation}.`);
}
