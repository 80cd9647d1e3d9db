import { BlobServiceClient, type StorageSharedKeyCredential } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { openObjectStore } from "../../../worker-runtime/src/clouds/azure/object-store.ts";
import { openTaskQueue } from "../../../worker-runtime/src/clouds/azure/task-queue.ts";
import { otherVariables } from "../../../worker-runtime/src/clouds/configuration.ts";
import type { Thing } from "../../components/stub-provider.ts";
import { WorkerProcess } from "../../entrypoints/worker-process.ts";
import { startAzurite } from "../../support/emulators.ts";
import { freePort } from "../../support/free-port.ts";
import { type Handle, type Middleman, startMiddleman } from "../../support/middleman.ts";
import { tools } from "../../tools/tools.ts";
import { type DeployedJob, JobHost } from "../functions/job-host.ts";
import type { WorkerImage } from "../image.ts";
import { azureCalls, azureRefusal, azureRole } from "../permissions/azure.ts";
import { Permissions } from "../permissions/calls.ts";
import { azureProvider } from "./azure-provider.ts";
import { type DeployedPipeline, type RehearsedCloud, type RunningCloud, thingNamed } from "./cloud.ts";

/** Everybody knows the key of it. */
const credential = BlobServiceClient.fromConnectionString("UseDevelopmentStorage=true")
  .credential as StorageSharedKeyCredential;

/** The one account that Azurite has. */
const account = "devstoreaccount1";

/**
 * Blob Storage and Queue Storage in Azurite. The stack's addresses lead to gates, where what the worker asks for is checked;
 * everybody else comes in by a way of their own, as by a proxy.
 */
export const azure: RehearsedCloud = {
  cloud: "azure",
  needs: [tools.azurite],
  async start(image): Promise<RunningCloud> {
    const azurite = await startAzurite();
    const blobs = new BlobServiceClient(azurite.url, credential);
    const queues = new QueueServiceClient(azurite.queueUrl, credential);
    const gates = [await gateBefore(azurite.url), await gateBefore(azurite.queueUrl)] as const;
    const closing = [azurite.stop, ...gates.map((gate) => gate.stop)];
    /** Past the gates, where nothing holds but what these rights say; with none, nothing does. */
    const handleFor = (permissions?: Permissions): Handle => {
      const guard: Handle = permissions?.guard(azureCalls, azureRefusal) ?? ((request, send) => send(request));
      return (request, send) =>
        guard(request, (granted) => {
          const { host, pathname, search } = new URL(granted.url);
          const target = gates[0].url.endsWith(host) ? azurite.url : azurite.queueUrl;
          return send({ ...granted, url: new URL(pathname + search, target).href });
        });
    };
    /** A proxy for whoever has these rights. */
    async function startWay(permissions?: Permissions): Promise<Middleman> {
      const proxy = await startMiddleman(azurite.url);
      closing.push(proxy.stop);
      proxy.handle = handleFor(permissions);
      return proxy;
    }
    const [submitters, operators] = [await startWay(), await startWay()];
    const urls = { blob: `${gates[0].url}/${account}/`, queue: `${gates[1].url}/${account}/` };
    return {
      ...azureProvider(blobs, queues, urls),
      configuration: {},
      submitterShell: by(submitters),
      operatorShell: by(operators),
      open: async (things) => open(things, { azurite, gates, submitters, startWay, handleFor }, image),
      async stop() {
        for (const close of closing.toReversed()) await close();
      },
    };
  },
};

const gateBefore = (url: string) => startMiddleman(new URL(url).origin);
const by = ({ url }: Middleman) => ({ HTTP_PROXY: url, NO_PROXY: "" });

interface Ways {
  readonly azurite: { readonly url: string; readonly queueUrl: string };
  readonly gates: readonly [Middleman, Middleman];
  readonly submitters: Middleman;
  startWay(permissions: Permissions): Promise<Middleman>;
  handleFor(permissions: Permissions): Handle;
}

async function open(
  things: readonly Thing[],
  { azurite, gates, submitters, startWay, handleFor }: Ways,
  image: WorkerImage,
): Promise<DeployedPipeline> {
  const job = deployedJob(thingNamed(things, "worker"));
  const predictor = containerOf(thingNamed(things, "predictor"));
  const { principalId: submitterId } = thingNamed(things, "submitter-identity").made;
  const permissions = {
    worker: new Permissions(azureRole(things, principalOf(things, job.environment))),
    submitter: new Permissions(azureRole(things, String(submitterId))),
    predictor: new Permissions(azureRole(things, principalOf(things, predictor.environment))),
  };
  for (const gate of gates) gate.handle = permissions.worker.guard(azureCalls, azureRefusal);
  submitters.handle = handleFor(permissions.submitter);
  const queue = (name: string) => openTaskQueue(`${azurite.queueUrl}/${name}`);
  const queues = new QueueServiceClient(azurite.queueUrl, credential);
  // KEDA looks with the worker's identity: the rule's `identity`.
  const keda = new QueueServiceClient(`${gates[1].url}/${account}`, credential);

  return {
    store: openObjectStore(`${azurite.url}/data`),
    worker: job,
    permissions,
    startHost: async (onEvent) =>
      new JobHost(
        job,
        {
          async countVisible() {
            const { peekedMessageItems } = await keda.getQueueClient("tasks").peekMessages({ numberOfMessages: 32 });
            return peekedMessageItems.length;
          },
          start: (execution) =>
            new WorkerProcess(image.command, {
              ...image.environment,
              ...job.environment,
              [otherVariables.azureExecution]: execution,
            }),
        },
        onEvent,
      ),
    async countDeadLetters() {
      const { approximateMessagesCount } = await queues.getQueueClient("tasks-poison").getProperties();
      return approximateMessagesCount ?? 0;
    },
    async fire({ name, inputs }, at) {
      const { environment } = deployedJob({ name, inputs } as Thing);
      const isSubmitter = principalOf(things, environment) === submitterId;
      if (!isSubmitter) throw new Error(`${name} does not run as the submitter`);
      const process = new WorkerProcess(image.command, {
        ...image.environment,
        ...environment,
        ...by(submitters),
        [otherVariables.azureExecution]: `${name}-${at.getTime() / 60_000}`,
      });
      const ended = await process.ended;
      await process.stop();
      if (ended !== 0) throw new Error(`the execution of ${name} ended with ${ended}: ${process.rest.join("\n")}`);
    },
    send: (body) => queue("tasks").send([body]),
    async announce(key) {
      const { filter, deliveryWithResourceIdentity } = thingNamed(things, "new-data").inputs as unknown as Subscription;
      const subject = `/blobServices/default/containers/data/blobs/${key}`;
      if (!subject.startsWith(filter.subjectBeginsWith)) return false;
      const event = { specversion: "1.0", type: filter.includedEventTypes[0], subject };
      await queue(deliveryWithResourceIdentity.destination.queueName).send([JSON.stringify(event)]);
      return true;
    },
    async startPredictor() {
      const port = await freePort();
      const process = new WorkerProcess(image.command, {
        ...image.environment,
        ...predictor.environment,
        ...by(await startWay(permissions.predictor)),
        PORT: String(port),
      });
      await process.line(({ event }) => event === "start");
      return {
        async predict(body) {
          const answer = await fetch(`http://127.0.0.1:${port}/predict`, { method: "POST", body });
          return { status: answer.status, body: await answer.json() };
        },
        stop: () => process.stop(),
      };
    },
  };
}

interface Template {
  readonly containers: readonly {
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly resources: { readonly memory: string };
  }[];
}

interface Subscription {
  readonly filter: { readonly subjectBeginsWith: string; readonly includedEventTypes: readonly string[] };
  readonly deliveryWithResourceIdentity: { readonly destination: { readonly queueName: string } };
}

/** The identity that a container chooses by AZURE_CLIENT_ID. */
function principalOf(
  things: readonly Thing[],
  { AZURE_CLIENT_ID: clientId }: Readonly<Record<string, string>>,
): string {
  const identity = things.find(({ made }) => made.clientId !== undefined && made.clientId === clientId);
  if (!identity) throw new Error(`no identity has the client id ${clientId}`);
  return String(identity.made.principalId);
}

function deployedJob({ name, inputs }: Thing): DeployedJob {
  const { replicaTimeout, eventTriggerConfig } = inputs.configuration as {
    replicaTimeout: number;
    eventTriggerConfig?: { scale: { maxExecutions: number; pollingInterval: number } };
  };
  return {
    name,
    ...containerOf({ inputs }),
    timeoutSeconds: replicaTimeout,
    maxConcurrency: eventTriggerConfig?.scale.maxExecutions ?? 1,
    warmInstances: 0,
    pollingSeconds: eventTriggerConfig?.scale.pollingInterval ?? 0,
  };
}

/** What a deployed container gets. */
function containerOf({ inputs }: Pick<Thing, "inputs">) {
  const { env, resources } = (inputs.template as Template).containers[0]!;
  return {
    environment: Object.fromEntries(env.map(({ name, value }) => [name, value])),
    memoryMib: Number.parseFloat(resources.memory) * 1024,
  };
}
