import { setTimeout } from "node:timers/promises";
import { otherVariables } from "../../../worker-runtime/src/clouds/configuration.ts";
import { openObjectStore } from "../../../worker-runtime/src/clouds/gcp/object-store.ts";
import {
  earlyByMs,
  openTaskSource,
  openTaskQueue as openTopic,
} from "../../../worker-runtime/src/clouds/gcp/task-queue.ts";
import type { Thing } from "../../components/stub-provider.ts";
import { WorkerProcess } from "../../entrypoints/worker-process.ts";
import { startFakeGcsServer, startPubSub } from "../../support/emulators.ts";
import { freePort } from "../../support/free-port.ts";
import { startMiddleman } from "../../support/middleman.ts";
import { tools } from "../../tools/tools.ts";
import { type DeployedFunction, hurry } from "../functions/deployed.ts";
import { PushHost, type PushPlatform } from "../functions/push-host.ts";
import type { WorkerImage } from "../image.ts";
import { type Identity, Permissions } from "../permissions/calls.ts";
import { gcpCalls, gcpRefusal, gcpRole } from "../permissions/gcp.ts";
import { type DeployedPipeline, type RehearsedCloud, type RunningCloud, thingNamed } from "./cloud.ts";
import { call, gcpProvider } from "./gcp-provider.ts";

/** Cloud Storage in fake-gcs-server, Pub/Sub in Google's pstest; pushes are ours, since pstest has none. */
export const gcp: RehearsedCloud = {
  cloud: "gcp",
  needs: [tools.fakeGcsServer, tools.pubSub],
  async start(image): Promise<RunningCloud> {
    const [storage, pubSub] = [await startFakeGcsServer(), await startPubSub()];
    const urls = { storage: storage.url, pubSub: pubSub.url };
    const submitters = await startGate(urls);
    const closing: (() => Promise<void>)[] = [storage.stop, pubSub.stop, submitters.stop];
    return {
      ...gcpProvider(urls),
      configuration: {},
      submitterShell: addresses(submitters.urls),
      operatorShell: addresses(urls),
      open: async (things) => open(things, { urls, submitters }, image, closing),
      async stop() {
        for (const close of closing.toReversed()) await close();
      },
    };
  },
};

/** Where the emulators are. */
export interface GcpUrls {
  readonly storage: string;
  readonly pubSub: string;
}

const addresses = ({ storage, pubSub }: GcpUrls) => ({
  [otherVariables.storageEndpoint]: storage,
  [otherVariables.pubSubEndpoint]: pubSub,
});

/** A way to both emulators on which somebody's role may hold. */
async function startGate({ storage, pubSub }: GcpUrls) {
  const gates = [await startMiddleman(storage), await startMiddleman(pubSub)] as const;
  return {
    urls: { storage: gates[0].url, pubSub: gates[1].url },
    guardWith(permissions: Permissions) {
      for (const gate of gates) gate.handle = permissions.guard(gcpCalls, gcpRefusal);
    },
    async stop() {
      for (const gate of gates) await gate.stop();
    },
  };
}

async function open(
  things: readonly Thing[],
  { urls, submitters }: { readonly urls: GcpUrls; readonly submitters: Awaited<ReturnType<typeof startGate>> },
  image: WorkerImage,
  closing: (() => Promise<void>)[],
): Promise<DeployedPipeline> {
  const worker = deployedFunction(thingNamed(things, "worker"));
  const trigger = thingNamed(things, "trigger");
  const { ackDeadlineSeconds, retryPolicy, deadLetterPolicy } = trigger.inputs as unknown as Trigger;
  const deadLetters = openTaskSource(thingNamed(things, "dead-letter-subscription").id, { endpoint: urls.pubSub });
  demandWiring(things, trigger);

  const serviceRole = (service: string) =>
    gcpRole(things, (thingNamed(things, service).inputs.template as { serviceAccount: string }).serviceAccount);
  const submitter = String(thingNamed(things, "submitter-reader").inputs.member).replace("serviceAccount:", "");
  const permissions = {
    worker: new Permissions(serviceRole("worker")),
    submitter: new Permissions(gcpRole(things, submitter)),
    predictor: new Permissions(serviceRole("predictor")),
  };
  /** A way to Google Cloud for whoever has these rights, and no others. */
  async function gateFor(identity: Identity): Promise<GcpUrls> {
    const gate = await startGate(urls);
    closing.push(gate.stop);
    gate.guardWith(permissions[identity]);
    return gate.urls;
  }

  submitters.guardWith(permissions.submitter);
  const workerUrls = await gateFor("worker");

  /** An instance of a service: listens on the port that Cloud Run names. */
  async function start({ name, environment }: DeployedFunction, at: GcpUrls) {
    const port = await freePort();
    const process = new WorkerProcess(image.command, {
      ...image.environment,
      ...environment,
      ...addresses(at),
      ...{ PORT: String(port), K_SERVICE: name },
    });
    await process.line(({ event }) => event === "start");
    return { process, url: `http://127.0.0.1:${port}` };
  }

  const subscription = (method: string, body: unknown) =>
    call<Pulled>(urls.pubSub, "POST", `${trigger.id}:${method}`, body);

  const platform: PushPlatform = {
    async receive() {
      const { receivedMessages: [received] = [] } = await subscription("pull", {
        ...{ maxMessages: 1, returnImmediately: true },
      });
      return received && pushed(received);
    },
    async start() {
      const { process, url } = await start(worker, workerUrls);
      return {
        process,
        invoke: async (payload) => (await fetch(url, { method: "POST", body: payload })).ok,
      };
    },
  };

  /** docs.cloud.google.com/pubsub/docs/push */
  function pushed({ ackId, message, deliveryAttempt = 1 }: Received) {
    const ackIds = [ackId];
    void subscription("modifyAckDeadline", { ackIds, ackDeadlineSeconds });
    return {
      payload: JSON.stringify({ message, subscription: trigger.id, deliveryAttempt }),
      done: async () => void (await subscription("acknowledge", { ackIds })),
      async failed() {
        if (deliveryAttempt >= deadLetterPolicy.maxDeliveryAttempts) {
          const messages = [{ data: message.data, attributes: message.attributes }];
          await call(urls.pubSub, "POST", `${deadLetterPolicy.deadLetterTopic}:publish`, { messages });
          return void (await subscription("acknowledge", { ackIds }));
        }
        const [least, most] = [retryPolicy.minimumBackoff, retryPolicy.maximumBackoff].map(Number.parseFloat);
        const waitSeconds = Math.min(least! * 2 ** (deliveryAttempt - 1), most!);
        // A message before its time waits by the real clock: hurried, it would use up its attempts before its time comes.
        const isEarly = earlyByMs(message.attributes, Date.now()) > 0;
        // The slot of the instance is free meanwhile: Pub/Sub waits, not the service.
        void setTimeout((waitSeconds * 1000) / (isEarly ? 1 : hurry), undefined, { ref: false }).then(() =>
          subscription("modifyAckDeadline", { ackIds, ackDeadlineSeconds: 0 }).catch(() => {}),
        );
      },
    };
  }

  return {
    store: openObjectStore(thingNamed(things, "bucket").id, { endpoint: urls.storage }),
    worker,
    permissions,
    startHost: async (onEvent) => new PushHost(worker, platform, onEvent),
    async countDeadLetters() {
      const taken = [];
      for (let found = await deadLetters.receive(60); found; found = await deadLetters.receive(60)) taken.push(found);
      await Promise.all(taken.map((delivery) => delivery.release(0)));
      return taken.length;
    },
    async fire({ inputs }) {
      const { topicName, data } = inputs.pubsubTarget as { topicName: string; data: string };
      await openTopic(topicName, { endpoint: urls.pubSub }).send([Buffer.from(data, "base64").toString()]);
    },
    send: (body) => openTopic(thingNamed(things, "queue").id, { endpoint: urls.pubSub }).send([body]),
    async announce(key) {
      const { topic, objectNamePrefix, bucket } = thingNamed(things, "new-data").inputs as Record<string, string>;
      if (!key.startsWith(objectNamePrefix!)) return false;
      const event = { kind: "storage#object", name: key, bucket };
      await openTopic(topic!, { endpoint: urls.pubSub }).send([JSON.stringify(event)]);
      return true;
    },
    async startPredictor() {
      const predictor = deployedFunction(thingNamed(things, "predictor"));
      const { process, url } = await start(predictor, await gateFor("predictor"));
      return {
        async predict(body) {
          const answer = await fetch(`${url}/predict`, { method: "POST", body });
          return { status: answer.status, body: await answer.json() };
        },
        stop: () => process.stop(),
      };
    },
  };
}

interface Trigger {
  readonly ackDeadlineSeconds: number;
  readonly deadLetterPolicy: { readonly deadLetterTopic: string; readonly maxDeliveryAttempts: number };
  readonly retryPolicy: { readonly minimumBackoff: string; readonly maximumBackoff: string };
}

interface Received {
  readonly ackId: string;
  readonly message: { readonly data?: string; readonly attributes?: Readonly<Record<string, string>> };
  readonly deliveryAttempt?: number;
}

interface Pulled {
  readonly receivedMessages?: readonly Received[];
}

/** Cloud Run lets nobody push but whom the service's policy names; Pub/Sub's agent must be let move dead letters. */
function demandWiring(things: readonly Thing[], { inputs }: Thing): void {
  const { oidcToken } = inputs.pushConfig as { oidcToken: { serviceAccountEmail: string } };
  const invoker = thingNamed(things, "push-invoker").inputs;
  const isInvited = invoker.member === `serviceAccount:${oidcToken.serviceAccountEmail}`;
  if (!isInvited || invoker.role !== "roles/run.invoker") throw new Error("the pushes may not call the service");
  const [taker, mover] = [
    thingNamed(things, "trigger-subscriber").inputs,
    thingNamed(things, "dead-letter-publisher").inputs,
  ];
  if (
    taker.role !== "roles/pubsub.subscriber" ||
    mover.role !== "roles/pubsub.publisher" ||
    taker.member !== mover.member
  )
    throw new Error("Pub/Sub may not move dead letters");
}

function deployedFunction({ name, inputs }: Thing): DeployedFunction {
  const { timeout, scaling, containers } = inputs.template as Template;
  const { envs, resources } = containers[0]!;
  return {
    name,
    environment: Object.fromEntries(envs.map(({ name, value }) => [name, value])),
    memoryMib: Number(/^(\d+)Mi$/.exec(resources.limits.memory)![1]),
    timeoutSeconds: Number(/^(\d+)s$/.exec(timeout)![1]),
    maxConcurrency: scaling.maxInstanceCount,
    warmInstances: scaling.minInstanceCount,
  };
}

interface Template {
  readonly timeout: string;
  readonly scaling: { readonly minInstanceCount: number; readonly maxInstanceCount: number };
  readonly containers: readonly {
    readonly envs: readonly { readonly name: string; readonly value: string }[];
    readonly resources: { readonly limits: { readonly memory: string } };
  }[];
}
