/**
 * The first segments of every key: components grant access and set life times by them (design section 3), the worker
 * builds keys from them. What is large and soon of no use, models and updates, has a segment of its own because a bucket's
 * lifecycle rule can select by how a key starts, and by nothing else in a key (S3: LifecycleRuleFilter; Azure: prefixMatch).
 */
export const keyPrefixes = {
  datasets: "datasets/",
  jobs: "jobs/",
  rounds: "rounds/",
  /** `incoming/<job>/`: files that people put there for a job to be trained on; the only objects that are not ours. */
  incoming: "incoming/",
} as const;

/** Numbers are padded so that the order of keys is the order of numbers. */
function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

const job = (name: string) => `${keyPrefixes.jobs}${name}`;
const round = (name: string, number: number) => `${keyPrefixes.rounds}${name}/${padded(number, 6)}`;

/** Every object's key is a pure function of job, round, role and rank. Nothing is ever overwritten. */
export const keys = {
  spec: (name: string) => `${job(name)}/spec.json`,
  plan: (name: string) => `${job(name)}/plan.json`,
  models: (name: string, r: number) => `${round(name, r)}/model/`,
  model: (name: string, r: number, shard: number) => `${round(name, r)}/model/${padded(shard, 4)}`,
  updates: (name: string, r: number) => `${round(name, r)}/updates/`,
  update: (name: string, r: number, worker: number) => `${round(name, r)}/updates/${padded(worker, 4)}`,
  parts: (name: string, r: number, worker: number) => `${round(name, r)}/updates/${padded(worker, 4)}.part/`,
  part: (name: string, r: number, worker: number, step: number) =>
    `${round(name, r)}/updates/${padded(worker, 4)}.part/${padded(step, 8)}`,
  manifest: (name: string, r: number) => `${job(name)}/manifests/${padded(r, 6)}.json`,
  trace: (name: string, r: number) => `${job(name)}/traces/${padded(r, 6)}.json`,
  reduceHint: (name: string, r: number) => `${round(name, r)}/reduce-hint`,
  nextHint: (name: string, r: number) => `${round(name, r)}/next-hint`,
  lookHint: (name: string, r: number, look: number) => `${round(name, r)}/looks/${padded(look, 6)}`,
  decisions: (name: string) => `${job(name)}/decisions/`,
  decision: (name: string, decision: string) => `${job(name)}/decisions/${decision}`,
  /** A task that was done although somebody else had been faster: what it used, for the bill. */
  repeats: (name: string) => `${job(name)}/repeats/`,
  repeat: (name: string, hash: string) => `${job(name)}/repeats/${hash}`,
  /** What a job with a budget has cost up to the end of a round. */
  ledger: (name: string, r: number) => `${job(name)}/ledger/${padded(r, 6)}.json`,
  divergences: (name: string) => `${job(name)}/divergences/`,
  divergence: (name: string, hash: string) => `${job(name)}/divergences/${hash}`,
  /** What came of one firing that starts a job again; `name` is the job's as the firing says it. */
  retraining: (name: string, firing: string) => `${job(name)}/retrainings/${firing}.json`,
  incoming: (name: string) => `${keyPrefixes.incoming}${name}/`,
  result: (name: string, file: string) => `${job(name)}/result/${file}`,
  /** The model so far of a job that stopped under its n-th budget. */
  stopped: (name: string, n: number, file: string) => `${job(name)}/stopped/${padded(n, 4)}/${file}`,
  allStopped: (name: string) => `${job(name)}/stopped/`,
} as const;

/** The number that ends a key; undefined where it ends with something else, such as a part. */
export function rankOf(key: string, prefix: string): number | undefined {
  const rest = key.slice(prefix.length);
  return /^\d+$/.test(rest) ? Number(rest) : undefined;
}
