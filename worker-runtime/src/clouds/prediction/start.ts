import type { AddressInfo } from "node:net";
import type { Clock } from "../../ports/clock.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { type Configuration, otherVariables, type Platform } from "../configuration.ts";
import type { Log } from "../log.ts";
import { PredictionEndpoint } from "./endpoint.ts";

interface Cloud {
  openCloud(places: Pick<Configuration, "store" | "queue">): Promise<{ readonly store: ObjectStore }>;
}

const load: Record<Exclude<Platform, "azure-functions">, () => Promise<Cloud>> = {
  "aws-lambda": () => import("../aws/open-cloud.ts"),
  "gcp-cloud-run": () => import("../gcp/open-cloud.ts"),
  "azure-job": () => import("../azure/open-cloud.ts"),
};

/** Starts the image as a prediction endpoint: a Lambda function with a URL, a Cloud Run service, or a container app. */
export async function startPredictions(
  configuration: Configuration,
  parts: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  const platform = configuration.platform as keyof typeof load;
  const openStore = async () => (await (await load[platform]()).openCloud(configuration)).store;
  const endpoint = new PredictionEndpoint({ ...parts, openStore });
  const { env } = process;
  if (platform === "aws-lambda") {
    const { answerFunctionUrl } = await import("../aws/function-url.ts");
    const { serveInvocations } = await import("../aws/runtime-api.ts");
    await serveInvocations(env[otherVariables.lambdaRuntimeApi]!, ({ payload }) =>
      answerFunctionUrl(payload, endpoint),
    );
  }
  const { servePredictions } = await import("./http-server.ts");
  const server = await servePredictions(endpoint, Number(env[otherVariables.httpPort] ?? 8080));
  process.once("SIGTERM", () => server.close(() => process.exit(0)));
  const { port } = server.address() as AddressInfo;
  parts.log("INFO", `The prediction endpoint listens on port ${port}.`, { event: "start", port });
}
