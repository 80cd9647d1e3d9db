export type * from "../pipeline.ts";
export { RemovalPolicy } from "../pipeline.ts";
export type { GcpNodes, GcpTransform } from "./children.ts";
export { GcpTrainingPipeline, type GcpTrainingPipelineArgs } from "./training-pipeline.ts";
