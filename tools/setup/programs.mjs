import { run } from "./command.mjs";
import { Unavailable } from "./errors.mjs";
import { tensorflow } from "./pins.mjs";

/** @typedef {import("./command.mjs").Journal} Journal */

/** @param {Journal} journal @returns {Promise<string>} a Python that has pip */
export async function findPython(journal) {
  for (const program of ["python3", "python"]) {
    if ((await run(program, ["-m", "pip", "--version"], journal)).ok) return program;
  }
  throw new Unavailable(
    "This machine has no Python with pip, which would download TensorFlow. To get it: `apt-get install python3-pip`, or the like.",
  );
}

/** @param {Journal} journal @returns {Promise<{ program: string, version: string }>} */
export async function findCompiler(journal) {
  for (const program of ["g++", "clang++"]) {
    const { ok, output } = await run(program, ["--version"], journal);
    if (ok) return { program, version: output };
  }
  throw new Unavailable(
    "This machine has no C++ compiler, which joins TensorFlow to Node. To get one: `apt-get install g++`, or the like.",
  );
}

/** The library is made for Linux on x64 with the GNU C library. */
export function requireSupportedSystem() {
  const system = `${process.platform} ${process.arch}`;
  if (system !== "linux x64")
    throw new Unavailable(`TensorFlow ${tensorflow.version} comes for Linux x64, and this is ${system}.`);
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  const [major = 0, minor = 0] = (header.glibcVersionRuntime ?? "0.0").split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = tensorflow.minimumGlibc.split(".").map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new Unavailable(
    `TensorFlow ${tensorflow.version} needs the GNU C library ${tensorflow.minimumGlibc} or newer, ` +
      `and this system has ${header.glibcVersionRuntime ?? "another C library"}.`,
  );
}
