export * from "./aws/index.ts";
export * from "./azure/index.ts";
export * from "./gcp/index.ts";
