import { GcpTrainingPipeline } from "trivet/gcp";

const pipeline = new GcpTrainingPipeline("training", {
  location: "us-central1",
  build: { context: "../../../.trivet/image", dockerfile: "../../../worker-runtime/image/Dockerfile" },
  alertEmail: "you@example.org",
  maxConcurrency: 20,
});

export const { cloud, region, storeUrl, queueUrl, deadLetterQueueUrl, workerName, dashboardUrl } = pipeline;
