import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { sha256 } from "../../worker-runtime/src/hash.ts";
import { cacheFolder, installOnce } from "../support/install.ts";
import { pythonEnvironment } from "../support/python.ts";

const run = promisify(execFile);
const here = import.meta.dirname;

/** An emulator that somebody else made, in one pinned version, kept in the user's cache outside the tree. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  /** What it stands in for. */
  readonly emulates: string;
  /** Program and first arguments; installs it the first time, which takes `installSeconds` or so. */
  command(): Promise<string[]>;
  readonly installSeconds: number;
  /** What the machine must have to install it. */
  readonly needs: string;
}

/** Builds a Go program from the go.mod in `folder`, which pins every module by its hash. */
function goProgram(name: string, packageName: string): Tool["command"] {
  return async () => {
    const source = path.join(here, name);
    const folder = path.join(cacheFolder(), `${name}-${hashOf(source, ["go.mod", "go.sum", "main.go"])}`);
    await installOnce(folder, `${name} (Go)`, async (unfinished) => {
      const build = ["build", "-trimpath", "-ldflags", "-s -w", "-o", path.join(unfinished, name), packageName];
      mkdirSync(unfinished);
      await run("go", build, { cwd: source, env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" } });
    });
    return [path.join(folder, name)];
  };
}

function hashOf(folder: string, files: readonly string[]): string {
  const found = files.map((file) => path.join(folder, file)).filter((file) => existsSync(file));
  return sha256(found.map((file) => readFileSync(file, "utf8")).join("\0")).slice(0, 16);
}

/** The version that a go.mod pins a module to, so that what is printed cannot differ from what is built. */
function goModule(name: string, module: string): string {
  const mod = readFileSync(path.join(here, name, "go.mod"), "utf8");
  return new RegExp(`${module} v(\\S+)`).exec(mod)![1]!;
}

function requirement(file: string, name: string): string {
  return new RegExp(`^${name}==(\\S+)$`, "m").exec(readFileSync(path.join(here, file), "utf8"))![1]!;
}

const motoRequirements = path.join(here, "moto", "requirements.txt");
const azuritePackage = JSON.parse(readFileSync(path.join(here, "azurite", "package.json"), "utf8"));

export const tools = {
  moto: {
    name: "moto",
    version: requirement("moto/requirements.txt", "moto"),
    emulates: "Amazon S3 and SQS",
    installSeconds: 15,
    needs: "Python 3.11 or newer with its venv module, and pip with a package index",
    async command() {
      const python = await pythonEnvironment(motoRequirements);
      return [python, path.join(here, "moto", "server.py")];
    },
  },
  fakeGcsServer: {
    name: "fake-gcs-server",
    version: goModule("fake-gcs-server", "github.com/fsouza/fake-gcs-server"),
    emulates: "Google Cloud Storage",
    installSeconds: 120,
    needs: "Go 1.26 or newer, and a module proxy",
    command: goProgram("fake-gcs-server", "github.com/fsouza/fake-gcs-server"),
  },
  pubSub: {
    name: "pubsub-emulator",
    version: goModule("pubsub-emulator", "cloud.google.com/go/pubsub/v2"),
    emulates: "Google Cloud Pub/Sub (Google's pstest behind Vanguard)",
    installSeconds: 30,
    needs: "Go 1.26 or newer, and a module proxy",
    command: goProgram("pubsub-emulator", "."),
  },
  azurite: {
    name: "azurite",
    version: azuritePackage.dependencies.azurite,
    emulates: "Azure Blob Storage and Queue Storage",
    installSeconds: 15,
    needs: "npm with a package index",
    async command() {
      const source = path.join(here, "azurite");
      const folder = path.join(cacheFolder(), `azurite-${hashOf(source, ["package.json", "package-lock.json"])}`);
      await installOnce(folder, "azurite (npm)", async (unfinished) => {
        await cp(source, unfinished, { recursive: true });
        await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: unfinished });
      });
      return [process.execPath, path.join(folder, "node_modules", "azurite", "dist", "src", "azurite.js")];
    },
  },
} as const satisfies Record<string, Tool>;
