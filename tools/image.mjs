// `npm run image [folder]`: makes the worker's image as a plain folder (by default .trivet/image), which
// worker-runtime/image/Dockerfile copies. The same sources give the same bytes. Needs Linux on x86-64, as the image does.
import { cpSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { writeBillOfMaterials } from "./image/bill-of-materials.mjs";
import { bundle } from "./image/bundle.mjs";
import { ImageError } from "./image/errors.mjs";
import { copyNative } from "./image/native.mjs";
import { unpackNode } from "./image/node.mjs";
import { normalise } from "./image/normalise.mjs";
import { explainFileError, SetupError } from "./setup/errors.mjs";
import { local, root } from "./setup/places.mjs";
import { megabytes } from "./setup/progress.mjs";

const target = path.resolve(process.argv[2] ?? path.join(local, "image"));
const image = `${target}.unfinished`;
const scraps = `${target}.scraps`;

try {
  for (const folder of [image, scraps]) rmSync(folder, { recursive: true, force: true });
  const worker = path.join(image, "worker");
  mkdirSync(worker, { recursive: true });
  const packages = await bundle(worker, path.join(scraps, "source-maps"));
  const node = unpackNode(path.join(scraps, "node"));
  copyNative(worker, node);
  writeBillOfMaterials(worker, packages, node);
  const functions = path.join(root, "worker-runtime", "image", "azure-functions");
  cpSync(functions, path.join(image, "azure-functions"), { recursive: true });
  const { files, bytes, sha256 } = normalise(image);
  rmSync(target, { recursive: true, force: true });
  renameSync(image, target);
  rmSync(`${target}.source-maps`, { recursive: true, force: true });
  renameSync(path.join(scraps, "source-maps"), `${target}.source-maps`);

  const javaScript = packages.reduce((sum, { bytesInBundle }) => sum + bytesInBundle, 0);
  const own = packages.find(({ name }) => name === "trivet")?.bytesInBundle ?? 0;
  console.log(`The image's files are in ${target}: ${files} files, ${megabytes(bytes)}, SHA-256 ${sha256}.`);
  console.log(`JavaScript: ${Math.round(javaScript / 1000)} KB, of it ${Math.round(own / 1000)} KB Trivet's own.`);
} catch (error) {
  rmSync(image, { recursive: true, force: true });
  const explained = explainFileError(error);
  if (!(explained instanceof ImageError || explained instanceof SetupError)) throw error;
  console.error(`The image cannot be made. ${explained.message}`);
  process.exitCode = 1;
} finally {
  rmSync(scraps, { recursive: true, force: true });
}
