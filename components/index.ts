export * from "./aws/index.ts";
