import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Context } from "mocha";
import { run } from "../components/languages.ts";
import { requireTool } from "../support/require-tool.ts";
import { tools } from "../tools/tools.ts";

/** Runs Pulumi on one stack of the project in `folder`, whose state is kept there too. */
export interface PulumiStack {
  /** For commands of one's own, run in the project's folder. */
  readonly environment: NodeJS.ProcessEnv;
  /** Standard output of a command. Throws with all that it printed when it fails. */
  pulumi(...args: string[]): Promise<string>;
  /** Runs `up`, `preview`, `refresh` or `destroy`, without asking; how many resources it changes, by what it does with them. */
  changes(command: "up" | "preview" | "refresh" | "destroy", ...flags: string[]): Promise<Record<string, number>>;
  /** What an `up` would do with each resource that it would change, by the resource's name: `update`, `replace`, ... */
  plan(...flags: string[]): Promise<Map<string, string>>;
  /** The outputs of the stack, as `trivet --stack` asks for them. */
  outputs(): Promise<Record<string, unknown>>;
  /** What the state holds. */
  resources(): Promise<StateResource[]>;
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/**
 * The environment of Pulumi's own command line with a language host for programs in `language`, and with our providers in
 * place of the clouds' (package: port). Skips the test where a part cannot be had.
 */
export async function pulumiEnvironment(
  context: Context,
  language: "nodejs" | "yaml",
  providers: Readonly<Record<string, number>>,
): Promise<NodeJS.ProcessEnv> {
  for (const tool of pulumiTools[language]) await requireTool(context, tool);
  return environmentWith(language, providers);
}

export const pulumiTools = {
  nodejs: [tools.pulumi, tools.pulumiNodejs],
  yaml: [tools.pulumi, tools.pulumiYaml],
} as const;

/** The same where no test asks. */
export async function environmentWith(
  language: "nodejs" | "yaml",
  providers: Readonly<Record<string, number>>,
): Promise<NodeJS.ProcessEnv> {
  const programs = (await Promise.all(pulumiTools[language].map((tool) => tool.command()))).flat();
  return {
    ...process.env,
    PATH: [...programs.map((program) => path.dirname(program)), process.env.PATH].join(path.delimiter),
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_DEBUG_PROVIDERS: Object.entries(providers)
      .map(([name, port]) => `${name}:${port}`)
      .join(","),
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

/** The packages that Trivet's components use, all behind one stub. */
export const cloudPackages = (port: number) =>
  Object.fromEntries(["aws", "gcp", "azure-native", "docker-build"].map((name) => [name, port]));

/** Makes a stack of the project in `folder`. */
export async function initStack(folder: string, stack: string, environment: NodeJS.ProcessEnv): Promise<PulumiStack> {
  const home = path.join(folder, ".pulumi-home");
  await mkdir(path.join(home, "state"), { recursive: true });
  const env = { ...environment, PULUMI_HOME: home, PULUMI_BACKEND_URL: `file://${path.join(home, "state")}` };
  const pulumi = async (...args: string[]) => {
    const command = [...args, "--stack", stack, "--non-interactive", "--color", "never"];
    const { stdout } = await run("pulumi", command, { cwd: folder, env, maxBuffer: 1e8 }).catch((error) => {
      throw new Error(`pulumi ${args.join(" ")}: ${errorsIn(error.stdout)}${error.stderr}`);
    });
    return stdout;
  };
  await pulumi("stack", "init");
  return {
    environment: env,
    pulumi,
    async changes(command, ...flags) {
      const unasked = command === "preview" ? [] : ["--yes", "--skip-preview"];
      const output = await pulumi(command, ...unasked, "--json", ...flags);
      // A preview prints one document, the other commands one event a line.
      if (command === "preview") return JSON.parse(output).changeSummary;
      const events = output
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      return events.findLast((event) => event.summaryEvent).summaryEvent.resourceChanges;
    },
    async plan(...flags) {
      const { steps } = JSON.parse(await pulumi("preview", "--json", ...flags)) as {
        steps: { op: string; urn: string }[];
      };
      // A replacement has three steps; its creation and deletion are its parts.
      const changes = steps.filter(({ op }) => !["same", "create-replacement", "delete-replaced"].includes(op));
      return new Map(changes.map(({ op, urn }) => [urn.split("::").at(-1)!, op]));
    },
    outputs: async () => JSON.parse(await pulumi("stack", "output", "--json")),
    resources: async () => JSON.parse(await pulumi("stack", "export")).deployment.resources ?? [],
  };
}

/** The errors among the events that `--json` prints one a line; all that was printed where there are none. */
function errorsIn(output: string): string {
  const messages = output.split("\n").flatMap((line) => {
    if (!line.startsWith('{"sequence"')) return [];
    const { diagnosticEvent } = JSON.parse(line);
    return diagnosticEvent?.severity === "error" ? [diagnosticEvent.message] : [];
  });
  return messages.join("") || output;
}
