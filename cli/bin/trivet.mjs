#!/usr/bin/env node
import module from "node:module";

// Trivet is TypeScript that Node runs as it is, which it does from 22.18 on.
if (process.features.typescript) {
  module.enableCompileCache();
  const { main } = await import("../src/main.ts");
  await main(process.argv.slice(2));
} else {
  await import("./newer-node.mjs");
}
