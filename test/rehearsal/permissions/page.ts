import { type Cloud, cloudNames } from "../../../components/limits.ts";
import { markdownTable } from "../../support/markdown.ts";
import { type Identity, identities, type Permissions } from "./calls.ts";
import { unused, withSettings } from "./explained.ts";

/** What the roles of one cloud grant, and what was asked for. */
export type RolesInUse = Readonly<Record<Identity, Pick<Permissions, "role" | "made">>>;

const who: Readonly<Record<Identity, string>> = {
  worker: "The worker",
  submitter: "Whoever submits",
  predictor: "The prediction endpoint",
};

const code = (text: string) => `\`${text}\``;
const short = (action: string) => code(action.replace("Microsoft.Storage/storageAccounts/", ""));

/** One row for each action that a role grants. */
function rowsOf(cloud: Cloud, identity: Identity, { role, made }: RolesInUse[Identity]): string[][] {
  const places = Map.groupBy(role.grants, ({ action }) => action);
  return [...places].sort().map(([action, grants]) => {
    const on = [...new Set(grants.map((grant) => grant.on))].sort().map(code).join(", ");
    const count = made.get(action);
    return [short(action), on, String(count ?? "never"), count ? "" : (unused[cloud][identity][action] ?? "")];
  });
}

export function renderPermissions(found: ReadonlyMap<Cloud, RolesInUse>): string {
  const columns = ["Granted", "On", "Calls", "Why, where nothing asked for it"];
  const sections = [...found].map(([cloud, roles]) => {
    const tables = identities.map(
      (identity) => `### ${who[identity]}\n\n${markdownTable(columns, rowsOf(cloud, identity, roles[identity]))}`,
    );
    return `## ${cloudNames[cloud]}\n\n${tables.join("\n\n")}\n`;
  });
  const settings = Object.entries(withSettings).map(([action, why]) => [code(action), why]);
  return `# What is granted, and what is used

Every call of the [rehearsal](rehearsal.md) (training, an outage and its dead letters, a schedule, new data, predictions, a cancelled job),
beside what the deployed roles grant. A call that its role does not grant is refused as the cloud would refuse it, and fails the
rehearsal. Calls are told from the requests that reach the emulators. What the platform does in the name of the worker's role counts as the
worker's: Lambda's looks into the queue, KEDA's on Azure. \`trivet redrive\` takes messages out, which submitters may not: it is for
whoever runs the pipeline, and not counted here.

On AWS a simulator of IAM that others wrote judges the deployed policies (\`@cloud-copilot/iam-simulate\`). On Google Cloud and Azure the
roles are the clouds' own. Their permissions on objects and messages are in [test/rehearsal/permissions](../test/rehearsal/permissions), from the
clouds' documentation; Google's roles also have a few on projects and folders, which are left out. Deployed conditions are judged
there, too. Azure's actions are shortened by \`Microsoft.Storage/storageAccounts/\`. Pulling the image is not among the calls.

\`TRIVET_WRITE_DOCS=1 npx mocha test/rehearsal/rehearsal.test.ts\` writes this page. The test fails where the page has other grants, and where
an action is granted, never asked for, and not explained. Numbers of calls differ from run to run.

${sections.join("\n")}
## With other settings

AWS's policies grant these besides where a setting asks for it:

${markdownTable(["Granted", "For"], settings)}

On Azure \`host: "functions"\` gives the worker the role Storage Blob Data Owner on an account that holds nothing but the host's own
files; the host asks for it.
`;
}
