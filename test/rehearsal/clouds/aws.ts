import { S3Client } from "@aws-sdk/client-s3";
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { S3ObjectStore } from "../../../worker-runtime/src/clouds/aws/object-store.ts";
import type { Thing } from "../../components/stub-provider.ts";
import { startLambdaProcess } from "../../entrypoints/function-hosts.ts";
import { awsTestIdentity } from "../../support/cloud-places.ts";
import { startMoto } from "../../support/emulators.ts";
import { type Middleman, startMiddleman } from "../../support/middleman.ts";
import { tools } from "../../tools/tools.ts";
import type { DeployedFunction } from "../functions/deployed.ts";
import { PushHost, type PushPlatform } from "../functions/push-host.ts";
import type { WorkerImage } from "../image.ts";
import { awsCalls, awsRefusal, awsRole } from "../permissions/aws.ts";
import { Permissions } from "../permissions/calls.ts";
import { awsProvider } from "./aws-provider.ts";
import { type DeployedPipeline, type RehearsedCloud, type RunningCloud, thingNamed } from "./cloud.ts";

const region = awsTestIdentity.region;
/** Where moto is, and who one is: moto does not look at it. */
const identity = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: region };

/** S3 and SQS in moto; Lambda behind AWS's own runtime interface emulator. */
export const aws: RehearsedCloud = {
  cloud: "aws",
  needs: [tools.moto, tools.lambdaEmulator],
  async start(image): Promise<RunningCloud> {
    const moto = await startMoto();
    const s3 = new S3Client({ ...awsTestIdentity, endpoint: moto.url, forcePathStyle: true });
    const sqs = new SQSClient({ ...awsTestIdentity, endpoint: moto.url });
    const submitters = await startMiddleman(moto.url);
    const closing: (() => Promise<void> | void)[] = [
      () => s3.destroy(),
      () => sqs.destroy(),
      moto.stop,
      submitters.stop,
    ];
    return {
      ...awsProvider(s3, sqs),
      configuration: {},
      submitterShell: { ...identity, AWS_ENDPOINT_URL: submitters.url },
      operatorShell: { ...identity, AWS_ENDPOINT_URL: moto.url },
      open: (things) => open(things, { url: moto.url, submitters }, { s3, sqs }, image, closing),
      async stop() {
        for (const close of closing.toReversed()) await close();
      },
    };
  },
};

async function open(
  things: readonly Thing[],
  ways: { readonly url: string; readonly submitters: Middleman },
  { s3, sqs }: { readonly s3: S3Client; readonly sqs: SQSClient },
  image: WorkerImage,
  closing: (() => Promise<void> | void)[],
): Promise<DeployedPipeline> {
  const bucket = thingNamed(things, "bucket").id;
  const [queueUrl, deadLetterUrl] = [thingNamed(things, "queue").id, thingNamed(things, "dead-letters").id];
  const trigger = thingNamed(things, "trigger").inputs as unknown as Trigger;
  const worker = deployedFunction(thingNamed(things, "worker"), things);

  const roleOf = (policy: string) => {
    const { name, inputs } = thingNamed(things, policy);
    return awsRole(name, String(inputs.policy));
  };
  /** A way to AWS for whoever has these rights, and no others. */
  async function gateFor(permissions: Permissions) {
    const gate = await startMiddleman(ways.url);
    gate.handle = permissions.guard(awsCalls, awsRefusal);
    closing.push(gate.stop);
    return gate;
  }

  const permissions = {
    worker: new Permissions(roleOf("worker-policy")),
    submitter: new Permissions(roleOf("submitter-policy")),
    predictor: new Permissions(roleOf("predictor-policy")),
  };
  ways.submitters.handle = permissions.submitter.guard(awsCalls, awsRefusal);
  const gate = await gateFor(permissions.worker);
  // Lambda takes messages out of the queue with the rights of the function's role.
  const poller = new SQSClient({ ...awsTestIdentity, endpoint: gate.url });
  closing.push(() => poller.destroy());

  const start = (deployed: DeployedFunction, endpoint: string, isWarm: boolean) =>
    startLambdaProcess(
      { worker: image.command },
      {
        ...image.environment,
        ...deployed.environment,
        ...identity,
        AWS_ENDPOINT_URL: endpoint,
        AWS_LAMBDA_FUNCTION_TIMEOUT: String(deployed.timeoutSeconds),
        AWS_LAMBDA_FUNCTION_NAME: deployed.name,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(deployed.memoryMib),
        ...(isWarm && { AWS_LAMBDA_INITIALIZATION_TYPE: "provisioned-concurrency" }),
      },
    );

  const platform: PushPlatform = {
    async receive() {
      const { Messages: [message] = [] } = await poller.send(
        new ReceiveMessageCommand({
          ...{ QueueUrl: queueUrl, MaxNumberOfMessages: trigger.batchSize, WaitTimeSeconds: 0 },
          MessageSystemAttributeNames: ["All"],
        }),
      );
      return message && pushed(message);
    },
    async start(isWarm) {
      const { process, invoke } = await start(worker, gate.url, isWarm);
      return { process, invoke: async (payload) => (await invoke(payload)) === '{"batchItemFailures":[]}' };
    },
  };

  /** A message that is not removed stays hidden as long as the queue says, unless the function makes it visible. */
  const pushed = ({ MessageId, ReceiptHandle, Body, Attributes }: Message) => ({
    payload: JSON.stringify({
      Records: [
        {
          messageId: MessageId,
          receiptHandle: ReceiptHandle,
          body: Body,
          attributes: Attributes,
          eventSource: "aws:sqs",
        },
      ],
    }),
    done: async () => void (await poller.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }))),
    failed: async () => {},
  });

  return {
    store: new S3ObjectStore(s3, bucket),
    worker,
    permissions,
    async startHost(onEvent) {
      // As Lambda does when the mapping begins.
      await poller.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["All"] }));
      return new PushHost(worker, platform, onEvent);
    },
    async countDeadLetters() {
      const name = "ApproximateNumberOfMessages";
      const asked = { QueueUrl: deadLetterUrl, AttributeNames: [name] as const };
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ ...asked, AttributeNames: [...asked.AttributeNames] }),
      );
      return Number(Attributes?.[name] ?? 0);
    },
    async fire({ inputs }, at) {
      const { arn, input } = inputs.target as { arn: string; input: string };
      if (!(await roleOf("schedule-policy").allows({ action: "sqs:SendMessage", resource: arn })))
        throw new Error("the role of schedules may not send");
      const QueueUrl = things.find(({ made }) => made.arn === arn)!.id;
      const MessageBody = input.replace("<aws.scheduler.scheduled-time>", at.toISOString());
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    },
    send: async (body) => void (await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }))),
    async announce(key) {
      const { queues } = thingNamed(things, "new-data").inputs as { queues: Notification[] };
      const told = queues.filter(({ filterPrefix }) => key.startsWith(filterPrefix));
      for (const { queueArn } of told) {
        const QueueUrl = things.find(({ made }) => made.arn === queueArn)!.id;
        const record = { eventSource: "aws:s3", eventName: "ObjectCreated:Put", s3: { object: { key } } };
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ Records: [record] }) }));
      }
      return told.length > 0;
    },
    async startPredictor() {
      const { url } = await gateFor(permissions.predictor);
      const predictor = deployedFunction(thingNamed(things, "predictor"), things);
      const { process, invoke } = await start(predictor, url, false);
      return {
        async predict(body) {
          // docs.aws.amazon.com/lambda: urls-invocation
          const http = { method: "POST", path: "/predict" };
          const event = { version: "2.0", rawPath: "/predict", rawQueryString: "", requestContext: { http }, body };
          const { statusCode, body: answer } = JSON.parse(await invoke(JSON.stringify(event)));
          return { status: statusCode, body: JSON.parse(answer) };
        },
        stop: () => process.stop(),
      };
    },
  };
}

interface Trigger {
  readonly batchSize: number;
  readonly scalingConfig: { readonly maximumConcurrency: number };
}

interface Notification {
  readonly queueArn: string;
  readonly filterPrefix: string;
}

function deployedFunction({ name, inputs }: Thing, things: readonly Thing[]): DeployedFunction {
  const { timeout, memorySize, environment } = inputs as {
    timeout: number;
    memorySize: number;
    environment: { variables: Record<string, string> };
  };
  const { scalingConfig } = thingNamed(things, "trigger").inputs as unknown as Trigger;
  const warm = things.find(({ name }) => name === "training-warm")?.inputs.provisionedConcurrentExecutions;
  return {
    ...{ name, environment: environment.variables, memoryMib: memorySize, timeoutSeconds: timeout },
    maxConcurrency: scalingConfig.maximumConcurrency,
    warmInstances: Number(warm ?? 0),
  };
}
