import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const repository = path.resolve(import.meta.dirname, "../..");
const fakePrograms = path.join(import.meta.dirname, "fake-programs.mjs");
const wheelName = "tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl";

/** What a fake does instead of working; see fake-programs.mjs. */
export type Trouble = Record<`FAKE_${string}` | "TRIVET_REQUIRE_ALL" | "XDG_CACHE_HOME", string>;

/** A run of a script that goes on. `output` grows; `ended` resolves to the exit code, or null when it was killed. */
export interface Run {
  readonly child: ChildProcess;
  output(): string;
  readonly ended: Promise<number | null>;
}

/** A clone with our real tools/ and nothing installed, on a machine whose only programs are fakes (and a cache folder). */
export class FakeClone {
  readonly folder: string;
  readonly cache: string;
  readonly #machine: string;

  /** @param machine the folder that stands for the machine: two clones in one share programs and cache */
  constructor(machine: string, name = "clone") {
    this.#machine = machine;
    this.folder = path.join(machine, name);
    this.cache = path.join(machine, "cache", "trivet");
    cpSync(path.join(repository, "tools"), path.join(this.folder, "tools"), { recursive: true });
    this.lock({ "": {}, "node_modules/chai": { version: "1.0.0", integrity: "sha512-a" } });
    if (!existsSync(path.join(machine, "bin"))) this.#makeMachine();
    this.pin({});
  }

  #makeMachine(): void {
    mkdirSync(path.join(this.#machine, "bin"));
    writeFileSync(this.#launcher, `#!${process.execPath}\nimport(${JSON.stringify(fakePrograms)});\n`, { mode: 0o755 });
    for (const program of ["npm", "python3", "g++"]) cpSync(this.#launcher, this.#program(program));
    symlinkSync(process.execPath, this.#program("node"));

    const content = path.join(this.#machine, "wheel");
    const files = [
      "libtensorflow_cc.so.2",
      "libtensorflow_framework.so.2",
      "include/tensorflow/c/c_api.h",
      "python/unwanted.py",
    ];
    for (const file of files) {
      mkdirSync(path.dirname(path.join(content, "tensorflow", file)), { recursive: true });
      writeFileSync(path.join(content, "tensorflow", file), `content of ${file}\n`.repeat(2000));
    }
    spawnSync("python3", ["-m", "zipfile", "-c", this.#wheel, "tensorflow"], { cwd: content });
  }

  get #launcher(): string {
    return path.join(this.#machine, "launcher");
  }

  get #wheel(): string {
    return path.join(this.#machine, wheelName);
  }

  #program(name: string): string {
    return path.join(this.#machine, "bin", name);
  }

  /** Takes a program away from the machine. */
  remove(program: "npm" | "python3" | "g++"): void {
    rmSync(this.#program(program));
  }

  /** Writes package-lock.json. */
  lock(packages: Record<string, object>): void {
    writeFileSync(path.join(this.folder, "package-lock.json"), JSON.stringify({ packages }));
  }

  /** Writes pins.mjs for the fake wheel. */
  pin(changes: { unpackedBytes?: number; npmDiskBytes?: number }): void {
    const wheel = readFileSync(this.#wheel);
    const tensorflow = {
      version: "2.21.0",
      wheel: wheelName,
      wheelBytes: wheel.length,
      wheelSha256: createHash("sha256").update(wheel).digest("hex"),
      pipArguments: ["tensorflow-cpu==2.21.0"],
      unpackedBytes: changes.unpackedBytes ?? 1,
      minimumGlibc: "2.27",
    };
    const npmPackages = { downloadBytes: 1, diskBytes: changes.npmDiskBytes ?? 1 };
    writeFileSync(
      path.join(this.folder, "tools/setup/pins.mjs"),
      `export const tensorflow = ${JSON.stringify(tensorflow)};
       export const npmPackages = ${JSON.stringify(npmPackages)};
       export const nodeDownloadBytes = 1;`,
    );
  }

  /** Starts `node tools/<script>` in a process group of its own, as a terminal does. */
  start(script: string[], trouble: Partial<Trouble> = {}): Run {
    const child = spawn(process.execPath, [path.join("tools", script[0]!), ...script.slice(1)], {
      cwd: this.folder,
      detached: true,
      env: {
        PATH: path.join(this.#machine, "bin"),
        XDG_CACHE_HOME: path.dirname(this.cache),
        FAKE_CALLS: path.join(this.#machine, "calls"),
        FAKE_HANGING: path.join(this.#machine, "hanging"),
        FAKE_LAUNCHER: this.#launcher,
        FAKE_WHEEL: this.#wheel,
        FAKE_REAL_PYTHON: realPython(),
        ...trouble,
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
    const ended = once(child, "close").then(([code]) => code as number | null);
    return { child, output: () => output, ended };
  }

  /** Runs setup to its end. */
  async setUp(trouble: Partial<Trouble> = {}): Promise<{ code: number | null; output: string }> {
    const run = this.start(["setup.mjs"], trouble);
    return { code: await run.ended, output: run.output() };
  }

  /** Calls of fakes so far that contain all the words. */
  calls(...words: string[]): string[] {
    const file = path.join(this.#machine, "calls");
    const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    return lines.filter((line) => words.every((word) => line.includes(word)));
  }

  /** Waits until a fake hangs, and gives its process number. */
  async hanging(): Promise<number> {
    const file = path.join(this.#machine, "hanging");
    while (!existsSync(file) || readFileSync(file, "utf8") === "") await sleep(10);
    const pid = Number(readFileSync(file, "utf8"));
    rmSync(file);
    return pid;
  }

  /** Whether what setup leaves in the tree is whole: the binding, and beside it the libraries. */
  hasBackend(): boolean {
    const package_ = path.join(this.folder, "node_modules/@tensorflow/tfjs-node");
    const read = (file: string) => readFileSync(path.join(package_, file), "utf8");
    return (
      read("lib/napi-v8/tfjs_binding.node") === "half and half" &&
      read("deps/lib/libtensorflow_cc.so.2").startsWith("content of libtensorflow_cc.so.2") &&
      read("deps/lib/libtensorflow_framework.so.2").startsWith("content of libtensorflow_framework")
    );
  }
}

/** The interpreter itself: `python3` on the PATH may be a script that needs other programs. */
function realPython(): string {
  return spawnSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).stdout.trim();
}
