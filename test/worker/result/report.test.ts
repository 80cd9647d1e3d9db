import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { html } from "../../../worker-runtime/src/result/report/html.ts";
import { renderReport } from "../../../worker-runtime/src/result/report.ts";
import type { RunRecord } from "../../../worker-runtime/src/result/run-record.ts";
import { requirePython, runPython } from "../../support/python.ts";
import { exampleRun } from "../../support/run-record.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const hostile = `</code></style><script>alert("1")</script><img src=x onerror='alert(2)'>&amp;\u0000\ud800`;

/** A run whose every text that a person or a machine chooses is an attack. */
function hostileRun(): RunRecord {
  const run = exampleRun({ rounds: 3 });
  const metrics = { [hostile]: 0.5 };
  return {
    ...run,
    job: hostile,
    document: { ...run.document, name: hostile, data: { ...run.document.data, train: hostile } },
    outcome: { state: "cancelled", reason: hostile },
    primaryMetric: hostile,
    metrics,
    divergences: [{ key: hostile, storedHash: hostile, otherHash: hostile, place: hostile }],
    rounds: run.rounds.map((round) => ({
      ...round,
      metrics,
      traces: round.traces.map((trace) => ({
        ...trace,
        place: hostile,
        mode: "eager" as const,
        eagerReason: hostile,
        stamp: { ...trace.stamp!, cpu: hostile, tensorflow: hostile },
      })),
    })),
  };
}

/** The words of a page, as a reader sees them: no-break spaces as spaces. */
function wordsOf(page: string): string {
  return page
    .replace(/<style>.*?<\/style>/s, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/[\s\u00a0]+/g, " ");
}

describe("the report", () => {
  const run = exampleRun();
  const page = renderReport(run);
  const words = wordsOf(page);

  it("tells the result, its hash, and what ran", () => {
    expect(words).to.include("98.6 % held-out accuracy");
    expect(words).to.include("Finished after 20 rounds.");
    expect(words).to.include(run.weightsHash).and.to.include(run.dataset.hash);
    expect(words).to.include(run.rounds.at(-1)!.manifestHash);
    expect(words).to.include("54,000").and.to.include("6,000").and.to.include("3, which could not be used");
    expect(words).to.include("TensorFlow 2.21.0").and.to.include("recorded").and.to.include("avx512f");
    expect(words).to.include("kind: image-classification");
    expect(words).to.include("No task that ran twice came to other bits.");
    expect(words).to.include("in 2 cold starts");
  });

  it("tells the dollars on each cloud, beside the forecast and the budget", () => {
    const { clouds } = run.cost!;
    expect(words).to.match(/AWS Google Cloud Azure cores 0 \S+ \S+ memory/);
    for (const { dollars } of clouds) expect(words).to.include(` ${Number(dollars.toPrecision(2))} `);
    expect(words).to.include("Budget 2.00").and.to.include("Cold starts 0, 0.0 % of the tasks");
    expect(words).to.match(/gap -?\d+\.\d % -?\d+\.\d % -?\d+\.\d %/);
    const { cost: _, ...without } = run;
    expect(renderReport(without)).to.match(/<section id="cost" hidden="hidden">/);
  });

  it("adds up the tasks' times", () => {
    const traces = run.rounds.flatMap((round) => round.traces);
    const computeMs = traces.reduce((sum, trace) => sum + trace.computeMs, 0);
    expect(words).to.include(`compute ${(computeMs / 1000).toFixed(1)} s`);
    expect(words).to.include(`${traces.length} put`);
  });

  it("has a row for every round, and a curve through every measurement", () => {
    expect(page.match(/<tr><th scope="row">\d+<\/th>/g)).to.have.length(21);
    const curves = [...page.matchAll(/<polyline class="curve" points="([^"]*)"/g)].map(([, points]) =>
      points!.split(" "),
    );
    expect(curves.map((points) => points.length)).to.deep.equal([20, 20, 20]);
  });

  it("draws every task in the lane of its place", () => {
    expect([...page.matchAll(/<li title="([^"]*)">/g)].map(([, place]) => place)).to.deep.equal([
      "process-1",
      "process-2",
    ]);
    expect(page.match(/<rect class="step"/g)!.length - 1).to.equal(21 * 4);
    expect(page).to.include("round 7, step of worker 3:");
  });

  it("says plainly how a run ended otherwise, and where results differed", () => {
    const divergence = {
      key: "rounds/a/000001/updates/0003",
      storedHash: "ab".repeat(32),
      otherHash: "cd".repeat(32),
    };
    const words = wordsOf(
      renderReport({
        ...run,
        outcome: { state: "stopped-early", reason: "No better for 5 measurements." },
        resultRound: 12,
        divergences: [{ ...divergence, place: "process-9" }],
      }),
    );
    expect(words).to.include(
      "Stopped early: No better for 5 measurements. The result is the model that round 12 of 20",
    );
    expect(words).to.include("Not reproducible: 1 task that ran again came to other bits");
    expect(words).to.include("rounds/a/000001/updates/0003").and.to.include("process-9");
  });

  it("marks tasks that were delivered again, and says why a step ran eagerly", () => {
    const rounds = run.rounds.map((round) => ({
      ...round,
      traces: round.traces.map((trace) => ({
        ...trace,
        attempt: trace.rank === 1 ? 2 : 1,
        mode: "eager" as const,
        eagerReason: "it branches on a value",
      })),
    }));
    const words = wordsOf(renderReport({ ...run, rounds }));
    expect(words).to.include("delivery 2");
    expect(words).to.include("Tasks delivered again 21 of 104");
    expect(words).to.include("eager: op by op, since it branches on a value");
  });

  it("can do without traces, measurements and finite losses", () => {
    const rounds = run.rounds.map((round) => ({ ...round, traces: [], metrics: undefined, trainLoss: Number.NaN }));
    const words = wordsOf(renderReport({ ...run, rounds, metrics: {} }));
    expect(words).to.include("The result was not measured.");
    expect(words).to.include("No traces were kept");
    expect(words).to.not.match(/NaN %|Infinity|undefined/);
  });

  it("holds no script, asks for nothing, and forbids both", () => {
    for (const text of [page, renderReport(hostileRun())]) {
      expect(text).to.not.match(/<(script|img|iframe|object|embed|form|base|audio|video|use|image|foreignObject)\b/i);
      expect(text.replace(/"[^"]*"/g, "")).to.not.match(/<[^>]*\son\w+=/i);
      const links = [...text.matchAll(/\s(?:href|src|action|data|xlink:href)="([^"]*)"/gi)].map(([, url]) => url);
      expect(links.filter((url) => url !== "data:," && url !== "#integrity")).to.deep.equal([]);
      expect(text).to.not.match(/url\(|@import|http-equiv="refresh"/i);
      expect(text).to.include(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
    }
  });

  it("escapes any text, within tags and within quotes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { text: markup } = html`<p title="${text}">${[text]}</p>`;
        const [, title, content] = /^<p title="([^"<>]*)">([^"<>]*)<\/p>$/.exec(markup)!;
        expect(title).to.equal(content);
        const back = content!.replace(
          /&(lt|gt|quot|#39|amp);/g,
          (_, name: string) => ({ lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" })[name]!,
        );
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced.
        expect(back).to.equal(text.replace(/[\0-\x08\v\f\x0e-\x1f\x7f-\x9f\ufffe\uffff]/g, "\ufffd"));
      }),
    );
  });

  it("stays small, and says what it leaves out: 300 rounds of 32 workers on 40 places", () => {
    const large = renderReport(exampleRun({ rounds: 300, workers: 32, places: 40 }));
    expect(Buffer.byteLength(large)).to.be.below(500_000);
    expect(wordsOf(large)).to.include("32 of 40 places are shown");
    expect(wordsOf(large)).to.include("nearer than a thousandth of the run are drawn as one");
    const long = renderReport(exampleRun({ rounds: 3000, workers: 2 }));
    expect(Buffer.byteLength(long)).to.be.below(500_000);
    expect(wordsOf(long)).to.include("500 rounds of 3,001, evenly spread");
    expect(wordsOf(long)).to.include("Drawn through 400 of 3000 points");
  });

  describe("read by a strict parser", () => {
    const folder = temporaryFolder();

    before(async function () {
      await requirePython(this);
    });

    it("is well-formed, names its drawings, gives tables scopes, and keeps the order of headings", async () => {
      const pages = [
        page,
        renderReport(hostileRun()),
        renderReport(exampleRun({ rounds: 300, workers: 32, places: 4 })),
      ];
      for (const [i, text] of pages.entries()) {
        const file = path.join(folder(), `${i}.html`);
        writeFileSync(file, text);
        const found = await runPython(
          `
import json, sys
import xml.etree.ElementTree as tree
root = tree.parse(json.load(sys.stdin)).getroot()
ids = [e.get("id") for e in root.iter() if e.get("id")]
named = lambda e: all(name in ids for name in e.get("aria-labelledby", "missing").split())
print(json.dumps({
    "repeated ids": len(ids) - len(set(ids)),
    "nameless drawings": [e.get("class") for e in root.iter("svg") if not (e.get("aria-hidden") == "true" or e.get("role") == "img" and named(e) and e.find("title") is not None and e.find("desc") is not None)],
    "heads without scope": [e.text for e in root.iter("th") if e.get("scope") not in ("row", "col")],
    "headings": "".join(e.tag[1] for e in root.iter() if e.tag in ("h1", "h2", "h3", "h4")),
}))
`,
          file,
        );
        const { headings, ...faults } = found as { headings: string };
        expect(faults).to.deep.equal({ "repeated ids": 0, "nameless drawings": [], "heads without scope": [] });
        expect(headings)
          .to.match(/^12(?!.*1)/)
          .and.not.match(/13/);
      }
    });
  });
});
