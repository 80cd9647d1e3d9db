/** What a check found. `fix` says what to do about it. */
export interface Finding {
  readonly status: "ok" | "warn" | "fail";
  readonly text: string;
  readonly fix?: string;
}

/** One thing that training needs of this machine. A check that throws has failed; the others go on. */
export interface Check {
  readonly name: string;
  run(): Promise<Finding>;
}

export async function runCheck({ name, run }: Check): Promise<Finding & { readonly name: string }> {
  try {
    return { name, ...(await run()) };
  } catch (error) {
    return { name, status: "fail", text: error instanceof Error ? error.message : String(error) };
  }
}
