import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "../entrypoints/function-hosts.ts";
import { WorkerProcess } from "../entrypoints/worker-process.ts";
import { startAzurite } from "../support/emulators.ts";
import { tools } from "../tools/tools.ts";
import { type EmulatedAccount, type FunctionHost, inputsOf, type RehearsedCloud, type Tell } from "./account.ts";
import { AzurePlaces } from "./azure-places.ts";
import { residentBytes } from "./memory.ts";

interface JobInputs {
  readonly configuration: {
    readonly replicaTimeout: number;
    readonly eventTriggerConfig: {
      readonly scale: {
        readonly maxExecutions: number;
        readonly rules: readonly { readonly metadata: { readonly queueName: string } }[];
      };
    };
  };
  readonly template: {
    readonly containers: readonly {
      readonly resources: { readonly memory: string };
      readonly env: readonly { readonly name: string; readonly value: string }[];
    }[];
  };
}

/** Blob and Queue Storage in Azurite; the host starts executions of the job as KEDA would. */
export const azure: RehearsedCloud = {
  title: "Azure",
  needs: [tools.azurite],
  async open(): Promise<EmulatedAccount> {
    const azurite = await startAzurite();
    const places = new AzurePlaces(azurite.url, azurite.queueUrl);
    return {
      provider: places,
      shell: {},
      settings: { "azure-native:location": "westus3" },
      existing: () => places.all(),
      host: (things, command, tell) =>
        new JobHost(inputsOf<JobInputs>(things, "azure-native:app:Job"), places, command, tell),
      stop: azurite.stop,
    };
  },
};

/** Container Apps looks every 30 s; nobody who watches wants to wait for that. */
const lookMs = 200;

/** Starts an execution for each message that waits, up to the cap. They take messages, and end, by themselves. */
class JobHost implements FunctionHost {
  started = 0;
  mostAtOnce = 0;
  readonly #inputs: JobInputs;
  readonly #places: AzurePlaces;
  readonly #command: Command;
  readonly #tell: Tell;
  readonly #running = new Map<number, { readonly process: WorkerProcess; readonly sinceMs: number }>();
  #stopped = false;

  constructor(inputs: JobInputs, places: AzurePlaces, command: Command, tell: Tell) {
    this.#inputs = inputs;
    this.#places = places;
    this.#command = command;
    this.#tell = tell;
  }

  async run(): Promise<void> {
    const { maxExecutions, rules } = this.#inputs.configuration.eventTriggerConfig.scale;
    while (!this.#stopped) {
      const waiting = await this.#places.visible(rules[0]!.metadata.queueName);
      const wanted = Math.min(waiting, maxExecutions - this.#running.size);
      for (let i = 0; i < wanted; i++) this.#start();
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#running.size);
      await this.#endWhatTakesTooMuch();
      await sleep(lookMs);
    }
    for (const { process } of this.#running.values()) await process.stop();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
  }

  #start(): void {
    const { worker, as = [] } = this.#command;
    const number = ++this.started;
    const [container] = this.#inputs.template.containers;
    const environment = Object.fromEntries(container!.env.map(({ name, value }) => [name, value]));
    const process = new WorkerProcess([...as, ...worker], environment);
    this.#running.set(number, { process, sinceMs: Date.now() });
    this.#tell(`execution ${number} starts`);
    void process.ended.then((how) => {
      this.#running.delete(number);
      this.#tell(`execution ${number} ends${how === 0 ? "" : ` with ${how}`}`);
    });
  }

  async #endWhatTakesTooMuch(): Promise<void> {
    const { replicaTimeout } = this.#inputs.configuration;
    const memoryGib = Number.parseFloat(this.#inputs.template.containers[0]!.resources.memory);
    for (const [number, { process, sinceMs }] of this.#running) {
      const late = Date.now() - sinceMs > replicaTimeout * 1000;
      const large = residentBytes(process.pid) > memoryGib * 2 ** 30;
      if (!late && !large) continue;
      this.#tell(`execution ${number} killed: ${late ? `${replicaTimeout} s` : `${memoryGib} GiB`} are over`);
      await process.stop();
    }
  }
}
