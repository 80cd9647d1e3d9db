import { AzureTrainingPipeline } from "trivet/azure";

const pipeline = new AzureTrainingPipeline("training", {
  location: "westus3",
  build: { context: "../../../.trivet/image", dockerfile: "../../../worker-runtime/image/Dockerfile" },
  alertEmail: "you@example.org",
  maxConcurrency: 20,
});

export const { cloud, region, storeUrl, queueUrl, deadLetterQueueUrl, workerName, dashboardUrl } = pipeline;
