import { openTaskQueue } from "../../worker-runtime/src/clouds/aws/task-queue.ts";
import { startLambda } from "../entrypoints/function-hosts.ts";
import { lambdaEmulator } from "../entrypoints/lambda-emulator.ts";
import { startMoto } from "../support/emulators.ts";
import { startMiddleman } from "../support/middleman.ts";
import { tools } from "../tools/tools.ts";
import { type EmulatedAccount, inputsOf, type RehearsedCloud } from "./account.ts";
import { Grants } from "./aws-grants.ts";
import { AwsPlaces } from "./aws-places.ts";
import { PushHost } from "./push-host.ts";

const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
const region = "us-east-1";

interface LambdaInputs {
  readonly timeout: number;
  readonly memorySize: number;
  readonly environment: { readonly variables: Readonly<Record<string, string>> };
}

interface TriggerInputs {
  readonly batchSize: number;
  readonly scalingConfig: { readonly maximumConcurrency: number };
}

/** S3 and SQS in moto, and Lambda's own runtime emulator around each instance of the function. */
export const aws: RehearsedCloud = {
  title: "AWS",
  needs: [tools.moto, lambdaEmulator],
  async open(): Promise<EmulatedAccount> {
    const moto = await startMoto();
    // Stands between the functions and AWS, where the rights of their role are checked.
    const gate = await startMiddleman(moto.url);
    const places = new AwsPlaces(moto.url);
    let grants: Grants | undefined;
    return {
      provider: places,
      shell: { AWS_ENDPOINT_URL: moto.url, ...credentials },
      settings: {},
      existing: () => places.all(),
      host(things, command, tell) {
        const { timeout, memorySize, environment } = inputsOf<LambdaInputs>(things, "aws:lambda/function:Function");
        const trigger = inputsOf<TriggerInputs>(things, "aws:lambda/eventSourceMapping:EventSourceMapping");
        if (trigger.batchSize !== 1) throw new Error("this host hands over one message at a time");
        const queue = things.find(({ type, name }) => type === "aws:sqs/queue:Queue" && name.endsWith("-queue"))!;
        grants ??= new Grants(inputsOf<{ policy: string }>(things, "aws:iam/rolePolicy:RolePolicy").policy);
        gate.handle = grants.guard;
        // What the deployed function has, and what Lambda adds.
        const added = { AWS_REGION: region, ...credentials, AWS_LAMBDA_FUNCTION_TIMEOUT: `${timeout}` };
        const all = { ...environment.variables, ...added, AWS_ENDPOINT_URL: gate.url };
        const deployed = {
          timeoutSeconds: timeout,
          memoryMib: memorySize,
          maxConcurrency: trigger.scalingConfig.maximumConcurrency,
          visibilitySeconds: queue.inputs.visibilityTimeoutSeconds as number,
        };
        const source = openTaskQueue(queue.id, { endpoint: moto.url, region });
        return new PushHost(deployed, source, () => startLambda(command, all), tell);
      },
      calls() {
        const { used = [], refused = [], actions = [] } = grants ?? {};
        const names = [...new Set(used.map(({ action }) => action))].sort();
        return {
          made: used.length + refused.length,
          refused: refused.map(({ action, resource }) => `${action} on ${resource}`),
          used: names,
          unused: actions.filter((action) => !names.includes(action)).sort(),
        };
      },
      async stop() {
        places.stop();
        await gate.stop();
        await moto.stop();
      },
    };
  },
};
