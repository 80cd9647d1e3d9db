// `npm run numerics`: trains the case studies under every emulated CPU, cap of oneDNN, number of threads, and with oneDNN on
// and off, and writes the table into docs/numerics.md. Takes about ten minutes on two cores. Exits with 1 unless every
// portable run of a case study has the same hash.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { markdownTable } from "../support/markdown.ts";
import { caseStudies, writeData } from "./case-studies.ts";
import { caps, emulatedCpus, type Hashes, type Machine, thisCpu, trainOn } from "./machines.ts";

const page = path.join(import.meta.dirname, "../../docs/numerics.md");

const settings = [1, 2].flatMap((threads) => [false, true].map((oneDnn) => ({ threads: threads as 1 | 2, oneDnn })));
const machines: Machine[] = [
  ...settings,
  ...caps.map((cap) => ({ cap, threads: 1 as const, oneDnn: true })),
  ...caps.map((cap) => ({ cap, threads: 2 as const, oneDnn: true })),
  ...emulatedCpus.flatMap((cpu) => settings.map((setting) => ({ cpu, ...setting }))),
];

const folder = mkdtempSync(path.join(tmpdir(), "trivet-numerics-"));
const rows: { machine: Machine; portable: Hashes; native: Hashes }[] = [];
try {
  writeData(folder);
  const rest = [...machines];
  const next = async (): Promise<void> => {
    for (let machine = rest.shift(); machine; machine = rest.shift()) {
      const [portable, native] = [await trainOn(machine, folder, "portable"), await trainOn(machine, folder, "native")];
      rows.push({ machine, portable, native });
      console.log(JSON.stringify(machine), short(portable), "native", short(native));
    }
  };
  await Promise.all([next(), next()]);
} finally {
  rmSync(folder, { recursive: true });
}
rows.sort((a, b) => machines.indexOf(a.machine) - machines.indexOf(b.machine));

const table = markdownTable(
  ["CPU", "oneDNN", "threads", ...caseStudies, ...caseStudies.map((study) => `${study}, native`)],
  rows.map(({ machine, portable, native }) => [
    machine.cpu ? `${machine.cpu}, emulated` : thisCpu(),
    machine.oneDnn ? (machine.cap ? `to ${machine.cap}` : "on") : "off",
    String(machine.threads),
    ...caseStudies.map((study) => portable[study].weights.slice(0, 8)),
    ...caseStudies.map((study) => native[study].weights.slice(0, 8)),
  ]),
);
const distinct = (which: "portable" | "native") =>
  caseStudies.map((study) => new Set(rows.map((row) => row[which][study].chain)).size);
const counts = `Different results over the ${rows.length} rows, of ${caseStudies.join(", ")}: portable ${distinct("portable").join(", ")}; native ${distinct("native").join(", ")}.`;
const [start, end] = ["<!-- matrix -->", "<!-- end of matrix -->"];
const text = readFileSync(page, "utf8");
const [before, after] = [text.slice(0, text.indexOf(start) + start.length), text.slice(text.indexOf(end))];
writeFileSync(page, `${before}\n\n${table}\n\n${counts}\n\n${after}`);
console.log(counts);
process.exitCode = distinct("portable").every((count) => count === 1) ? 0 : 1;

function short(hashes: Hashes): string {
  return caseStudies.map((study) => hashes[study].weights.slice(0, 8)).join(" ");
}
