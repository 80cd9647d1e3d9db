export * from "./aws/index.ts";
export * from "./gcp/index.ts";
