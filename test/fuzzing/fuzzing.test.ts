import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { corpusOf, problemOf, readCase } from "./fuzz.ts";
import { readers } from "./readers.ts";

/** `npm run fuzz` goes on from there, for as long as it is given. */
const cases = 400;
const seed = 1;

const crashes = new URL("crashes/", import.meta.url);

describe("whatever reads bytes from outside reads them, or says what is wrong", function () {
  this.timeout(120_000);
  const folder = temporaryFolder();

  for (const reader of readers) {
    it(`${reader.name}: its corpus, and ${cases} changes of it from seed ${seed}`, async () => {
      const corpus = corpusOf(reader);
      for (const bytes of corpus) await reader.read(bytes, folder());
      for (let number = 0; number < cases; number++) {
        const found = await readCase(reader, corpus, seed, number, folder());
        if (found) expect.fail(`--reader ${reader.name} --seed ${seed} --case ${number}: ${found.what}`);
      }
    });

    const found = new URL(`${reader.name}/`, crashes);
    if (existsSync(found))
      it(`${reader.name}: what the fuzzer once found`, async () => {
        for (const name of readdirSync(found))
          expect(await problemOf(reader, readFileSync(new URL(name, found)), folder()), name).to.equal(undefined);
      });
  }
});
