import { type CloudUnderTest, cloudsUnderTest, register } from "../support.ts";
import { awsPolicy, awsRights } from "./aws.ts";
import { azureActions, azureRights } from "./azure.ts";
import { gcpRights, gcpRoles } from "./gcp.ts";

/** What is known of deploying, by the type of resource. */
export const rights = { aws: awsRights, gcp: gcpRights, azure: azureRights } as const;

/** Types of resources, without the components themselves, that a stack makes by default and with all its settings. */
export async function typesOf(under: CloudUnderTest): Promise<Record<"byDefault" | "withEverySetting", string[]>> {
  const { build } = under.options;
  const typesWith = async (args: Record<string, unknown>) =>
    (await register(under, args)).resources.map(({ type }) => type).filter((type) => !type.startsWith("trivet:"));
  const byDefault = await typesWith(build!);
  const others = [under.full, ...Object.values(under.options)];
  const all: string[] = [];
  for (const args of others) all.push(...(await typesWith(args)));
  const sorted = (types: readonly string[]) => [...new Set(types)].sort();
  return { byDefault: sorted(byDefault), withEverySetting: sorted([...byDefault, ...all]) };
}

let documents: Promise<Record<string, string>> | undefined;

/** The files of docs/deployer/, by their names: what whoever deploys must be allowed to do. Made once: it takes seconds. */
export const deployerDocuments = (): Promise<Record<string, string>> => (documents ??= makeDocuments());

async function makeDocuments(): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const under of cloudsUnderTest) {
    const { byDefault, withEverySetting } = await typesOf(under);
    files[`${under.cloud}.json`] = documentOf(under, byDefault);
    files[`${under.cloud}-every-setting.json`] = documentOf(under, withEverySetting);
  }
  return files;
}

function documentOf({ cloud }: CloudUnderTest, types: readonly string[]): string {
  if (cloud === "aws") return pretty(JSON.parse(awsPolicy(types)));
  if (cloud === "gcp") return pretty({ roles: gcpRoles(types) });
  return pretty({
    Name: "Trivet deployer",
    Description: "Deploys a Trivet pipeline.",
    Actions: azureActions(types),
    AssignableScopes: ["/subscriptions/00000000-0000-0000-0000-000000000000"],
  });
}

const pretty = (document: unknown) => `${JSON.stringify(document, null, 2)}\n`;
