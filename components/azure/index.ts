export type * from "../pipeline.ts";
export { RemovalPolicy } from "../pipeline.ts";
export type { AzureNodes, AzureTransform } from "./children.ts";
export { AzureHost, AzureTrainingPipeline, type AzureTrainingPipelineArgs } from "./training-pipeline.ts";
