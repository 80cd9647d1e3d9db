import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { requirePart } from "../support/require.ts";
import { renderRounds, roundsMeasured } from "./rounds-table.ts";
import { backendsOf, renderTable } from "./table.ts";

const page = path.join(import.meta.dirname, "../../docs/contract.md");

/** The page, from what has just run. */
function render(): string {
  return `# The contract of object stores and task queues

Trivet keeps all its state in an object store that creates objects once, and is driven by a queue that delivers at least
once. Every store and queue it runs on is held to the same cases, in [test/contract](../test/contract). Where a cloud is
named, its own SDK talks to the emulator that stands beside it. None of the emulators is ours; their versions are pinned in
[test/tools](../test/tools) (\`npm run tools\`). To run the same cases against an account of your own, see
[real-account.test.ts](../test/contract/real-account.test.ts).

The tests write this page (\`npm run contract\`), and \`npm test\` fails where it is not what they have found.

## Object stores

${renderTable("Object stores")}

## Object stores behind a bad network

A server between the SDK and the emulator loses, refuses, cuts and damages what passes.

${renderTable("Object stores behind a bad network")}

## Task queues

${renderTable("Task queues")}

## One round, at the store

${renderRounds()}
`;
}

describe("docs/contract.md", () => {
  it("is what the contract's run has found", function () {
    const complete = backendsOf("Object stores").length >= 5 && roundsMeasured();
    requirePart(this, "the whole contract in the same run", complete, "Run `npm run contract` or `npm test`.");
    const found = render();
    if (process.env.TRIVET_WRITE_DOCS === "1") {
      mkdirSync(path.dirname(page), { recursive: true });
      writeFileSync(page, found);
    }
    expect(existsSync(page) && readFileSync(page, "utf8"), "run `npm run contract`").to.equal(found);
  });
});
