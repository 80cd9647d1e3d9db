import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { cacheFolder, installOnce } from "../support/install.ts";
import type { Tool } from "./tools.ts";

const run = promisify(execFile);
const version = "1.170.0";
/** Of aws_sam_cli-1.170.0-py3-none-any.whl; PyPI's page of the release shows the same. */
const wheelSha256 = "24ebaf5ecba38dc1758089968cb89ab61e124b84e92a344fc7a2771a47f4d0bf";
const program = "aws-lambda-rie-x86_64";
const folder = path.join(cacheFolder(), `lambda-emulator-${version}-${wheelSha256.slice(0, 8)}`);

/**
 * AWS's own emulator of Lambda's runtime interface. It comes inside the Python package of AWS's SAM command, of which only
 * this one program is unpacked.
 */
export const lambdaEmulator: Tool = {
  name: "aws-lambda-rie",
  version: `of aws-sam-cli ${version}`,
  emulates: "AWS Lambda: its own runtime interface emulator",
  installSeconds: 5,
  needs: "Linux on x86-64, and Python with pip and a package index",
  isInstalled: async () => existsSync(folder),
  async command() {
    if (process.platform !== "linux" || process.arch !== "x64") throw new Error("this is another system");
    await installOnce(folder, "AWS's Lambda emulator", async (unfinished) => {
      await mkdir(unfinished, { recursive: true });
      const options = ["--no-deps", "--quiet", "--disable-pip-version-check", "--dest", unfinished];
      await run("python3", ["-m", "pip", "download", ...options, `aws-sam-cli==${version}`]);
      const wheel = path.join(unfinished, (await readdir(unfinished))[0]!);
      const sha256 = createHash("sha256")
        .update(await readFile(wheel))
        .digest("hex");
      if (sha256 !== wheelSha256)
        throw new Error(`${path.basename(wheel)} has the SHA-256 ${sha256}, not ${wheelSha256}`);
      await run("python3", ["-m", "zipfile", "--extract", wheel, path.join(unfinished, "wheel")]);
      await rename(path.join(unfinished, "wheel", "samcli", "local", "rapid", program), path.join(unfinished, program));
      await chmod(path.join(unfinished, program), 0o755);
      await rm(path.join(unfinished, "wheel"), { recursive: true });
      await rm(wheel);
    });
    return [path.join(folder, program)];
  },
};
