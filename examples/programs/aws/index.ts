import { AwsTrainingPipeline } from "trivet/aws";

const pipeline = new AwsTrainingPipeline("training", {
  build: { context: "../../../.trivet/image", dockerfile: "../../../worker-runtime/image/Dockerfile" },
  alertEmail: "you@example.org",
  maxConcurrency: 20,
});

export const { cloud, region, storeUrl, queueUrl, deadLetterQueueUrl, workerName, dashboardUrl } = pipeline;
