export type * from "../pipeline.ts";
export { RemovalPolicy } from "../pipeline.ts";
export type { AwsNodes, AwsTransform } from "./children.ts";
export { AwsTrainingPipeline, type AwsTrainingPipelineArgs } from "./training-pipeline.ts";
