import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "@trivet/worker-runtime/errors";

const asFile =
  "Or give the outputs as a file: `pulumi stack output --json > outputs.json`, then --stack-outputs outputs.json.";

/** What Pulumi says on standard error, and what one can do. */
const troubles: readonly [said: RegExp, sentence: (name: string) => string][] = [
  [
    /no stack named/i,
    (name) => `Pulumi knows no stack ${name} in this project. \`pulumi stack ls --all\` lists those there are.`,
  ],
  [
    /must be set for login|not logged in|pulumi login/i,
    () =>
      `Pulumi is not logged in, so it cannot read the stack. Run \`pulumi login\`, or set PULUMI_ACCESS_TOKEN or PULUMI_BACKEND_URL. ${asFile}`,
  ],
  [
    /no Pulumi\.yaml/i,
    (name) =>
      `There is no Pulumi.yaml here nor in a folder above, so Pulumi does not know whose stack ${name} is. Run this in the ` +
      `project's folder, or give the stack's whole name, ORGANIZATION/PROJECT/STACK. ${asFile}`,
  ],
  [
    /passphrase/i,
    () =>
      `Pulumi needs the stack's passphrase: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE. ${asFile}`,
  ],
];

/** Asks Pulumi for the outputs of a stack, as JSON. Throws `UserError` that says what keeps it from answering. */
export async function askPulumi(name: string): Promise<string> {
  const command = ["stack", "output", "--json", "--non-interactive", "--color", "never", "--stack", name];
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  try {
    return (await promisify(execFile)("pulumi", command, { env, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const { code, stderr = "", message } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === "ENOENT")
      throw new UserError(
        `--stack ${name} asks the program pulumi, which is not on the PATH. Install it: https://www.pulumi.com/docs/install. ${asFile}`,
      );
    const [, sentence] = troubles.find(([said]) => said.test(stderr)) ?? [];
    const said = (stderr || message).replaceAll(/^error: /gm, "").trim();
    throw new UserError(
      sentence ? `${sentence(name)} (pulumi: ${said.split("\n")[0]})` : `pulumi stack output failed: ${said}`,
    );
  }
}
