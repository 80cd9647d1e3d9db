// `npm run image [folder]`: makes the worker's image as a plain folder (by default .trivet/image), which
// worker-runtime/image/Dockerfile copies. The same sources give the same bytes. Needs Linux on x86-64, as the image does.
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { writeBillOfMaterials } from "./image/bill-of-materials.mjs";
import { bundle } from "./image/bundle.mjs";
import { ImageError } from "./image/errors.mjs";
import { copyNative } from "./image/native.mjs";
import { unpackNode } from "./image/node.mjs";
import { normalise } from "./image/normalise.mjs";
import { explainFileError, SetupError } from "./setup/errors.mjs";
import { withLock } from "./setup/lock.mjs";
import { local, root } from "./setup/places.mjs";
import { megabytes } from "./setup/progress.mjs";

const target = path.resolve(process.argv[2] ?? path.join(local, "image"));
/** The source maps of the bundle, by which a stack in a log is read. They are not part of the image. */
const maps = `${target}.source-maps`;
const dockerfile = path.join(root, "worker-runtime", "image", "Dockerfile");
const unfinished = `${target}.unfinished`;

try {
  await withLock(`${target}.lock`, makeImage);
} catch (error) {
  const explained = explainFileError(error);
  if (!(explained instanceof ImageError || explained instanceof SetupError)) throw error;
  console.error(`The image cannot be made. ${explained.message}`);
  process.exitCode = 1;
}

async function makeImage() {
  const image = path.join(unfinished, "image");
  const worker = path.join(image, "worker");
  try {
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(worker, { recursive: true });
    const packages = await bundle(worker, path.join(unfinished, "source-maps"));
    const node = unpackNode(path.join(unfinished, "node"));
    await copyNative(worker, node);
    writeBillOfMaterials(worker, packages, node);
    const functions = path.join(root, "worker-runtime", "image", "azure-functions");
    cpSync(functions, path.join(image, "azure-functions"), { recursive: true });
    const { files, bytes, sha256 } = normalise(image);

    for (const place of [target, maps]) rmSync(place, { recursive: true, force: true });
    renameSync(image, target);
    renameSync(path.join(unfinished, "source-maps"), maps);
    console.log(`The image's files are in ${target}: ${files} files, ${megabytes(bytes)}, SHA-256 ${sha256}.`);
    console.log(javaScriptSizes(packages));
    for (const base of unpinnedBases()) {
      console.log(
        `The Dockerfile's ${base} has no digest, so its target can differ from build to build. ` +
          `To pin it, write into ${path.relative(root, dockerfile)} what this prints: docker buildx imagetools inspect ${base}`,
      );
    }
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** The base images that the Dockerfile names by a tag alone, which may be another image tomorrow. */
function unpinnedBases() {
  const bases = readFileSync(dockerfile, "utf8").matchAll(/^ARG \w*BASE=(\S+)$/gm);
  return [...bases].map(([, base]) => base ?? "").filter((base) => !base.includes("@sha256:"));
}

/** @param {readonly import("./image/bundle.mjs").BundledPackage[]} packages */
function javaScriptSizes(packages) {
  const kilobytes = (/** @type {number} */ bytes) => `${Math.round(bytes / 1000)} KB`;
  const all = packages.reduce((sum, { bytesInBundle }) => sum + bytesInBundle, 0);
  const own = packages.find(({ name }) => name === "trivet")?.bytesInBundle ?? 0;
  return `JavaScript: ${kilobytes(all)}, of it ${kilobytes(own)} Trivet's own.`;
}
