// Training on Google Cloud: Cloud Run, Pub/Sub and Cloud Storage. What can be set: Pulumi.gcp.example.yaml.
import { GcpTrainingPipeline } from "trivet/gcp";
import { fromSettings } from "./settings.ts";

const pipeline = fromSettings("gcp", (args) => new GcpTrainingPipeline("training", args));

/** What `trivet submit --stack` reads, and what people want to know. */
export const {
  cloud,
  region,
  storeUrl,
  queueUrl,
  deadLetterQueueUrl,
  registryUrl,
  imageUri,
  workerName,
  workerIdentity,
  submitterGrant,
  logLocation,
  dashboardUrl,
  predictionUrl,
} = pipeline;
