// Training on Azure: Container Apps, Queue Storage and Blob Storage. What can be set: Pulumi.azure.example.yaml.
import { AzureTrainingPipeline } from "trivet/azure";
import { fromSettings } from "./settings.ts";

const pipeline = fromSettings("azure", (args) => new AzureTrainingPipeline("training", args));

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
