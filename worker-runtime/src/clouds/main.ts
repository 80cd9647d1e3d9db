// What the image starts: reads its environment, and becomes the worker of the platform that it names. Each platform's code
// and SDK are loaded only there; TensorFlow only for a task that needs it.
import type { CloudWorkerParts } from "./cloud-worker.ts";
import { type Configuration, type Platform, readConfiguration } from "./configuration.ts";
import { systemClock } from "./local/clock.ts";
import { logToOutput as log } from "./log.ts";

/** What is the same on every platform. */
export type CommonParts = Omit<CloudWorkerParts, "openCloud">;

const start: Record<Platform, (configuration: Configuration, parts: CommonParts) => Promise<void>> = {
  "aws-lambda": async (...given) => (await import("./aws/entrypoint.ts")).start(...given),
  "gcp-cloud-run": async (...given) => (await import("./gcp/entrypoint.ts")).start(...given),
  "azure-job": async (...given) => (await import("./azure/entrypoint.ts")).start(...given),
  "azure-functions": async (...given) => (await import("./azure/functions-entrypoint.ts")).start(...given),
};

const loadTensorFlow = async () => (await import("../training/backend.ts")).loadBackend();
const notices = new Set<string>();

try {
  const configuration = readConfiguration(process.env);
  const { platform } = configuration;
  await start[platform](configuration, {
    ...{ platform, log, clock: systemClock },
    async openLearner(store, document, plan) {
      const { openLearner } = await import("../training/learner.ts");
      return openLearner(store, document, plan, {
        nowMs: systemClock.nowMs,
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
