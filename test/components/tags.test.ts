import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { normaliseTags, pipelineTag, tagProblems } from "../../components/tags.ts";

function normalised(tags: Record<string, string>) {
  const warnings: string[] = [];
  return { labels: normaliseTags("gcp", tags, (message) => warnings.push(message)), warnings };
}

describe("Tags", () => {
  it("stay as they are on AWS and Azure, sorted by key", () => {
    for (const cloud of ["aws", "azure"] as const) {
      const tags = normaliseTags(cloud, { Team: "A b", "cost-centre": "É" }, () => expect.fail());
      expect(JSON.stringify(tags)).to.equal('{"Team":"A b","cost-centre":"É"}');
    }
  });

  it("become labels on Google Cloud, with a warning for each that lost something", () => {
    const { labels, warnings } = normalised({ Team: "Äpfel & Birnen", "cost-centre": "42", "9lives": "yes" });
    expect(labels).to.deep.equal({ "cost-centre": "42", l9lives: "yes", team: "apfel___birnen" });
    expect(warnings).to.deep.equal([
      'The tag "9lives": "yes" is the label l9lives: yes on Google Cloud.',
      'The tag "Team": "Äpfel & Birnen" is the label team: apfel___birnen on Google Cloud.',
    ]);
  });

  it("that become one label are told, and the first one stays", () => {
    const { labels, warnings } = normalised({ TEAM: "a", team: "b" });
    expect(labels).to.deep.equal({ team: "a" });
    expect(warnings.join("\n")).to.include('"team" is left out: as a label it is team, which another tag has already');
  });

  it("are valid labels, whatever they were", () => {
    const text = fc.string({ minLength: 1, maxLength: 130, unit: "grapheme" });
    fc.assert(
      fc.property(fc.dictionary(text, fc.string({ maxLength: 300, unit: "grapheme" })), (tags) => {
        for (const [key, value] of Object.entries(normalised(tags).labels)) {
          expect(key).to.match(/^[a-z][a-z0-9_-]{0,62}$/);
          expect(value).to.match(/^[a-z0-9_-]{0,63}$/);
        }
      }),
      { numRuns: 300, seed: 6 },
    );
  });

  it("are refused where a cloud would refuse them", () => {
    const paths = (cloud: "aws" | "gcp" | "azure", tags: Record<string, unknown>) =>
      tagProblems(cloud, tags).map(([path]) => path);
    expect(paths("aws", { "aws:mine": "x", ok: "x", "a?": "x", long: "x".repeat(257) })).to.deep.equal([
      ...['tags["aws:mine"]', 'tags["a?"]', 'tags["long"]'],
    ]);
    expect(paths("azure", { "a?": "x", "b/c": "x", ok: "é?" })).to.deep.equal(['tags["a?"]', 'tags["b/c"]']);
    for (const cloud of ["aws", "gcp", "azure"] as const) {
      expect(paths(cloud, { a: 1, [pipelineTag]: "x", "": "x" })).to.have.length(3);
      expect(paths(cloud, Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`k${i}`, "v"])))).to.deep.equal([
        "tags",
      ]);
    }
  });
});
