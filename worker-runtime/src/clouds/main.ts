// What the image starts: reads its environment, and becomes what that names: the worker of a platform, its prediction
// endpoint, or what sends a schedule's message. Each platform's code and SDK are loaded only there; TensorFlow only for a
// task that needs it.
import type { CloudWorkerParts } from "./cloud-worker.ts";
import { type Configuration, type Platform, type Role, readConfiguration } from "./configuration.ts";
import { systemClock } from "./local/clock.ts";
import { logToOutput as log } from "./log.ts";
import { StartUp } from "./start-up.ts";

/** What is the same on every platform. */
export type CommonParts = Omit<CloudWorkerParts, "openCloud">;

type Start = (configuration: Configuration, parts: CommonParts) => Promise<void>;

const startWorker: Record<Platform, Start> = {
  "aws-lambda": async (...given) => (await import("./aws/entrypoint.ts")).start(...given),
  "gcp-cloud-run": async (...given) => (await import("./gcp/entrypoint.ts")).start(...given),
  "azure-job": async (...given) => (await import("./azure/entrypoint.ts")).start(...given),
  "azure-functions": async (...given) => (await import("./azure/functions-entrypoint.ts")).start(...given),
};

const start: Record<Role, Start> = {
  worker: (...given) => startWorker[given[0].platform](...given),
  predict: async (...given) => (await import("./prediction/start.ts")).startPredictions(...given),
  schedule: async (given) => (await import("./azure/send-scheduled.ts")).sendScheduled(given, log),
};

async function loadTensorFlow(): Promise<void> {
  await (await import("./load-tensorflow.ts")).loadTensorFlow();
  startUp.reached("tensorFlow");
}

const startUp = new StartUp();
startUp.reached("code");
const notices = new Set<string>();

try {
  const configuration = readConfiguration(process.env);
  const { platform, role } = configuration;
  await start[role](configuration, {
    ...{ platform, log, startUp, clock: systemClock },
    async openLearner(store, document, plan) {
      const { openLearner } = await import("../training/learner.ts");
      return openLearner(store, document, plan, {
        nowMs: systemClock.nowMs,
        onFirstStep: () => startUp.reached("firstStep"),
        onNotice(text) {
          if (!notices.has(text)) log("WARNING", text, { event: "notice", platform });
          notices.add(text);
        },
      });
    },
    // The task itself meets the same error, and reports it.
    loadTensorFlow: () => void loadTensorFlow().catch(() => {}),
  });
} catch (error) {
  const { name, message, stack } = error as Error;
  log("ERROR", message, { event: "start", ...(name !== "UserError" && { stack }) });
  process.exitCode = 1;
}
