import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { deployerDocuments, rights, typesOf } from "./deployer/documents.ts";
import { root } from "./languages.ts";
import { cloudsUnderTest } from "./support.ts";

const folder = path.join(root, "docs/deployer");

describe("What whoever deploys must be allowed to do", () => {
  for (const under of cloudsUnderTest)
    it(`is known for every type of resource on ${under.title}, and for no other`, async () => {
      const { withEverySetting } = await typesOf(under);
      expect(Object.keys(rights[under.cloud]).sort()).to.deep.equal(withEverySetting);
    });

  it("is in docs/deployer as `npm run components` writes it", async () => {
    const documents = await deployerDocuments();
    expect(readdirSync(folder).sort()).to.deep.equal(Object.keys(documents).sort());
    for (const [name, text] of Object.entries(documents))
      expect(JSON.parse(readFileSync(path.join(folder, name), "utf8")), name).to.deep.equal(JSON.parse(text));
  });

  it("fits into a managed policy on AWS, without a wildcard among its actions", async () => {
    for (const [name, text] of Object.entries(await deployerDocuments())) {
      if (!name.startsWith("aws")) continue;
      // docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas: characters, white space not counted
      expect(text.replace(/\s/g, "").length, name).to.be.below(6144);
      expect(
        JSON.stringify(JSON.parse(text).Statement.map(({ Action }: { Action: string[] }) => Action)),
      ).not.to.include("*");
    }
  });
});
