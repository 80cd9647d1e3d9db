import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { cp } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { sha256 } from "../../worker-runtime/src/hash.ts";
import { cacheFolder, installOnce } from "../support/install.ts";
import { pythonEnvironment, pythonFolder } from "../support/python.ts";
import { lambdaEmulator } from "./lambda-emulator.ts";

const run = promisify(execFile);
const here = import.meta.dirname;

/** An emulator or another program that somebody else made, in one pinned version where its source keeps old ones, in the user's cache outside the tree. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  /** What it stands in for. */
  readonly emulates: string;
  /** What the machine must have to install it. */
  readonly needs: string;
  /** About how long that takes. */
  readonly installSeconds: number;
  isInstalled(): Promise<boolean>;
  /** Program and first arguments; installs it the first time. */
  command(): Promise<string[]>;
}

/**
 * A program built from the go.mod in test/tools/<name>, which pins every module by its hash; `find` looks for one that the
 * machine has already.
 */
function goProgram(
  name: string,
  packageName: string,
  { flags = "-s -w", find = async (): Promise<string | undefined> => undefined } = {},
): Pick<Tool, "needs" | "isInstalled" | "command"> {
  const source = path.join(here, name);
  const folder = cacheFor(name, ["go.mod", "go.sum", "main.go"]);
  const binary = packageName === "." ? name : path.basename(packageName);
  return {
    needs: "Go 1.26 or newer, and a module proxy",
    isInstalled: async () => (await find()) !== undefined || existsSync(folder),
    async command() {
      const found = await find();
      if (found !== undefined) return [found];
      await installOnce(folder, `${name}, built with Go`, async (unfinished) => {
        const build = ["build", "-trimpath", "-ldflags", flags, "-o", path.join(unfinished, binary), packageName];
        mkdirSync(unfinished);
        await run("go", build, { cwd: source, env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" } });
      });
      return [path.join(folder, binary)];
    },
  };
}

/** Where a tool is kept: elsewhere as soon as one of the files differs that it is made from. */
function cacheFor(name: string, files: readonly string[]): string {
  const found = files.map((file) => path.join(here, name, file)).filter((file) => existsSync(file));
  const hash = sha256(found.map((file) => readFileSync(file, "utf8")).join("\0")).slice(0, 16);
  return path.join(cacheFolder(), `${name}-${hash}`);
}

/** The version that a file pins, so that what is printed cannot differ from what is installed. */
function pinned(file: string, pattern: RegExp): string {
  return pattern.exec(readFileSync(path.join(here, file), "utf8"))![1]!;
}

/** The version of Pulumi's command line that is built here; a newer one on the PATH is as good. */
export const pulumiVersion = pinned("pulumi/go.mod", /pulumi\/pulumi\/pkg\/v3 v(\S+)/);

/** A program of the Pulumi on the PATH, whose folder holds its language hosts too, unless that Pulumi is too old. */
async function ofPulumiOnPath(program: string): Promise<string | undefined> {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const pulumi = folders.map((folder) => path.join(folder, "pulumi")).find((file) => existsSync(file));
  if (pulumi === undefined) return undefined;
  const found = path.join(path.dirname(pulumi), program);
  const version = await run(pulumi, ["version"]).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
  return isAtLeast(version, pulumiVersion) && existsSync(found) ? found : undefined;
}

/** Whether `v3.231.0` is as new as `3.230.0`. What is no version is not. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [have, want] = [version, wanted].map((text) => text.replace(/^v/, "").split(".").map(Number));
  for (const [i, number] of want!.entries()) if (have![i] !== number) return have![i]! > number;
  return true;
}

const motoRequirements = path.join(here, "moto", "requirements.txt");
const azuriteFolder = cacheFor("azurite", ["package.json", "package-lock.json"]);

const qemuFolder = path.join(cacheFolder(), "qemu-user-static");

/** qemu on the PATH, under either of the names that distributions give it. */
async function qemuOnPath(): Promise<string | undefined> {
  for (const name of ["qemu-x86_64", "qemu-x86_64-static"]) {
    const works = await run(name, ["--version"]).then(
      () => true,
      () => false,
    );
    if (works) return name;
  }
  return undefined;
}

export const tools = {
  qemu: {
    name: "qemu-user",
    version: "of Debian",
    emulates: "other x86-64 CPUs, for portable numerics",
    needs: "a Debian or Ubuntu package mirror; or qemu-user on the PATH",
    installSeconds: 10,
    isInstalled: async () => (await qemuOnPath()) !== undefined || existsSync(qemuFolder),
    async command() {
      const found = await qemuOnPath();
      if (found !== undefined) return [found];
      await installOnce(qemuFolder, "qemu-user-static, unpacked from Debian's package", async (unfinished) => {
        mkdirSync(unfinished);
        await run("apt-get", ["download", "qemu-user-static"], { cwd: unfinished }).catch(async () => {
          await run("apt-get", ["update"]);
          await run("apt-get", ["download", "qemu-user-static"], { cwd: unfinished });
        });
        const [file] = readdirSync(unfinished);
        await run("dpkg", ["-x", path.join(unfinished, file!), path.join(unfinished, "files")]);
        const program = path.join(unfinished, "files", "usr", "bin", "qemu-x86_64-static");
        await cp(program, path.join(unfinished, "qemu-x86_64"));
        rmSync(path.join(unfinished, "files"), { recursive: true });
        rmSync(path.join(unfinished, file!));
      });
      return [path.join(qemuFolder, "qemu-x86_64")];
    },
  },
  moto: {
    name: "moto",
    version: pinned("moto/requirements.txt", /^moto==(\S+)$/m),
    emulates: "Amazon S3 and SQS",
    needs: "Python 3.11 or newer with its venv module, and pip with a package index",
    installSeconds: 15,
    isInstalled: async () => existsSync(await pythonFolder(motoRequirements)),
    command: async () => [await pythonEnvironment(motoRequirements), path.join(here, "moto", "server.py")],
  },
  fakeGcsServer: {
    name: "fake-gcs-server",
    version: pinned("fake-gcs-server/go.mod", /fsouza\/fake-gcs-server v(\S+)/),
    emulates: "Google Cloud Storage",
    installSeconds: 120,
    ...goProgram("fake-gcs-server", "github.com/fsouza/fake-gcs-server"),
  },
  pubSub: {
    name: "pubsub-emulator",
    version: pinned("pubsub-emulator/go.mod", /cloud.google.com\/go\/pubsub\/v2 v(\S+)/),
    emulates: "Google Cloud Pub/Sub: Google's pstest, behind Vanguard for its JSON interface",
    installSeconds: 30,
    ...goProgram("pubsub-emulator", "."),
  },
  azurite: {
    name: "azurite",
    version: pinned("azurite/package.json", /"azurite": "(\S+)"/),
    emulates: "Azure Blob Storage and Queue Storage",
    needs: "npm with a package index",
    installSeconds: 15,
    isInstalled: async () => existsSync(azuriteFolder),
    async command() {
      await installOnce(azuriteFolder, "azurite, with npm", async (unfinished) => {
        await cp(path.join(here, "azurite"), unfinished, { recursive: true });
        await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: unfinished });
      });
      return [process.execPath, path.join(azuriteFolder, "node_modules", "azurite", "dist", "src", "azurite.js")];
    },
  },
  lambdaEmulator,
  pulumi: {
    name: "pulumi",
    version: pulumiVersion,
    emulates: "nothing: Pulumi's own command line and engine",
    installSeconds: 240,
    ...goProgram("pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", {
      flags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${pulumiVersion}`,
      find: () => ofPulumiOnPath("pulumi"),
    }),
  },
  // The last version of this host that is a package of the SDK's module; newer ones have a module without tags.
  pulumiNodejs: {
    name: "pulumi-language-nodejs",
    version: pinned("pulumi-nodejs/go.mod", /pulumi\/sdk\/v3 v(\S+)/),
    emulates: "nothing: Pulumi's own host of Node programs",
    installSeconds: 30,
    ...goProgram("pulumi-nodejs", "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs", {
      find: () => ofPulumiOnPath("pulumi-language-nodejs"),
    }),
  },
  pulumiYaml: {
    name: "pulumi-language-yaml",
    version: pinned("pulumi-yaml/go.mod", /pulumi\/pulumi-yaml v(\S+)/),
    emulates: "nothing: Pulumi's own host of YAML programs",
    installSeconds: 240,
    ...goProgram("pulumi-yaml", "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml", {
      find: () => ofPulumiOnPath("pulumi-language-yaml"),
    }),
  },
  pulumiCodegen: {
    name: "pulumi-codegen",
    version: pinned("pulumi-codegen/go.mod", /pulumi\/pkg\/v3 v(\S+)/),
    emulates: "nothing: Pulumi's own generator of packages for other languages",
    installSeconds: 60,
    ...goProgram("pulumi-codegen", "."),
  },
} as const satisfies Record<string, Tool>;
