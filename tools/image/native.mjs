import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { installedBackend } from "../setup/native-backend.mjs";
import { tfjsNode } from "../setup/places.mjs";
import { libraryFolder } from "../setup/tensorflow-library.mjs";
import { bindSymbols } from "./bind-symbols.mjs";
import { ImageError } from "./errors.mjs";

/** The newest symbols of the C and C++ libraries in the Dockerfile's base, Debian 13. */
const baseSymbols = { GLIBC: "2.41", GLIBCXX: "3.4.33" };

/**
 * Copies Node, TensorFlow's library, and tfjs-node's binding, the latter two where tfjs-node looks for them; without their
 * tables of local symbols (a quarter of the library's size), and bound among themselves.
 *
 * @param {string} folder
 * @param {import("./node.mjs").NodePackage} node
 */
export async function copyNative(folder, node) {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new ImageError(
      `It holds programs for Linux on x86-64, and this is ${process.platform} on ${process.arch}: run \`npm run image\` on such a machine, or in CI.`,
    );
  }
  if (installedBackend() !== "wheel") {
    throw new ImageError(
      "TensorFlow's library is not installed here: `npm run setup` installs it, or says what is missing.",
    );
  }
  const inPackage = path.join(folder, "node_modules", "@tensorflow", "tfjs-node");
  const libraries = path.join(inPackage, "deps", "lib");
  const names = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];
  for (const name of names) strip(path.join(libraryFolder, name), path.join(libraries, name));
  const bindingName = path.join("lib", "napi-v8", "tfjs_binding.node");
  const binding = path.join(inPackage, bindingName);
  strip(path.join(tfjsNode, bindingName), binding);
  requireSymbolsOfBase(binding);
  copyFileSync(path.join(tfjsNode, "package.json"), path.join(inPackage, "package.json"));
  const program = path.join(folder, "bin", "node");
  strip(node.program, program);
  const places = names.map((name) => path.join(libraries, name));
  await bindSymbols(program, binding, places, path.join(folder, "loader-output"));
}

/** @param {string} from @param {string} to */
function strip(from, to) {
  mkdirSync(path.dirname(to), { recursive: true });
  run("strip", ["--strip-unneeded", "-o", to, from]);
}

/**
 * The binding was compiled on this machine. One whose libraries are newer than the base's gives a binding that does not
 * load there.
 *
 * @param {string} binding
 */
function requireSymbolsOfBase(binding) {
  const versions = run("readelf", ["--version-info", "--wide", binding]).matchAll(/\b(GLIBC|GLIBCXX)_([\d.]+)/g);
  for (const [symbol, library, version] of versions) {
    const most = baseSymbols[/** @type {keyof typeof baseSymbols} */ (library)];
    if (version.localeCompare(most, undefined, { numeric: true }) <= 0) continue;
    throw new ImageError(
      `The binding to TensorFlow that was compiled here needs ${symbol}, which the image's base, Debian 13, is too old for: make the image on an older system, such as Debian 13 itself.`,
    );
  }
}

/** @param {string} program @param {string[]} programArguments */
function run(program, programArguments) {
  try {
    return execFileSync(program, programArguments, { encoding: "utf8", maxBuffer: 1e8 });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOENT") throw error;
    throw new ImageError(
      `There is no program \`${program}\`. Install your system's binutils (\`apt-get install binutils\`).`,
    );
  }
}
