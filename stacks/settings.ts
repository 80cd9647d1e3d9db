import { InputPropertiesError, RunError, runtime } from "@pulumi/pulumi";
import { closest } from "fastest-levenshtein";
import type { Cloud } from "../components/limits.ts";
import { examples, type PipelineArgs, providerKeys } from "./setting-table.ts";
import { workerImage } from "./worker-image.ts";

/** One thing that is wrong: with which key, what, and the command that mends it. */
type Problem = readonly [key: string, reason: string, command: string];
type Config = Readonly<Record<string, string>>;

/**
 * Makes a stack's pipeline from the stack's configuration. Throws one error for everything that is wrong in it: each with
 * its key, what is allowed, and the command that mends it.
 */
export function fromSettings<C extends Cloud, P>(cloud: C, make: (args: PipelineArgs[C]) => P): P {
  const config: Config = runtime.allConfig();
  const image = workerImage(config["trivet:image"]);
  const problems = [...unknownKeys(cloud, config), ...missingProject(cloud, config)];
  if (image.problem) problems.push(["trivet:image", image.problem, "npm run image"]);
  const args = { ...image.args, ...argsOf(cloud, config) } as PipelineArgs[C];
  try {
    // The component checks all values before it makes anything; one that it refuses keeps it from going on.
    const pipeline = make(problems.length === 0 ? args : { ...args, transform: { nothing: {} } });
    if (problems.length === 0) return pipeline;
  } catch (error) {
    if (!InputPropertiesError.isInstance(error)) throw error;
    for (const { propertyPath, reason } of error.errors)
      if (propertyPath !== "transform.nothing") problems.push(problemOf(cloud, propertyPath, reason));
  }
  throw settingsError(cloud, problems);
}

const rootOf = (path: string) => path.split(/[.[]/)[0]!;

/** The arguments that a cloud's configuration sets. What it does not set has the component's own default. */
function argsOf(cloud: Cloud, config: Config): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  for (const [path, example] of Object.entries(examples[cloud])) {
    const name = rootOf(path);
    // Pulumi reads a date without quotes as a time: 2027-01-01 is then 2027-01-01 00:00:00 +0000 UTC.
    const text = config[`trivet:${name}`]?.replace(/^(\d{4}-\d\d-\d\d) 00:00:00 \+0000 UTC$/, "$1");
    if (text === undefined) continue;
    const isText = path === name && typeof parsed(example) === "string";
    args[name] = isText ? text : parsed(text);
  }
  for (const [name, { key }] of Object.entries(providerKeys[cloud]))
    if (config[key] !== undefined) args[name] = config[key];
  return args;
}

/** What Pulumi keeps as JSON: a number, a flag, a list, a table. Anything else is a text, which the component may refuse. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function unknownKeys(cloud: Cloud, config: Config): Problem[] {
  const names = [...new Set(Object.keys(examples[cloud]).map(rootOf)), "cloud"];
  return Object.keys(config)
    .filter((key) => key.startsWith("trivet:") && !names.includes(key.slice("trivet:".length)))
    .map((key) => {
      const nearest = closest(key.slice("trivet:".length), names);
      return [key, `is no setting of a stack on ${cloud}; did you mean trivet:${nearest}?`, `pulumi config rm ${key}`];
    });
}

/** Where the Google Cloud provider looks: pulumi.com/registry/packages/gcp/installation-configuration. */
const projectVariables = ["GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"];

function missingProject(cloud: Cloud, config: Config): Problem[] {
  if (cloud !== "gcp" || config["gcp:project"] || projectVariables.some((name) => process.env[name])) return [];
  return [["gcp:project", "is not set; wanted is the project's id", "pulumi config set gcp:project my-project"]];
}

/** What the component says of an argument, as what is wrong with a key. */
function problemOf(cloud: Cloud, path: string, reason: string): Problem {
  const name = rootOf(path);
  const elsewhere = providerKeys[cloud][name];
  if (elsewhere) return [elsewhere.key, reason, `pulumi config set ${elsewhere.key} ${elsewhere.example}`];
  const general = path.replace(/\[\d+\]/g, "[]");
  const paths = Object.keys(examples[cloud]);
  // What is wrong with a whole list or table is mended by starting it again.
  const example = paths.find((known) => known === general) ?? paths.find((known) => rootOf(known) === name) ?? name;
  const target = example === general ? path : example.replaceAll("[]", "[0]");
  const set = `pulumi config set ${target === name ? "" : "--path "}${quoted(`trivet:${target}`)} ${quoted(examples[cloud][example] ?? "VALUE")}`;
  return [`trivet:${path}`, reason, target === path ? set : `pulumi config rm trivet:${name}; ${set}`];
}

const quoted = (text: string) => (/^[\w.:/@-]+$/.test(text) ? text : `'${text}'`);

function settingsError(cloud: Cloud, problems: readonly Problem[]): RunError {
  const count = problems.length === 1 ? "1 setting is" : `${problems.length} settings are`;
  const lines = problems.map(([key, reason, command]) => `  - ${key} ${reason}\n      ${command}`);
  return new RunError(
    `${count} not as it should be. Below each is a command that mends it; all settings: Pulumi.${cloud}.example.yaml.\n${lines.join("\n")}`,
  );
}
