import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import path from "node:path";
import { build } from "esbuild";
import { root } from "../setup/places.mjs";

/**
 * @typedef {object} BundledPackage what of an npm package is in the bundle
 * @property {string} name "trivet" for our own code
 * @property {string} folder
 * @property {number} bytesInBundle
 */

/** Packages that TensorFlow.js and the SDKs import but that never run in a worker, and what stands in for them. */
const replacements = {
  // Where it would look for the binding is where we put it.
  "@mapbox/node-pre-gyp": `
    const { join, dirname } = require("node:path");
    exports.find = () =>
      join(dirname(require.resolve("@tensorflow/tfjs-node/package.json")), "lib/napi-v8/tfjs_binding.node");`,
  // TensorFlow.js fetches models from the web with it.
  "node-fetch": "module.exports = globalThis.fetch;",
  // The browser's backend, datasets from the web, and graph models: 0.9 MB.
  "@tensorflow/tfjs-backend-webgl": "exports.version_webgl = null;",
  "@tensorflow/tfjs-data": "exports.version_data = null;",
  "@tensorflow/tfjs-converter": "exports.version_converter = null;",
  // Azure's SDK: answers to queries over tables, and a browser to sign in with.
  "apache-arrow": "",
  open: "",
  // AWS's SDK, to tell browsers apart; Google's, for a Node without streams of the web.
  bowser: "",
  "web-streams-polyfill/dist/ponyfill.es2018.js": "",
};

/** @type {import("esbuild").Plugin} */
const replaced = {
  name: "replaced",
  setup(build) {
    const filter = new RegExp(`^(${Object.keys(replacements).join("|")})$`);
    build.onResolve({ filter }, ({ path, importer }) =>
      /node_modules\/(@(tensorflow|azure|aws-sdk)|fetch-blob)\//.test(importer)
        ? { path, namespace: "replaced" }
        : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "replaced" }, ({ path }) => ({
      contents: replacements[/** @type {keyof typeof replacements} */ (path)],
    }));
  },
};

/**
 * tfjs-node's classes are functions that call the constructors of TensorFlow.js, so those must be functions too: the file
 * that Node would take, as on a developer's machine, and not the newer one that bundlers prefer.
 *
 * @type {import("esbuild").Plugin}
 */
const asNodeResolves = {
  name: "as-node-resolves",
  setup(build) {
    build.onResolve({ filter: /^@tensorflow\/tfjs(-core|-layers|-backend-cpu)?$/ }, ({ path: name, resolveDir }) => ({
      path: createRequire(path.join(resolveDir, "importer.js")).resolve(name),
    }));
  },
};

/**
 * An ES module that imports one of Node's own modules makes Node evaluate everything that module offers: for node:http that
 * is a whole second HTTP client, 30 ms. Asked for in this way only what is used is.
 *
 * @type {import("esbuild").Plugin}
 */
const lazyBuiltins = {
  name: "lazy-builtins",
  setup(build) {
    build.onResolve({ filter: /^[a-z_:/0-9]+$/ }, ({ path: name, kind }) =>
      isBuiltin(name) && kind !== "require-call" ? { path: name, namespace: "builtin" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path: name }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(name)});`,
    }));
  },
};

/**
 * Bundles the worker into `main.mjs` and chunks beside it, which are loaded when they are needed: a platform's SDK only
 * there, TensorFlow.js only for training.
 *
 * @param {string} folder
 * @param {string} mapsFolder takes the source maps, by which a stack in a log is read; they are not part of the image
 * @param {{ entry?: string, plugins?: import("esbuild").Plugin[] }} [changes] other ways of starting, for bench/cold-start.ts
 * @returns {Promise<BundledPackage[]>} by name
 */
export async function bundle(folder, mapsFolder, { entry = "worker-runtime/src/clouds/main.ts", plugins = [] } = {}) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: entry },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunks/[name]-[hash]",
    ...{
      bundle: true,
      splitting: true,
      minify: true,
      metafile: true,
      format: "esm",
      platform: "node",
      target: "node24",
    },
    ...{ sourcemap: "external", sourcesContent: false, legalComments: "none", logLevel: "warning" },
    mainFields: ["module", "main"],
    // CommonJS packages inside of an ES module call these.
    banner: {
      js: 'import{createRequire as createRequireOfBundle}from"node:module";const require=createRequireOfBundle(import.meta.url);',
    },
    define: { __dirname: "import.meta.dirname", __filename: "import.meta.filename" },
    plugins: [...plugins, lazyBuiltins, replaced, asNodeResolves],
  });
  mkdirSync(mapsFolder, { recursive: true });
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".map")) renameSync(path.join(folder, name), path.join(mapsFolder, path.basename(name)));
  }
  return packagesOf(metafile);
}

/** @param {import("esbuild").Metafile} metafile @returns {BundledPackage[]} */
function packagesOf(metafile) {
  /** @type {Map<string, BundledPackage>} */
  const packages = new Map();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = packageFolder(file);
      const name = folder === "worker-runtime" ? "trivet" : folder.replace(/^.*node_modules\//, "");
      const known = packages.get(folder) ?? { name, folder, bytesInBundle: 0 };
      packages.set(folder, { ...known, bytesInBundle: known.bytesInBundle + bytesInOutput });
    }
  }
  return [...packages.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/** @param {string} file relative to the root, as esbuild names it */
function packageFolder(file) {
  const inPackage = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file);
  return inPackage?.[1] ?? "worker-runtime";
}
