import { expect } from "chai";
import { loadBackend } from "../../worker-runtime/src/training/backend.ts";
import { requirePart } from "../support/require.ts";
import { requireTool } from "../support/require-tool.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { tools } from "../tools/tools.ts";
import { writeData } from "./case-studies.ts";
import { type Hashes, type Machine, runOn, trainOn } from "./machines.ts";
import { trainTogether } from "./mixed-job.ts";

/** Every CPU model, cap, number of threads and setting of oneDNN at least once; `npm run numerics` runs all of them. */
const emulated: readonly Machine[] = [
  { cpu: "SandyBridge", threads: 1, oneDnn: false },
  { cpu: "Haswell", threads: 2, oneDnn: true },
  { cpu: "EPYC", threads: 1, oneDnn: true },
  { cpu: "max", threads: 2, oneDnn: false },
];
const here: readonly Machine[] = [
  { threads: 1, oneDnn: false },
  { threads: 1, oneDnn: true, cap: "SSE41" },
  { threads: 2, oneDnn: true, cap: "AVX" },
  { threads: 2, oneDnn: true, cap: "AVX2" },
  { threads: 1, oneDnn: true, cap: "AVX512_CORE" },
];

describe("portable numerics on other CPUs", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  let reference: Hashes;

  before(async function () {
    const { native } = await loadBackend();
    requirePart(this, "TensorFlow's library", native !== undefined, "Install it with `npm run setup`.");
    await requireTool(this, tools.qemu);
  });

  beforeEach(async () => {
    writeData(folder());
    reference ??= await trainOn({ threads: 1, oneDnn: true }, folder(), "portable");
  });

  it("come to the same weights and the same chain of rounds in all three case studies", async () => {
    // Two at a time: a machine of two cores.
    const rest = [...emulated, ...here];
    const trainNext = async (): Promise<void> => {
      for (let machine = rest.shift(); machine; machine = rest.shift()) {
        expect(await trainOn(machine, folder(), "portable"), JSON.stringify(machine)).to.deep.equal(reference);
      }
    };
    await Promise.all([trainNext(), trainNext()]);
  });

  it("come to the same bits in what usual networks are made of", async () => {
    const expected = await runOn({ threads: 1, oneDnn: true }, "layers-here.ts");
    const machines: Machine[] = [
      { cpu: "SandyBridge", threads: 1, oneDnn: true },
      { cpu: "EPYC", threads: 2, oneDnn: false },
    ];
    const found = await Promise.all(machines.map((machine) => runOn(machine, "layers-here.ts")));
    for (const hashes of found) expect(hashes).to.deep.equal(expected);
  });

  it("come to the same in one job that runs on this CPU, a Haswell and an EPYC at once", async () => {
    const machines: Machine[] = [
      { threads: 1, oneDnn: true },
      { cpu: "Haswell", threads: 1, oneDnn: false },
      { cpu: "EPYC", threads: 2, oneDnn: true },
    ];
    const { weights, chain, divergences, problems, places } = await trainTogether(machines, "vision", folder());
    expect({ weights, chain }).to.deep.equal(reference.vision);
    expect([divergences, problems]).to.deep.equal([[], []]);
    expect([...places].sort()).to.deep.equal(["machine-0", "machine-1", "machine-2"]);
  });

  it("agree where each step runs on two CPUs, which native ones do not, as the audit finds and explains", async () => {
    const machines: Machine[] = [
      { threads: 1, oneDnn: true },
      { cpu: "SandyBridge", threads: 1, oneDnn: false },
    ];
    const portable = await trainTogether(machines, "vision", folder(), { audit: true });
    expect(portable.divergences).to.deep.equal([]);
    expect(portable.weights).to.equal(reference.vision.weights);
    const native = await trainTogether(machines, "vision", folder(), { numerics: "native", audit: true });
    // Of three workers, two rounds of training and one that only measures.
    expect(native.divergences).to.have.length(9);
    for (const { explanation } of native.divergences) {
      expect(explanation).to.include("Native numerics has other bits on another kind of machine");
    }
  });
});
