import type { Cloud } from "../../components/limits.ts";
import { run } from "./run.ts";

/** How one signs in to each cloud, and a question that only who is signed in gets answered. */
const signIns: Readonly<Record<Cloud, { ask: readonly [string, ...string[]]; mend: string }>> = {
  aws: { ask: ["aws", "sts", "get-caller-identity"], mend: "aws sso login, or export AWS_PROFILE" },
  gcp: {
    ask: ["gcloud", "auth", "application-default", "print-access-token"],
    mend: "gcloud auth application-default login",
  },
  azure: { ask: ["az", "account", "show"], mend: "az login" },
};

const oldest = [3, 230];

/**
 * What keeps a stack from being deployed by this shell, each with what to do about it. Costs nothing and makes nothing.
 * `stack`: the name that must be free; `buildsImage`: whether the stack builds its image.
 */
export async function problemsOf(cloud: Cloud, stack: string, buildsImage: boolean): Promise<string[]> {
  const quiet = { isQuiet: true, limitMinutes: 2 };
  /** What a program says; undefined where it fails, and "missing" where there is none. */
  const ask = (program: string, ...args: string[]) =>
    run(program, args, quiet).catch((error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? "missing" : undefined,
    );

  const problems: string[] = [];
  const version = await ask("pulumi", "version");
  const found = /^v?(\d+)\.(\d+)/.exec(version ?? "");
  if (!found) return ["The Pulumi command line is not there: https://www.pulumi.com/docs/install"];
  const [major, minor] = [Number(found[1]), Number(found[2])];
  if (major < oldest[0]! || (major === oldest[0] && minor < oldest[1]!))
    problems.push(`Pulumi ${version} is too old; 3.230 and newer will do: https://www.pulumi.com/docs/install`);

  const backend = await ask("pulumi", "whoami", "--json", "--non-interactive");
  if (backend === undefined) problems.push("Pulumi keeps its state nowhere yet: pulumi login --local");
  else {
    const hasPassphrase = ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"].some(
      (name) => name in process.env,
    );
    // Pulumi's own service has keys itself.
    if (!hasPassphrase && !/^https?:/.test(String(JSON.parse(backend).url)))
      problems.push("The state's secrets need a passphrase, any: export PULUMI_CONFIG_PASSPHRASE=...");
    const stacks: { name: string }[] = JSON.parse((await ask("pulumi", "stack", "ls", "--json")) ?? "[]");
    if (stacks.some(({ name }) => name.split("/").at(-1) === stack))
      problems.push(
        `A stack named ${stack} is there from an earlier run: pulumi destroy --stack ${stack}; pulumi stack rm ${stack}`,
      );
  }

  if (buildsImage) {
    const server = await ask("docker", "info", "--format", "{{.ServerVersion}}");
    const buildx = await ask("docker", "buildx", "version");
    if (server === undefined || server === "missing" || buildx === undefined)
      problems.push(
        "The image is built by Docker with buildx, which does not run here. " +
          "Start it, or name an image that is in a registry already: trivet:image=REPOSITORY@sha256:...",
      );
  }

  const {
    ask: [program, ...args],
    mend,
  } = signIns[cloud];
  const answer = await ask(program, ...args);
  if (answer === undefined) problems.push(`Nobody is signed in, says ${program}: ${mend}`);
  // AWS and Google Cloud also take credentials from the environment; Azure's registry and roles need az itself.
  if (answer === "missing") {
    if (cloud === "azure")
      problems.push("The command az is needed: https://learn.microsoft.com/cli/azure/install-azure-cli");
    else
      console.log(
        `${program} is not installed, so whether somebody is signed in is not known before the first request.`,
      );
  }
  return problems;
}
