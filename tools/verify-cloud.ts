// `npm run verify:cloud -- aws|gcp|azure [--yes] [KEY=VALUE ...]`: tries the shipped stack in a real account. KEY=VALUE are
// settings of the stack (gcp:project=my-project). Without --yes it looks whether all is there, shows what would be made, and
// makes nothing. With --yes it deploys, holds the store to the contract, trains a job and compares its hash with this
// machine's, and removes everything, also where something fails on the way. That costs money, and asks for an
// administrator's rights.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Cloud, clouds } from "../components/limits.ts";
import { openStack } from "../worker-runtime/src/clouds/stack/open-stack.ts";
import { parseStackOutputs, type StackOutputs, storeName } from "../worker-runtime/src/clouds/stack/outputs.ts";
import { allowData, type StateResource, signInToRegistry } from "./verify-cloud/azure.ts";
import { problemsOf } from "./verify-cloud/checks.ts";
import { goOn, interrupt, type RunOptions, run } from "./verify-cloud/run.ts";

const [cloud, ...rest] = process.argv.slice(2) as [Cloud | undefined, ...string[]];
const settings = rest.filter((word) => word !== "--yes");
const wrong = settings.find((setting) => !/^[\w-]+:[\w-]+=.+$/.test(setting));
if (cloud === undefined || !clouds.includes(cloud) || wrong !== undefined) {
  if (wrong !== undefined) console.error(`${wrong} is no setting: one is KEY:NAME=VALUE, as gcp:project=my-project.`);
  console.error(`Say which cloud: npm run verify:cloud -- ${clouds.join("|")} [--yes] [KEY:NAME=VALUE ...]`);
  process.exit(2);
}

const stack = `verify-${cloud}`;
const job = "examples/sentiment/job.yaml";
const buildsImage = !settings.some((setting) => setting.startsWith("trivet:image="));
const trivetCommand = fileURLToPath(new URL("../cli/bin/trivet.mjs", import.meta.url));
const removeByHand = `pulumi destroy --stack ${stack}; pulumi stack rm ${stack}`;

const pulumi = (args: readonly string[], options: RunOptions = {}) =>
  run("pulumi", [...args, "--stack", stack, "--non-interactive"], options);
const trivet = (args: readonly string[], options: RunOptions = {}) =>
  run(process.execPath, [trivetCommand, ...args], options);
const lastHash = (events: string): string => JSON.parse(events.split("\n").at(-1)!).weightsHash;

/** How often. */
let interrupted = 0;

async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  console.log(`${what} ...`);
  const result = await work();
  console.log(`${what}: done in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
  return result;
}

async function stateResources(): Promise<StateResource[]> {
  return JSON.parse(await pulumi(["stack", "export"])).deployment.resources ?? [];
}

async function deploy(): Promise<void> {
  const up = () => pulumi(["up", "--yes", "--skip-preview"], { isShown: true });
  if (cloud !== "azure" || !buildsImage) return void (await up());
  // The first one stops at the image, when there is a registry to sign in to.
  await up().catch(async (error) => {
    if (!(await signInToRegistry(await stateResources()))) throw error;
    await up();
  });
}

/** A right is in force some minutes after it was given. */
async function waitForRights(outputs: StackOutputs, minutes: number): Promise<void> {
  const { store } = await openStack(outputs);
  const givenUpAtMs = Date.now() + minutes * 60_000;
  for (;;)
    try {
      await store.putIfAbsent(`contract/${crypto.randomUUID()}`, Buffer.from("may I?"));
      return;
    } catch (error) {
      if (Date.now() > givenUpAtMs || interrupted > 0) throw error;
      await setTimeout(10_000);
    }
}

/** Everything between `up` and `destroy`. */
async function verify(): Promise<void> {
  await step("pulumi up", deploy);
  const outputs = parseStackOutputs(await pulumi(["stack", "output", "--json"]), stack);
  let takeAway = async () => {};
  if (cloud === "azure") takeAway = await allowData(await stateResources());
  try {
    await step("the right to use its data", () => waitForRights(outputs, cloud === "azure" ? 15 : 2));
    await step("the contract of the store", () =>
      run(process.execPath, ["node_modules/mocha/bin/mocha.js", "test/contract/real-account.test.ts"], {
        isShown: true,
        environment: {
          [`TRIVET_TEST_${cloud!.toUpperCase()}_STORE`]: storeName(outputs),
          ...(outputs.region !== undefined && { AWS_REGION: outputs.region }),
        },
      }),
    );
    const here = lastHash(await step("the job here", () => trivet(["train", job, "--json"])));
    const there = await step("the job there", async () => {
      const name = await trivet(["submit", job, "--stack", stack, "--quiet"]);
      console.log(`its log and its queue: ${outputs.dashboardUrl ?? "the output logLocation"}`);
      const events = await trivet(["watch", name, "--stack", stack, "--json"], { limitMinutes: 30 });
      const folder = mkdtempSync(path.join(tmpdir(), "trivet-verify-"));
      await trivet(["fetch", name, "--stack", stack, "--to", path.join(folder, "result"), "--verify"]).finally(() =>
        rmSync(folder, { recursive: true, force: true }),
      );
      return lastHash(events);
    });
    console.log(`sha256 of the weights here:  ${here}\nsha256 of the weights there: ${there}`);
    if (here !== there) throw new Error("The weights are not the same.");
    await step("a second pulumi up", () => pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes"]));
  } finally {
    goOn(); // Also after Ctrl-C.
    await takeAway();
  }
}

async function remove(): Promise<void> {
  await step("pulumi destroy", () => pulumi(["destroy", "--yes", "--skip-preview"], { isShown: true }));
  const left = await stateResources();
  if (left.length > 0) throw new Error(`${left.length} resources are left in the stack's state.`);
  await pulumi(["stack", "rm", "--yes"]);
  console.log("Nothing is left in the state. What the cloud itself still lists: docs/deploying.md, Removing it.");
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

const problems = await problemsOf(cloud, stack, buildsImage);
if (problems.length > 0) {
  console.error(`Nothing was deployed. Before anything can be:\n${problems.map((text) => `  - ${text}`).join("\n")}`);
  process.exit(2);
}

process.on("SIGINT", () => {
  interrupt();
  if (interrupted++ > 0) {
    console.error(`\nWhat is there now stays. To remove it: ${removeByHand}`);
    process.exit(130);
  }
  console.error("\nInterrupted: what was made is removed. Ctrl-C again leaves it as it is.");
});

/** What may be there, and is to be removed. */
let made: "nothing" | "the stack" | "its resources" = "nothing";
try {
  if (buildsImage) await step("the image's files", () => run(process.execPath, ["tools/image.mjs"]));
  await pulumi(["stack", "init"], { isQuiet: true });
  made = "the stack";
  for (const setting of [...settings, "trivet:removalPolicy=destroy", "trivet:maxConcurrency=4"]) {
    const [key, value] = setting.split(/=(.*)/s) as [string, string];
    await pulumi(["config", "set", key, value]);
  }
  const preview = await step("pulumi preview", () => pulumi(["preview"], { isQuiet: true }));
  console.log(preview.slice(preview.lastIndexOf("Resources:")));
  if (rest.includes("--yes")) {
    made = "its resources";
    await verify();
  } else {
    console.log(
      "Nothing was deployed. This would cost money, and remove everything again: " +
        `npm run verify:cloud -- ${[cloud, "--yes", ...settings].join(" ")}`,
    );
  }
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
goOn();
try {
  if (made === "its resources") await remove();
  if (made === "the stack") await pulumi(["stack", "rm", "--yes"], { isQuiet: true });
} catch (error) {
  console.error(`${messageOf(error)}\nWhat is there now stays. To remove it: ${removeByHand}`);
  process.exitCode = 1;
}
