import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import type { Plugin } from "esbuild";
import { bundle } from "../../tools/image/bundle.mjs";

const root = path.resolve(import.meta.dirname, "../..");

/** One way of starting a worker. */
export interface Variant {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Changes a source file on its way into the bundle; throws when there is nothing to change any more. */
function rewritten(file: string, from: string, to: string): Plugin {
  return {
    name: "rewritten",
    setup(build) {
      build.onLoad({ filter: new RegExp(`worker-runtime/src/${file}$`) }, ({ path }) => {
        const source = readFileSync(path, "utf8");
        if (!source.includes(from)) throw new Error(`${path} no longer holds: ${from}`);
        return { contents: source.replace(from, to), loader: "ts" };
      });
    },
  };
}

/** Leaves imports of Node's own modules to Node. */
const eagerBuiltins: Plugin = {
  name: "eager-builtins",
  setup(build) {
    build.onResolve({ filter: /^[a-z_:/0-9]+$/ }, ({ path }) =>
      isBuiltin(path) ? { path, external: true } : undefined,
    );
  },
};

/** The image, and the image without each of its measures, or with one that it does without. `folder`: for the others. */
export async function makeVariants(image: string, folder: string): Promise<Variant[]> {
  const node = path.join(image, "worker", "bin", "node");
  const bundled = async (name: string, changes: Parameters<typeof bundle>[2]): Promise<Variant> => {
    const place = path.join(folder, name.replace(/\W+/g, "-"));
    mkdirSync(place, { recursive: true });
    await bundle(place, `${place}-maps`, changes);
    symlinkSync(path.join(image, "worker", "node_modules"), path.join(place, "node_modules"));
    return { name, command: [node, path.join(place, "main.mjs")], environment: {} };
  };
  const main = path.join(image, "worker", "main.mjs");
  return [
    { name: "the image", command: [node, main], environment: {} },
    {
      name: "with V8's compile cache",
      command: [node, main],
      environment: { NODE_COMPILE_CACHE: path.join(folder, "compile-cache"), NODE_COMPILE_CACHE_PORTABLE: "1" },
    },
    await bundled("TensorFlow from the start of the process", {
      plugins: [rewritten("clouds/main.ts", "try {\n", "loadTensorFlow();\ntry {\n")],
    }),
    await bundled("Node's modules imported as they are", { plugins: [eagerBuiltins] }),
    await bundled("TensorFlow's library in the main thread", {
      plugins: [rewritten("clouds/load-tensorflow.ts", "availableParallelism() > 1", "false")],
    }),
    await bundled("TensorFlow when the first step needs it", {
      plugins: [rewritten("clouds/main.ts", "void loadTensorFlow().catch(() => {})", "{}")],
    }),
    {
      name: "not bundled",
      command: [node, path.join(root, "worker-runtime/src/clouds/main.ts")],
      environment: {},
    },
    await bundled("naive, bundled: everything imported first", { entry: "bench/cold-start/naive.ts" }),
    {
      name: "naive: everything imported first",
      command: [node, path.join(root, "bench/cold-start/naive.ts")],
      environment: {},
    },
  ];
}
