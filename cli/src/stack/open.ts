import { readFile } from "node:fs/promises";
import type { Stack } from "@trivet/worker-runtime/clouds/stack/open-stack";
import { UserError } from "@trivet/worker-runtime/errors";
import type { StackFlags } from "../options.ts";

/** Opens the stack that the options name. Throws `UserError` where they name none, or one that cannot be read. */
export async function openStackOf(flags: StackFlags): Promise<Stack> {
  const [{ openStack }, { parseStackOutputs }] = await Promise.all([
    import("@trivet/worker-runtime/clouds/stack/open-stack"),
    import("@trivet/worker-runtime/clouds/stack/outputs"),
  ]);
  const { json, place } = await readOutputs(flags);
  return openStack(parseStackOutputs(json, place));
}

async function readOutputs({ stack, stackOutputs }: StackFlags): Promise<{ json: string; place: string }> {
  if (stackOutputs !== undefined) {
    const json = await readFile(stackOutputs, "utf8").catch((error: Error) => {
      throw new UserError(`--stack-outputs ${stackOutputs} cannot be read: ${error.message}.`);
    });
    return { json, place: stackOutputs };
  }
  if (stack === undefined)
    throw new UserError(
      "Say which deployed stack: --stack NAME, or --stack-outputs FILE with the JSON of `pulumi stack output --json`.",
    );
  const { askPulumi } = await import("./pulumi.ts");
  return { json: await askPulumi(stack), place: `stack ${stack}` };
}

export function namesStack({ stack, stackOutputs }: StackFlags): boolean {
  return stack !== undefined || stackOutputs !== undefined;
}

/** A command for the same stack, as one would type it. */
export function commandFor({ stack, stackOutputs }: StackFlags, command: string, job: string): string {
  const where = stack === undefined ? `--stack-outputs ${quoted(stackOutputs ?? "")}` : `--stack ${quoted(stack)}`;
  return `trivet ${command} ${job} ${where}`;
}

function quoted(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
