import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse, stringify } from "yaml";
import { providerKeys } from "../../stacks/setting-table.ts";
import { root } from "../components/languages.ts";
import type { CloudUnderTest } from "../components/support.ts";

/** Copies what `pulumi` needs of the repository into an empty folder: it writes beside Pulumi.yaml. */
export async function copyProject(folder: string): Promise<void> {
  for (const name of ["Pulumi.yaml", "package.json", "stacks"])
    await cp(path.join(root, name), path.join(folder, name), { recursive: true });
  for (const name of ["components", "node_modules", "worker-runtime"])
    await symlink(path.join(root, name), path.join(folder, name));
  // Where `npm run image` puts the image's files; the stub that stands for docker-build reads none.
  await mkdir(path.join(folder, ".trivet/image/worker"), { recursive: true });
}

/** Sets the configuration of a stack to this and nothing else, as `pulumi config set` would. */
export async function configure(
  folder: string,
  stack: string,
  config: Readonly<Record<string, unknown>>,
): Promise<void> {
  const file = path.join(folder, `Pulumi.${stack}.yaml`);
  await writeFile(file, stringify({ ...parse(await readFile(file, "utf8")), config }));
}

/** Arguments of a cloud's pipeline as the configuration that sets them. */
export function configurationOf(
  { cloud }: CloudUnderTest,
  args: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(args).map(([name, value]) => [
    providerKeys[cloud][name]?.key ?? `trivet:${name}`,
    value,
  ]);
  return { ...(cloud === "gcp" && { "gcp:project": "my-project" }), ...Object.fromEntries(entries) };
}
