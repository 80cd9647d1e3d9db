import path from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { openObjectStore } from "../../worker-runtime/src/clouds/aws/object-store.ts";
import { openTaskQueue } from "../../worker-runtime/src/clouds/aws/task-queue.ts";
import { parseStackOutputs, storeName } from "../../worker-runtime/src/clouds/stack/outputs.ts";
import type { FinishedEvent } from "../../worker-runtime/src/job/events.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { writeJob } from "../cli/reviews-job.ts";
import { runTrivet } from "../cli/run-trivet.ts";
import { root } from "../components/languages.ts";
import { type StubProvider, startStubProvider } from "../components/stub-provider.ts";
import { deliverUntil, type FunctionInstance, startLambda } from "../entrypoints/function-hosts.ts";
import { type Emulator, startMoto } from "../support/emulators.ts";
import { environment as environmentVariables } from "../support/environment.ts";
import { type Middleman, startMiddleman } from "../support/middleman.ts";
import { requireTool } from "../support/require-tool.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { tools } from "../tools/tools.ts";
import { Grants } from "./aws-grants.ts";
import { AwsPlaces } from "./aws-places.ts";
import { cloudPackages, initStack, pulumiEnvironment } from "./pulumi.ts";
import { configure, copyProject } from "./shipped-stacks.ts";

const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };

describe("The whole of it on AWS, from `pulumi up` to `pulumi destroy`", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  environmentVariables({ ...credentials, AWS_REGION: undefined, AWS_PROFILE: undefined });
  const instances: FunctionInstance[] = [];
  let moto: Emulator;
  /** Stands between the functions and AWS, where the rights of their role are checked. */
  let gate: Middleman;
  let places: AwsPlaces;
  let stub: StubProvider;
  let environment: NodeJS.ProcessEnv;

  before(async function () {
    for (const tool of [tools.moto, tools.lambdaEmulator]) await requireTool(this, tool);
    moto = await startMoto();
    gate = await startMiddleman(moto.url);
    places = new AwsPlaces(moto.url);
    stub = await startStubProvider(places);
    environment = await pulumiEnvironment(this, "nodejs", cloudPackages(stub.port));
  });
  after(async () => {
    for (const { process } of instances) await process.stop();
    stub?.stop();
    places?.stop();
    await gate?.stop();
    await moto?.stop();
  });

  it("trains a job in the deployed functions to the hash of this machine, and leaves nothing", async () => {
    await copyProject(folder());
    const stack = await initStack(folder(), "dev-aws", environment);
    await configure(folder(), "dev-aws", { "trivet:removalPolicy": "destroy", "trivet:maxConcurrency": 2 });
    await stack.changes("up");
    expect(await places.all()).to.have.length(3);

    // Who submits has a shell with Pulumi, AWS's credentials, and nothing said about the store or the queue.
    writeJob(folder(), 2);
    const shell = {
      ...(stack.environment as Record<string, string>),
      ...{ AWS_ENDPOINT_URL: moto.url, ...credentials },
    };
    const trivet = async (...args: string[]) => {
      const { exitCode, stdout, stderr } = await runTrivet(folder(), args, { environment: shell });
      expect(exitCode, stderr).to.equal(0);
      return stdout;
    };
    const job = (await trivet("submit", "--stack", "dev-aws", "--quiet")).trim();

    const inputs = inputsOf("aws:iam/rolePolicy:RolePolicy") as { policy: string };
    const grants = new Grants(inputs.policy);
    gate.handle = grants.guard;
    await startFunctions();
    const outputs = parseStackOutputs(JSON.stringify(await stack.outputs()), "dev-aws");
    const options = { endpoint: moto.url, region: outputs.region! };
    const store = openObjectStore(storeName(outputs), options);
    const isOver = async () => (await store.head(keys.result(job, "manifest.json"))) !== undefined;
    await deliverUntil(isOver, openTaskQueue(outputs.queueUrl, options), instances);

    const { weightsHash } = lastEvent(await trivet("watch", "reviews", "--stack", "dev-aws", "--json"));
    await trivet("fetch", "reviews", "--stack", "dev-aws", "--to", "model", "--verify");
    expect(weightsHash).to.equal(lastEvent(await trivet("train", "--json")).weightsHash);

    expect(grants.refused).to.deep.equal([]);
    const used = new Set(grants.used.map(({ action }) => action));
    expect([...used]).to.include.members(["s3:GetObject", "s3:ListBucket", "s3:PutObject", "sqs:SendMessage"]);
    const unused = grants.actions.filter((action) => !used.has(action));
    console.log(
      `      ${grants.used.length} calls, all granted; granted and not used by this job: ${unused.join(", ")}`,
    );

    expect(Object.keys(await stack.changes("up"))).to.deep.equal(["same"]);
    await stack.changes("destroy");
    expect(await stack.resources()).to.deep.equal([]);
    expect(stub.things).to.deep.equal([]);
    expect(await places.all()).to.deep.equal([]);
  });

  /** What the stack gave to the first thing of a type. */
  const inputsOf = (type: string): unknown => stub.things.find((thing) => thing.type === type)!.inputs;

  /** As many as the deployed trigger lets run at once; each has what the deployed function has, and what Lambda adds. */
  async function startFunctions(): Promise<void> {
    const { timeout, environment } = inputsOf("aws:lambda/function:Function") as DeployedFunction;
    const { scalingConfig, batchSize } = inputsOf("aws:lambda/eventSourceMapping:EventSourceMapping") as Trigger;
    expect(batchSize).to.equal(1);
    const worker = [process.execPath, path.join(root, "worker-runtime/src/clouds/main.ts")];
    const added = { AWS_REGION: "us-east-1", ...credentials, AWS_LAMBDA_FUNCTION_TIMEOUT: `${timeout}` };
    const all = { ...environment.variables, ...added, AWS_ENDPOINT_URL: gate.url };
    for (let i = 0; i < scalingConfig.maximumConcurrency; i++) instances.push(await startLambda({ worker }, all));
  }
});

interface DeployedFunction {
  readonly timeout: number;
  readonly environment: { readonly variables: Record<string, string> };
}

interface Trigger {
  readonly batchSize: number;
  readonly scalingConfig: { readonly maximumConcurrency: number };
}

const lastEvent = (stdout: string): FinishedEvent => JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
