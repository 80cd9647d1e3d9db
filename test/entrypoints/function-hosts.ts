import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { Platform } from "../../worker-runtime/src/clouds/configuration.ts";
import type { Delivery, TaskSource } from "../../worker-runtime/src/ports/task-queue.ts";
import { freePort } from "../support/free-port.ts";
import { tools } from "../tools/tools.ts";
import { WorkerProcess } from "./worker-process.ts";

/** How a worker is started. */
export interface Command {
  /** Program and arguments. */
  readonly worker: readonly string[];
  /** A program, with arguments, that starts another one as somebody else. */
  readonly as?: readonly string[];
}

/** One instance of a function, and how its platform hands a message to it. */
export interface FunctionInstance {
  readonly process: WorkerProcess;
  /** Whether the message is done with; otherwise the platform delivers it again. */
  invoke(body: string, deliveries: number): Promise<boolean>;
}

type Environment = Readonly<Record<string, string>>;

/** Lambda, behind AWS's own emulator: one process is one execution environment. */
export async function startLambda(command: Command, environment: Environment): Promise<FunctionInstance> {
  const lambda = { AWS_LAMBDA_FUNCTION_TIMEOUT: "60", AWS_LAMBDA_FUNCTION_NAME: "worker", ...environment };
  const { process, invoke } = await startLambdaProcess(command, lambda);
  return {
    process,
    async invoke(body, deliveries) {
      const attributes = { ApproximateReceiveCount: String(deliveries), SentTimestamp: String(Date.now()) };
      const record = { messageId: "1", receiptHandle: "none", body, attributes, eventSource: "aws:sqs" };
      return (await invoke(JSON.stringify({ Records: [record] }))) === '{"batchItemFailures":[]}';
    },
  };
}

/** The same, called with events of any kind. The environment says the time limit, AWS_LAMBDA_FUNCTION_TIMEOUT. */
export async function startLambdaProcess({ worker, as = [] }: Command, environment: Environment) {
  const [port, apiPort] = [await freePort(), await freePort()];
  const addresses = ["--runtime-interface-emulator-address", `127.0.0.1:${port}`];
  const command = [...(await tools.lambdaEmulator.command()), ...addresses];
  command.push("--runtime-api-address", `127.0.0.1:${apiPort}`);
  const process = new WorkerProcess([...as, ...command, ...worker], environment);
  const url = `http://127.0.0.1:${port}/2015-03-31/functions/function/invocations`;
  await listening(port);
  return {
    process,
    /** The function's answer, or what the emulator says instead. */
    async invoke(event: string): Promise<string> {
      return (await fetch(url, { method: "POST", body: event })).text();
    },
  };
}

/** Resolves when something listens: the emulator says nothing when it begins to. */
async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const connected = await once(socket, "connect").catch(() => undefined);
    socket.destroy();
    if (connected) return;
    await setTimeout(20);
  }
}

/** Cloud Run, as Pub/Sub's push calls it. */
export async function startCloudRun(command: Command, environment: Environment): Promise<FunctionInstance> {
  return startPushed(command, { PORT: "0", ...environment }, (body, deliveries) => ({
    message: { data: Buffer.from(body).toString("base64"), messageId: "1" },
    subscription: "projects/emulator/subscriptions/tasks",
    deliveryAttempt: deliveries,
  }));
}

/** The custom handler, as Microsoft's Functions host calls it. */
export async function startFunctions(command: Command, environment: Environment): Promise<FunctionInstance> {
  return startPushed(command, { FUNCTIONS_CUSTOMHANDLER_PORT: "0", ...environment }, (body, deliveries) => ({
    Data: { message: JSON.stringify(body) },
    Metadata: { DequeueCount: String(deliveries) },
  }));
}

async function startPushed(
  { worker, as = [] }: Command,
  environment: Environment,
  request: (body: string, deliveries: number) => unknown,
): Promise<FunctionInstance> {
  const process = new WorkerProcess([...as, ...worker], environment);
  const { port } = await process.line(({ event }) => event === "start");
  return {
    process,
    async invoke(body, deliveries) {
      const options = { method: "POST", body: JSON.stringify(request(body, deliveries)) };
      const { status } = await fetch(`http://127.0.0.1:${port}/`, options);
      return status === 200;
    },
  };
}

export const startInstance: Readonly<
  Record<Exclude<Platform, "azure-job">, (command: Command, environment: Environment) => Promise<FunctionInstance>>
> = { "aws-lambda": startLambda, "gcp-cloud-run": startCloudRun, "azure-functions": startFunctions };

/** Hands the messages of a queue to the instances, each of which has one at a time, until `isOver`, or two minutes long. */
export async function deliverUntil(
  isOver: () => Promise<boolean>,
  source: TaskSource,
  instances: readonly FunctionInstance[],
): Promise<void> {
  const tooLong = AbortSignal.timeout(120_000);
  let over = false;
  await Promise.all(
    instances.map(async ({ invoke }) => {
      while (!over) {
        if (tooLong.aborted) throw new Error(`The job does not end. ${sayings(instances)}`);
        const delivery = await source.receive(120);
        if (delivery) await hand(delivery, invoke);
        over ||= await isOver();
      }
    }),
  );
}

/** What the workers said last, for whoever looks for the fault. */
function sayings(instances: readonly FunctionInstance[]): string {
  const lines = instances.flatMap(({ process }) => process.lines.slice(-3));
  return lines.map((line) => JSON.stringify(line)).join("\n");
}

async function hand(delivery: Delivery, invoke: FunctionInstance["invoke"]): Promise<void> {
  if (await invoke(delivery.body, delivery.attempt)) await delivery.acknowledge();
  else await delivery.release(0);
}
