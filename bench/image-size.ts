// How large the worker's image is: `npm run setup && node bench/image-size.ts`. Writes bench/results/image-size.json.
// Needs GNU tar, gzip and zstd.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const folder = mkdtempSync(path.join(tmpdir(), "trivet-image-size-"));
try {
  const image = path.join(folder, "image");
  const { status } = spawnSync(process.execPath, [path.join(root, "tools", "image.mjs"), image], { stdio: "inherit" });
  if (status !== 0) throw new Error("no image");
  const sizes = readdirSync(image, { recursive: true, encoding: "utf8" })
    .map((name) => ({ name, stat: statSync(path.join(image, name)) }))
    .filter(({ stat }) => stat.isFile())
    .map(({ name, stat }) => ({ name, bytes: stat.size }));
  const sum = (pattern: RegExp) =>
    sizes.filter(({ name }) => pattern.test(name)).reduce((total, { bytes }) => total + bytes, 0);

  // Sorted, without times and owners: the same files give the same archive.
  const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  const archive = path.join(folder, "image.tar");
  execFileSync("tar", [...same, "-C", image, "-cf", archive, "."]);
  const compressed = (program: string, ...level: readonly string[]) =>
    execFileSync(program, [...level, "-c", archive], { maxBuffer: 1e9 }).length;
  const results = {
    files: sizes.length,
    unpackedBytes: sum(/./),
    nodeBytes: sum(/worker\/bin\/node$/),
    tensorFlowBytes: sum(/libtensorflow/),
    javaScriptBytes: sum(/\.mjs$/),
    licensesAndBillBytes: sum(/licenses\/|sbom|LICENSE$/),
    gzipBytes: compressed("gzip", "-6"),
    zstdBytes: compressed("zstd", "-9", "-q"),
  };
  console.log(results);
  writeFileSync(path.join(root, "bench/results/image-size.json"), `${JSON.stringify(results, undefined, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
