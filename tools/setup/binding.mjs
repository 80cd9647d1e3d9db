import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./command.mjs";
import { diskFull, meansDiskFull, Unavailable } from "./errors.mjs";
import { cache, root, tfjsNode } from "./places.mjs";
import { step } from "./progress.mjs";
import { libraryFolder } from "./tensorflow-library.mjs";

const sources = path.join(tfjsNode, "binding");
const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const ownSources = ["session.cc", "exact-product.cc", "table-rows.cc"].map(here);

/** Another one means that a binding which was compiled earlier is out of date. */
export const bindingVersion = createHash("sha256")
  .update([...ownSources, here("kernel.h")].map((file) => readFileSync(file, "utf8")).join())
  .digest("hex")
  .slice(0, 8);

// What tfjs-node's binding.gyp asks for, without node-gyp: the headers of Node's C interface come from a package.
const compileArguments = [
  ...["-O2", "-std=c++17", "-shared", "-fPIC", "-DNAPI_VERSION=8", "-DBUILDING_NODE_EXTENSION"],
  ...["-DTF_NewSessionOptions=TrivetNewSessionOptions", "-DTF_SessionRun=TrivetSessionRun"],
  ...["-I", path.join(root, "node_modules", "node-api-headers", "include")],
  ...["-I", sources, "-I", path.join(libraryFolder, "include"), "-I", here("include")],
  ...[path.join(sources, "tfjs_backend.cc"), path.join(sources, "tfjs_binding.cc"), ...ownSources],
  ...["-L", libraryFolder, "-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"],
  "-Wl,-rpath,$ORIGIN/../../deps/lib",
];

/**
 * Compiles tfjs-node's binding to the TensorFlow library, unless the cache has it from the same sources and compiler.
 * Call it under the cache's lock.
 *
 * @param {{ program: string, version: string }} compiler
 * @param {import("./command.mjs").Journal} journal
 * @returns {Promise<string>} the compiled file
 */
export async function installBinding(compiler, journal) {
  const what = [
    compiler.version,
    path.basename(libraryFolder),
    bindingVersion,
    ...compileArguments.map((word) => word.replace(root, "")),
  ];
  const hash = createHash("sha256").update(JSON.stringify(what));
  for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(path.join(sources, name)));
  const folder = path.join(cache, `tfjs-binding-${hash.digest("hex").slice(0, 16)}`);
  const file = path.join(folder, "tfjs_binding.node");
  if (existsSync(file)) return file;

  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished);
  await step(`compiling its binding to Node with ${compiler.program}`, async () => {
    const output = path.join(unfinished, "tfjs_binding.node");
    const outcome = await run(compiler.program, [...compileArguments, "-o", output], journal);
    if (outcome.ok) return;
    if (meansDiskFull(outcome.output)) throw diskFull(`compiling to ${cache}`);
    throw new Unavailable(
      `${compiler.program} could not compile the binding of TensorFlow to Node; see ${journal.log}.`,
    );
  });
  renameSync(unfinished, folder);
  return file;
}
