/** What became of one promise of a store or a queue. */
export interface Finding {
  readonly name: string;
  /** What is wrong, in words that end no sentence; undefined when it is kept. */
  readonly problem?: string;
}

/** Runs checks one after another. One that throws has found a problem; the others go on. */
export async function findings(
  checks: Readonly<Record<string, () => Promise<string | undefined>>>,
): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const [name, check] of Object.entries(checks)) {
    const problem = await check().catch((error: Error) => error.message);
    found.push({ name, ...(problem !== undefined && { problem }) });
  }
  return found;
}
