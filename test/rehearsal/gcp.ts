import { openTaskSource } from "../../worker-runtime/src/clouds/gcp/task-queue.ts";
import { startCloudRun } from "../entrypoints/function-hosts.ts";
import { startFakeGcsServer, startPubSub } from "../support/emulators.ts";
import { tools } from "../tools/tools.ts";
import { type EmulatedAccount, inputsOf, type RehearsedCloud } from "./account.ts";
import { GcpPlaces } from "./gcp-places.ts";
import { PushHost } from "./push-host.ts";

interface ServiceInputs {
  readonly template: {
    readonly timeout: string;
    readonly scaling: { readonly maxInstanceCount: number };
    readonly containers: readonly {
      readonly resources: { readonly limits: { readonly memory: string } };
      readonly envs: readonly { readonly name: string; readonly value: string }[];
    }[];
  };
}

/** Cloud Storage and Pub/Sub in emulators; the host pulls what Pub/Sub would push. */
export const gcp: RehearsedCloud = {
  title: "Google Cloud",
  needs: [tools.fakeGcsServer, tools.pubSub],
  async open(): Promise<EmulatedAccount> {
    const [storage, pubSub] = [await startFakeGcsServer(), await startPubSub()];
    const emulators = {
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: storage.url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB: pubSub.url,
    };
    const places = new GcpPlaces(storage.url, pubSub.url);
    return {
      provider: places,
      shell: emulators,
      settings: { "gcp:project": "emulator", "gcp:region": "us-central1" },
      existing: () => places.all(),
      host(things, command, tell) {
        const { template } = inputsOf<ServiceInputs>(things, "gcp:cloudrunv2/service:Service");
        const [container] = template.containers;
        const trigger = things.find(({ inputs }) => inputs.pushConfig !== undefined)!;
        const environment = Object.fromEntries(container!.envs.map(({ name, value }) => [name, value]));
        const deployed = {
          timeoutSeconds: Number.parseInt(template.timeout, 10),
          memoryMib: Number.parseInt(container!.resources.limits.memory, 10),
          maxConcurrency: template.scaling.maxInstanceCount,
          visibilitySeconds: trigger.inputs.ackDeadlineSeconds as number,
        };
        const source = openTaskSource(trigger.id, { endpoint: pubSub.url });
        return new PushHost(deployed, source, () => startCloudRun(command, { ...environment, ...emulators }), tell);
      },
      async stop() {
        await storage.stop();
        await pubSub.stop();
      },
    };
  },
};
