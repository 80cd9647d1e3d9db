// `npm run verify:cloud -- aws|gcp|azure --yes [KEY=VALUE ...]`: tries the shipped stack in a real account. It deploys, holds
// the store to the contract, trains a job and compares its hash with this machine's, and removes everything. It costs money. KEY=VALUE are settings of the stack (gcp:project=my-project).
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type Cloud, clouds } from "../components/limits.ts";
import { parseStackOutputs, storeName } from "../worker-runtime/src/clouds/stack/outputs.ts";
import { root } from "./setup/places.mjs";

const [cloud, ...rest] = process.argv.slice(2) as [Cloud | undefined, ...string[]];
const settings = rest.filter((word) => word !== "--yes");
const wrong = settings.find((setting) => !/^[\w-]+:[\w-]+=.+$/.test(setting));
if (cloud === undefined || !clouds.includes(cloud) || wrong !== undefined) {
  if (wrong !== undefined) console.error(`${wrong} is no setting: one is KEY:NAME=VALUE, as gcp:project=my-project.`);
  console.error(`Say which cloud: npm run verify:cloud -- ${clouds.join("|")} --yes [KEY:NAME=VALUE ...]`);
  process.exit(2);
}
if (!rest.includes("--yes")) {
  console.error(
    `This deploys a stack named verify-${cloud} into the account that your shell is signed in to, and removes it again. ` +
      `It costs money. Say --yes to do it: npm run verify:cloud -- ${[cloud, "--yes", ...settings].join(" ")}`,
  );
  process.exit(2);
}

const stack = `verify-${cloud}`;
const job = "examples/sentiment/job.yaml";
const trivetCommand = fileURLToPath(new URL("../cli/bin/trivet.mjs", import.meta.url));

/** Runs a program in the project; what it printed. Its errors are seen at once. Throws when it fails. */
async function run(
  program: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<string> {
  const child = spawn(program, args, {
    ...{ cwd: root, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "inherit"] as const },
  });
  const ended = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  const [stdout, exitCode] = await Promise.all([text(child.stdout), ended]);
  if (exitCode !== 0) throw new Error(`${program} ${args.slice(0, 3).join(" ")} ended with ${exitCode}:\n${stdout}`);
  return stdout.trimEnd();
}

const pulumi = (...args: string[]) => run("pulumi", [...args, "--stack", stack, "--non-interactive"]);
const trivet = (...args: string[]) => run(process.execPath, [trivetCommand, ...args]);
const lastHash = (events: string): string => JSON.parse(events.split("\n").at(-1)!).weightsHash;

async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  console.log(`${what} ...`);
  const result = await work();
  console.log(`${what}: done in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
  return result;
}

try {
  await run("pulumi", ["version"]).catch((error: Error) => {
    throw new Error(`The Pulumi command line is needed, and does not run: ${error.message}`);
  });
  await step("the image's files", () => run(process.execPath, ["tools/image.mjs"]));
  await pulumi("stack", "init");
  for (const setting of [...settings, "trivet:removalPolicy=destroy", "trivet:maxConcurrency=4"]) {
    const [key, value] = setting.split(/=(.*)/s) as [string, string];
    await pulumi("config", "set", key, value);
  }
  await step("pulumi up", () => pulumi("up", "--yes", "--skip-preview"));
  const outputs = parseStackOutputs(await pulumi("stack", "output", "--json"), stack);
  await step("the contract of the store", () =>
    run(process.execPath, ["node_modules/mocha/bin/mocha.js", "test/contract/real-account.test.ts"], {
      [`TRIVET_TEST_${cloud.toUpperCase()}_STORE`]: storeName(outputs),
      ...(outputs.region !== undefined && { AWS_REGION: outputs.region }),
    }),
  );
  const here = lastHash(await step("the job here", () => trivet("train", job, "--json")));
  const there = await step("the job there", async () => {
    const name = await trivet("submit", job, "--stack", stack, "--quiet");
    const events = await trivet("watch", name, "--stack", stack, "--json");
    await trivet("fetch", name, "--stack", stack, "--to", `.trivet/${stack}`, "--verify");
    return lastHash(events);
  });
  console.log(`sha256 of the weights here:  ${here}\nsha256 of the weights there: ${there}`);
  if (here !== there) process.exitCode = 1;
  await step("a second pulumi up", () => pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"));
  await step("pulumi destroy", () => pulumi("destroy", "--yes", "--skip-preview"));
  const { resources = [] } = JSON.parse(await pulumi("stack", "export")).deployment;
  if (resources.length > 0) throw new Error(`${resources.length} resources are left in the stack's state.`);
  await pulumi("stack", "rm", "--yes");
  console.log("Nothing is left in the state. What the cloud itself still lists: docs/deploying.md, Removing it.");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(`What is there now stays. To remove it: pulumi destroy --stack ${stack}; pulumi stack rm ${stack}`);
  process.exitCode = 1;
}
