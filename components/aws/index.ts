export type {
  BucketArgs,
  ImageBuildArgs,
  LogArgs,
  NetworkArgs,
  RegistryArgs,
  ScheduleArgs,
  TrainingPipelineArgs,
  TrainingPipelineOutputs,
} from "../pipeline.ts";
export { RemovalPolicy } from "../pipeline.ts";
export type { AwsNodes, AwsTransform } from "./children.ts";
export { AwsTrainingPipeline, type AwsTrainingPipelineArgs } from "./training-pipeline.ts";
