import { run } from "./run.ts";

export interface StateResource {
  readonly type: string;
  readonly id?: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

const az = (...args: string[]) => run("az", [...args, "--output", "tsv"]);
const ofType = (resources: readonly StateResource[], type: string) =>
  resources.find((resource) => resource.type === `azure-native:${type}`);

/** Azure's registry has no password: Docker signs in by az. False where there is no registry yet. */
export async function signInToRegistry(resources: readonly StateResource[]): Promise<boolean> {
  const name = ofType(resources, "containerregistry:Registry")?.outputs?.name;
  if (name === undefined) return false;
  await run("az", ["acr", "login", "--name", String(name)]);
  return true;
}

const dataRoles = ["Storage Blob Data Contributor", "Storage Queue Data Contributor"];

/**
 * On Azure not even an account's owner may read what is in it. Lets who is signed in use the data of the stack's account;
 * returns what takes that away again.
 */
export async function allowData(resources: readonly StateResource[]): Promise<() => Promise<void>> {
  const account = ofType(resources, "storage:StorageAccount")!.id!;
  const person = await az("ad", "signed-in-user", "show", "--query", "id");
  const to = ["--assignee-object-id", person, "--scope", account] as const;
  for (const role of dataRoles)
    await az("role", "assignment", "create", ...to, "--assignee-principal-type", "User", "--role", role);
  return async () => void (await az("role", "assignment", "delete", "--assignee", person, "--scope", account));
}
