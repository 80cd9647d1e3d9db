// Training on AWS: Lambda, SQS and S3. What can be set: Pulumi.aws.example.yaml.
import { AwsTrainingPipeline } from "trivet/aws";
import { fromSettings } from "./settings.ts";

const pipeline = fromSettings("aws", (args) => new AwsTrainingPipeline("training", args));

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
