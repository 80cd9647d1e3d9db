import { totalmem } from "node:os";
import { otherVariables } from "./configuration.ts";

/** Memory of the function in MiB: Lambda tells it, elsewhere the container's limit does; undefined where there is none. */
export function functionMemoryMib(): number | undefined {
  const told = Number(process.env[otherVariables.lambdaMemory]);
  if (told > 0) return told;
  const limitBytes = process.constrainedMemory();
  // Without a limit it is 0, or a number that no machine has.
  return limitBytes > 0 && limitBytes < totalmem() ? Math.round(limitBytes / 2 ** 20) : undefined;
}
