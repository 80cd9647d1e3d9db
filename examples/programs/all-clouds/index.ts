import { AwsTrainingPipeline, AzureTrainingPipeline, GcpTrainingPipeline, type TrainingPipelineArgs } from "trivet";

// One set of arguments for three clouds; the image is built once per registry, from the same files.
const shared: TrainingPipelineArgs = {
  build: { context: "../../../.trivet/image", dockerfile: "../../../worker-runtime/image/Dockerfile" },
  alertEmail: "you@example.org",
  schedules: [{ name: "nightly", cron: "0 3 * * *", job: "sentiment" }],
};

const aws = new AwsTrainingPipeline("training-aws", shared);
const gcp = new GcpTrainingPipeline("training-gcp", { ...shared, location: "us-central1" });
const azure = new AzureTrainingPipeline("training-azure", { ...shared, location: "westus3" });

export const queues = [aws, gcp, azure].map(({ queueUrl }) => queueUrl);
