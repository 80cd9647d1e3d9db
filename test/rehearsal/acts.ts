import { mkdirSync } from "node:fs";
import path from "node:path";
import { CronExpressionParser } from "cron-parser";
import type { Cloud } from "../../components/limits.ts";
import { findNewestJob } from "../../worker-runtime/src/protocol/find-job.ts";
import { writeJob } from "../cli/reviews-job.ts";
import type { Thing } from "../components/stub-provider.ts";
import { thingNamed } from "./clouds/cloud.ts";
import { demand, type Rehearsal, type TrainedJob, trainInCloud, waitFor, waitForEnd } from "./rehearse.ts";
import type { Settings } from "./stack.ts";
import { trainedHash } from "./studies.ts";

/** The small job of the acts: its file, and what it comes to on this machine. */
export interface SmallJob {
  readonly folder: string;
  readonly file: string;
  readonly weightsHash: string;
}

export const alertEmail = "ops@example.org";
const jobName = "reviews";

/** What a stack needs for all acts. As few attempts as the cloud takes, so that dead letters come soon. */
export const settingsOfActs: Readonly<Record<Cloud, Settings>> = {
  aws: { ...shared(), maxAttempts: 1 },
  gcp: { ...shared(), maxAttempts: 5, billingAccount: "012345-6789AB-CDEF01" },
  azure: {
    ...{ ...shared(), maxAttempts: 1, budgetStartsOn: "2027-01-01" },
    predictClientId: "22222222-2222-2222-2222-222222222222",
  },
};

function shared(): Settings {
  return {
    ...{ maxConcurrency: 2, predict: true, onNewData: true, alertEmail, monthlyBudgetDollars: 50 },
    schedules: [{ name: "night", cron: "0 3 * * 1-5", job: jobName }],
  };
}

/** Trains the small job, by a worker that is started for it and then by one that is warm. */
export async function trainTwice(rehearsal: Rehearsal, { file, weightsHash }: SmallJob) {
  await rehearsal.host.idle();
  const cold = await trainInCloud(rehearsal, file);
  const warm = await trainInCloud(rehearsal, file, "--again");
  await look(rehearsal, warm);
  for (const { job, weightsHash: found } of [cold, warm])
    demand(found === weightsHash, `${job} came to ${found}, and to ${weightsHash} on this machine`);
  say(rehearsal, `trained from zero and again on warm functions: ${weightsHash.slice(0, 16)} each time`);
  return { cold, warm };
}

/** A submitter asks how the job is, and takes its result. */
async function look({ stack }: Rehearsal, { job, weightsHash }: TrainedJob): Promise<void> {
  const status = await stack.trivet("status", job, "--stack", stack.name, "--json");
  demand(status.includes(weightsHash), `trivet status of ${job} says ${status}`);
  await stack.trivet("fetch", job, "--stack", stack.name, "--to", `model-${job}`, "--verify");
}

/**
 * The store refuses the workers for a while: the job's message is delivered as often as was deployed and becomes a dead
 * letter. When the store is back, `trivet redrive` sends it again, and the job trains. What is no message of ours at all is
 * put away at once and stops nobody.
 */
export async function deadLetters(rehearsal: Rehearsal, { file, weightsHash }: SmallJob): Promise<TrainedJob> {
  const { stack, pipeline, host } = rehearsal;
  pipeline.permissions.worker.revoked = /^s3:|storage\.objects|blobServices/;
  const submitted = await stack.trivet("submit", file, "--stack", stack.name, "--quiet", "--again");
  const givenUp = AbortSignal.timeout(180_000);
  await waitFor(async () => ((await pipeline.countDeadLetters()) > 0 ? true : undefined), givenUp);
  const retries = host.log.filter(({ line }) => line.outcome === "retry").length;
  demand(retries > 0, "a message became a dead letter that no function has seen");
  pipeline.permissions.worker.revoked = undefined;
  // Late looks at earlier jobs may have met the closed store too, and become dead letters before the job's own message or after.
  const said: string[] = [];
  let isOver = false;
  const end = waitForEnd(rehearsal, submitted.trim()).finally(() => {
    isOver = true;
  });
  end.catch(() => {}); // Reported when its turn comes.
  const redriven = async () => {
    if ((await pipeline.countDeadLetters()) === 0) return isOver || undefined;
    said.push((await stack.operate("redrive", "--stack", stack.name)).trim());
    return undefined;
  };
  await waitFor(redriven, AbortSignal.timeout(180_000));
  const trained = await end;
  demand(trained.weightsHash === weightsHash, `after the dead letters it came to ${trained.weightsHash}`);
  say(rehearsal, `a dead letter after ${retries} deliveries; ${said[0]}; then ${weightsHash.slice(0, 16)}`);
  return trained;
}

/** Garbage in the queue is put away by the first function that sees it. */
export async function poison(rehearsal: Rehearsal): Promise<void> {
  const { pipeline, host } = rehearsal;
  const before = await pipeline.countDeadLetters();
  await pipeline.send("no message of anybody's");
  const seen = () => host.log.filter(({ line }) => line.outcome === "poison").length;
  await waitFor(async () => (seen() > 0 ? true : undefined), AbortSignal.timeout(60_000));
  demand((await pipeline.countDeadLetters()) === before, "garbage became a dead letter");
  say(rehearsal, "garbage in the queue: put away by the first function that saw it");
}

/** The clock is moved to when the deployed schedule fires next: the newest job of that name runs once more. */
export async function schedule(rehearsal: Rehearsal, { weightsHash }: SmallJob): Promise<TrainedJob> {
  const { stack, pipeline } = rehearsal;
  const before = await findNewestJob(pipeline.store, jobName);
  const deployed = thingNamed(stack.things, "schedule-night");
  const at = nextFiring(deployed);
  demand(at.getUTCHours() === 3 && at.getUTCMinutes() === 0, `the schedule fires at ${at.toISOString()}`);
  await pipeline.fire(deployed, at);
  const trained = await nextJob(rehearsal, before);
  demand(trained.weightsHash === weightsHash, `the schedule's run came to ${trained.weightsHash}`);
  say(rehearsal, `the clock at ${at.toISOString()}: the schedule fired, and ${trained.job} came to the same weights`);
  return trained;
}

/** A file is stored under incoming/: whoever was told to tell the queue does, and the job runs on the new data. */
export async function newData(rehearsal: Rehearsal): Promise<TrainedJob> {
  const { pipeline } = rehearsal;
  const before = await findNewestJob(pipeline.store, jobName);
  const rows = Array.from(
    { length: 64 },
    (_, i) => `a ${i % 2 ? "grim" : "lovely"} film ${i},${i % 2 ? "bad" : "good"}`,
  );
  const key = `incoming/${jobName}/monday.csv`;
  demand(!(await pipeline.announce("datasets/other")), "the queue would be told of an object that is not incoming");
  await pipeline.store.putIfAbsent(key, Buffer.from(`text,label\n${rows.join("\n")}\n`));
  demand(await pipeline.announce(key), "nobody would be told of new data");
  const trained = await nextJob(rehearsal, before);
  say(rehearsal, `${key} was stored, and ${trained.job} trained on it`);
  return trained;
}

/** The deployed endpoint answers with the newest result, and reads nothing that its role does not let it. */
export async function prediction(rehearsal: Rehearsal): Promise<void> {
  const predictor = await rehearsal.pipeline.startPredictor();
  try {
    const { status, body } = await predictor.predict(JSON.stringify([{ text: "a lovely film 3" }]));
    const { job, predictions } = body as { job?: string; predictions?: { label: string }[] };
    demand(status === 200, `the prediction endpoint answered ${status}: ${JSON.stringify(body)}`);
    demand(predictions?.[0]?.label === "good", `it predicted ${JSON.stringify(predictions)}`);
    say(rehearsal, `the prediction endpoint answers with ${job}`);
  } finally {
    await predictor.stop();
  }
}

/** A long job is cancelled after its first round: its last complete round is the result. */
export async function cancel(rehearsal: Rehearsal, { folder }: SmallJob): Promise<TrainedJob> {
  const { stack, pipeline } = rehearsal;
  const long = path.join(folder, "long");
  mkdirSync(long, { recursive: true });
  writeJob(long, 500);
  const file = path.join(long, "job.yaml");
  const job = (await stack.trivet("submit", file, "--stack", stack.name, "--quiet", "--seed", "7")).trim();
  const rounds = `jobs/${job}/manifests/`;
  const givenUp = AbortSignal.timeout(120_000);
  await waitFor(async () => ((await pipeline.store.list(rounds)).length > 0 ? true : undefined), givenUp);
  await stack.trivet("cancel", job, "--stack", stack.name, "--reason", "a rehearsal");
  const trained = await waitForEnd(rehearsal, job);
  demand(trained.state === "cancelled", `a cancelled job ended as ${trained.state}`);
  const complete = (await pipeline.store.list(rounds)).length;
  demand(complete < 500, "a cancelled job went on to its end");
  say(rehearsal, `${job} was cancelled: a result after ${complete} of 500 rounds`);
  return trained;
}

/** The budget tells the address that was set: on Google Cloud by the channel that alarms use. */
export function budget({ stack: { things } }: Pick<Rehearsal, "stack">): void {
  const { inputs } = thingNamed(things, "budget");
  const told = JSON.stringify([inputs.notifications, inputs.allUpdatesRule]);
  const channel = things.find(({ type }) => type === "gcp:monitoring/notificationChannel:NotificationChannel");
  const isWired = channel
    ? told.includes(channel.id) && JSON.stringify(channel.inputs.labels).includes(alertEmail)
    : told.includes(alertEmail);
  demand(isWired, `the budget does not tell ${alertEmail}: ${told}`);
}

async function nextJob(rehearsal: Rehearsal, before: string | undefined): Promise<TrainedJob> {
  const { store } = rehearsal.pipeline;
  const find = async () => {
    const newest = await findNewestJob(store, jobName);
    return newest === before ? undefined : newest;
  };
  return waitForEnd(rehearsal, (await waitFor(find, AbortSignal.timeout(120_000)))!);
}

/** When a deployed schedule fires next, by the expression in its cloud's form. UTC. */
export function nextFiring({ type, inputs }: Thing): Date {
  const { scheduleTriggerConfig } = (inputs.configuration ?? {}) as {
    scheduleTriggerConfig?: { cronExpression: string };
  };
  const expression = String(inputs.schedule ?? scheduleTriggerConfig?.cronExpression ?? inputs.scheduleExpression);
  const cron = type.startsWith("aws:") ? fiveFields(expression) : expression;
  return CronExpressionParser.parse(cron, { tz: "UTC" }).next().toDate();
}

/** `cron(0 3 ? * 2,3 *)` as everybody else writes it: no year, days of the week from 0. docs.aws.amazon.com/scheduler */
function fiveFields(expression: string): string {
  const [minute, hour, day, month, weekday] = /^cron\((.+)\)$/.exec(expression)![1]!.split(" ");
  const weekdays = weekday!.replace(/\d/g, (digit) => String(Number(digit) - 1));
  return [minute, hour, day, month, weekdays].join(" ").replaceAll("?", "*");
}

function say({ tell }: Rehearsal, text: string): void {
  tell({ type: "said", text });
}

/** Writes the small job into a folder of its own, and trains it on this machine. */
export async function makeSmallJob(folder: string): Promise<SmallJob> {
  const own = path.join(folder, "small");
  mkdirSync(own, { recursive: true });
  writeJob(own, 2);
  const file = path.join(own, "job.yaml");
  return { folder: own, file, weightsHash: await trainedHash(own, file) };
}

/** Everything that a stack does, one after the other. */
export async function playAll(rehearsal: Rehearsal, job: SmallJob) {
  budget(rehearsal);
  const { cold, warm } = await trainTwice(rehearsal, job);
  await prediction(rehearsal);
  await schedule(rehearsal, job);
  await newData(rehearsal);
  await poison(rehearsal);
  await deadLetters(rehearsal, job);
  await cancel(rehearsal, job);
  return { cold, warm };
}
