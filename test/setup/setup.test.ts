import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { requirePart } from "../support/require.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { FakeClone, type Run } from "./fake-clone.ts";

describe("setup of a fresh clone", () => {
  const machine = temporaryFolder();

  before(function () {
    requirePart(this, "Linux on x64", `${process.platform} ${process.arch}` === "linux x64", "Run it in CI.");
    const python = spawnSync("python3", ["--version"]).status === 0;
    requirePart(this, "Python 3", python, "Install it with `apt-get install python3`.");
  });

  it("installs packages and TensorFlow, tells each step with its size, and keeps only what it needs", async () => {
    const clone = new FakeClone(machine());
    const { code, output } = await clone.setUp();
    expect(output).to.match(
      /npm packages, up to 1 MB .*TensorFlow 2\.21\.0, 1 MB .*unpacking it, 1 MB .*compiling .*set up/s,
    );
    expect(code).to.equal(0);
    expect(clone.hasBackend()).to.equal(true);
    const cached = readdirSync(clone.cache, { recursive: true, encoding: "utf8" });
    expect(cached.filter((name) => /unwanted|whl|unfinished|lock/.test(name))).to.deep.equal([]);
  });

  it("is silent and calls nothing the second time", async () => {
    const clone = new FakeClone(machine());
    await clone.setUp();
    const callsBefore = clone.calls().length;
    expect(await clone.setUp()).to.deep.equal({ code: 0, output: "" });
    expect(clone.calls().length).to.equal(callsBefore);
  });

  it("takes TensorFlow and its binding from the cache for a second clone", async () => {
    await new FakeClone(machine(), "first").setUp();
    const second = new FakeClone(machine(), "second");
    expect((await second.setUp()).code).to.equal(0);
    expect(second.hasBackend()).to.equal(true);
    expect(second.calls("pip download")).to.have.length(1);
    expect(second.calls("g++", "-o")).to.have.length(1);
  });

  it("installs the packages again when package-lock.json changed", async () => {
    const clone = new FakeClone(machine());
    await clone.setUp();
    clone.lock({ "": {}, "node_modules/chai": { version: "1.0.1", integrity: "sha512-b" } });
    expect((await clone.setUp()).code).to.equal(0);
    expect(clone.calls("npm ci")).to.have.length(2);
  });

  it("asks the registry when npm's cache is too old to know a version", async () => {
    const clone = new FakeClone(machine());
    expect((await clone.setUp({ FAKE_NPM: "old-cache" })).code).to.equal(0);
    expect(clone.calls("npm ci")).to.have.length(2);
  });

  it("leaves alone packages that npm left out because they are made for another system", async () => {
    const clone = new FakeClone(machine());
    await clone.setUp();
    const chai = { version: "1.0.0", integrity: "sha512-a" };
    clone.lock({ "": {}, "node_modules/chai": chai, "node_modules/biome-mac": { version: "1.0.0", optional: true } });
    expect((await clone.setUp()).output).to.equal("");
  });

  it("leaves alone packages that nobody asked for", async () => {
    const clone = new FakeClone(machine());
    clone.lock({ "": {}, "node_modules/chai": { version: "1.0.0" }, "node_modules/unasked": { version: "1.0.0" } });
    await clone.setUp();
    clone.lock({ "": {}, "node_modules/chai": { version: "1.0.0" } });
    expect((await clone.setUp()).output).to.equal("");
  });

  it("makes TensorFlow's place whole again when the cache was deleted", async () => {
    const clone = new FakeClone(machine());
    await clone.setUp();
    rmSync(clone.cache, { recursive: true });
    expect((await clone.setUp()).code).to.equal(0);
    expect(clone.hasBackend()).to.equal(true);
  });

  describe("cut off by kill -9", () => {
    for (const phase of ["npm", "pip", "unpack", "compiler"]) {
      it(`in the middle of ${phase}, ends well when run again`, async () => {
        const clone = new FakeClone(machine());
        const first = clone.start(["setup.mjs"], { FAKE_HANG: phase });
        await clone.hanging();
        if (phase === "pip") await printed(first, /40 % of/);
        process.kill(-first.child.pid!, "SIGKILL");
        await first.ended;

        const { code, output } = await clone.setUp();
        expect(code, output).to.equal(0);
        expect(clone.hasBackend()).to.equal(true);
        if (phase === "pip")
          expect(output).to.contain("An earlier download of TensorFlow was interrupted; starting it again.");
      });
    }

    it("in the middle of npm, does not take the rest of an older installation for a whole one", async () => {
      const clone = new FakeClone(machine());
      await clone.setUp();
      clone.lock({ "": {}, "node_modules/chai": { version: "1.0.1", integrity: "sha512-b" } });
      const upgrade = clone.start(["setup.mjs"], { FAKE_HANG: "npm" });
      await clone.hanging();
      process.kill(-upgrade.child.pid!, "SIGKILL");
      await upgrade.ended;
      clone.lock({ "": {}, "node_modules/chai": { version: "1.0.0", integrity: "sha512-a" } });
      await clone.setUp();
      expect(clone.calls("npm ci")).to.have.length(3);
    });

    it("waits for the npm that an interrupted setup left running, instead of running a second one beside it", async () => {
      const clone = new FakeClone(machine());
      const first = clone.start(["setup.mjs"], { FAKE_HANG: "npm" });
      const npm = await clone.hanging();
      process.kill(first.child.pid!, "SIGKILL");
      const second = clone.start(["setup.mjs"]);
      await printed(second, /Another setup is at work .* waiting for it/);
      expect(clone.calls("npm ci")).to.have.length(1);
      process.kill(npm, "SIGKILL");
      expect(await second.ended, second.output()).to.equal(0);
    });

    it("on another machine that shares the folder, is taken over after ten minutes without a sign of life", async () => {
      const clone = new FakeClone(machine());
      const lock = path.join(clone.folder, ".trivet/setup.lock");
      mkdirSync(path.dirname(lock));
      writeFileSync(lock, `another-machine\n${process.pid}\n`);
      const run = clone.start(["setup.mjs"]);
      await printed(run, /Another setup is at work/);
      const longAgo = new Date(Date.now() - 11 * 60_000);
      utimesSync(lock, longAgo, longAgo);
      expect(await run.ended, run.output()).to.equal(0);
    });
  });

  it("does the work once when two run at once in one clone", async () => {
    const clone = new FakeClone(machine());
    const outcomes = await Promise.all([clone.setUp(), clone.setUp(), clone.setUp()]);
    expect(outcomes.map(({ code }) => code)).to.deep.equal([0, 0, 0]);
    expect(clone.calls("npm ci")).to.have.length(1);
    expect(clone.hasBackend()).to.equal(true);
  });

  it("downloads once when two clones are set up at once", async () => {
    const clones = [new FakeClone(machine(), "first"), new FakeClone(machine(), "second")];
    const outcomes = await Promise.all(clones.map((clone) => clone.setUp()));
    expect(outcomes.map(({ code }) => code)).to.deep.equal([0, 0]);
    expect(clones[0]!.calls("pip download")).to.have.length(1);
    expect(clones[0]!.calls("g++", "-o")).to.have.length(1);
    expect(clones.map((clone) => clone.hasBackend())).to.deep.equal([true, true]);
  });

  describe("stops with a sentence and what to do, and goes on from there", () => {
    it("when the download is not the pinned file", async () => {
      const clone = new FakeClone(machine());
      const { code, output } = await clone.setUp({ FAKE_PIP: "broken" });
      expect(code).to.equal(1);
      expect(output).to.match(
        /The TensorFlow download is broken: .* has the SHA-256 .* and should have .* Run the same command again/,
      );
      expect(existsSync(path.join(clone.cache, "downloads/unfinished"))).to.equal(false);
      expect((await clone.setUp()).code).to.equal(0);
    });

    it("when npm cannot reach its registry", async () => {
      const clone = new FakeClone(machine());
      const { code, output } = await clone.setUp({ FAKE_NPM: "offline" });
      expect(code).to.equal(1);
      expect(output).to.match(/npm could not reach its registry .* Check the network .*setup\.log/);
      expect((await clone.setUp()).code).to.equal(0);
    });

    it("when npm refuses, with npm's own reason", async () => {
      const { code, output } = await new FakeClone(machine()).setUp({ FAKE_NPM: "mismatch" });
      expect(code).to.equal(1);
      expect(output).to.contain(
        "npm failed while installing the packages: `npm ci` can only install packages when in sync",
      );
    });

    it("when npm is missing", async () => {
      const clone = new FakeClone(machine());
      clone.remove("npm");
      const { code, output } = await clone.setUp();
      expect(code).to.equal(1);
      expect(output).to.contain("npm was not found. It comes with Node: install Node 20, 22 or 24");
    });

    it("when the cache folder cannot be made", async () => {
      const clone = new FakeClone(machine());
      const file = path.join(machine(), "a-file");
      writeFileSync(file, "");
      const { code, output } = await clone.setUp({ XDG_CACHE_HOME: file });
      expect(code).to.equal(1);
      expect(output).to.match(/The cache folder .*a-file\/trivet cannot be made .* Set XDG_CACHE_HOME to a folder/);
    });

    it("when there is too little disk space to begin with", async () => {
      const clone = new FakeClone(machine());
      clone.pin({ npmDiskBytes: 1e15 });
      const { code, output } = await clone.setUp();
      expect(code).to.equal(1);
      expect(output).to.match(/The disk is too full for the npm packages: .* needs 1000000\.0 GB.* Free some space/);
      expect(clone.calls()).to.deep.equal([]);
    });

    it("when the disk becomes full in the middle", async function () {
      const clone = new FakeClone(machine());
      const small = path.join(machine(), "small-disk");
      mkdirSync(small);
      const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]).status === 0;
      requirePart(this, "the right to mount a small disk", mounted, "Run the tests as root.");
      try {
        const { code, output } = await clone.setUp({ XDG_CACHE_HOME: small, FAKE_PIP: "disk-full" });
        expect(code).to.equal(1);
        expect(output).to.match(/The disk became full while downloading TensorFlow to .*small-disk.* Free some space/);
        expect((await clone.setUp({ XDG_CACHE_HOME: small })).code).to.equal(0);
      } finally {
        spawnSync("umount", [small]);
      }
    });
  });

  describe("falls back, and says why and how to get the better way", () => {
    const slow = "Trivet trains in pure JavaScript here";

    it("without a compiler, before it downloads anything large", async () => {
      const clone = new FakeClone(machine());
      clone.remove("g++");
      const { code, output } = await clone.setUp();
      expect(code).to.equal(0);
      expect(output).to.match(
        /no C\+\+ compiler.*apt-get install g\+\+.*official installer of tfjs-node is tried.*failed too/s,
      );
      expect(output).to.contain(slow);
      expect(clone.calls("pip download")).to.deep.equal([]);
    });

    it("without Python", async () => {
      const clone = new FakeClone(machine());
      clone.remove("python3");
      expect((await clone.setUp()).output).to.match(/no Python with pip.*apt-get install python3-pip/s);
    });

    it("where pip has no network", async () => {
      const { output } = await new FakeClone(machine()).setUp({ FAKE_PIP: "offline" });
      expect(output).to.contain("pip could not reach its package index to download TensorFlow: check the network");
    });

    it("where pip finds no TensorFlow for the machine", async () => {
      const { output } = await new FakeClone(machine()).setUp({ FAKE_PIP: "no-wheel" });
      expect(output).to.contain("pip found no TensorFlow 2.21.0 for this machine; see");
    });

    it("where the compiler fails, and leaves no binding behind that does not load", async () => {
      const clone = new FakeClone(machine());
      const { output } = await clone.setUp({ FAKE_COMPILER: "fails" });
      expect(output).to.match(/g\+\+ could not compile the binding of TensorFlow to Node; see .*setup\.log/);
      expect(existsSync(path.join(clone.folder, "node_modules/@tensorflow/tfjs-node/lib"))).to.equal(false);
    });

    it("on a CPU that TensorFlow cannot run on", async () => {
      const clone = new FakeClone(machine());
      const { output } = await clone.setUp({ FAKE_CPU: "old", FAKE_OFFICIAL: "works" });
      expect(output).to.contain("TensorFlow does not run on this CPU, which lacks instructions that it needs (AVX).");
      expect(existsSync(path.join(clone.folder, "node_modules/@tensorflow/tfjs-node/lib"))).to.equal(false);
    });

    it("to the official installer's TensorFlow where that works", async () => {
      const clone = new FakeClone(machine());
      const { code, output } = await clone.setUp({ FAKE_PIP: "no-wheel", FAKE_OFFICIAL: "works" });
      expect(code).to.equal(0);
      expect(output).to.contain("It works. Its TensorFlow is older").and.not.contain(slow);
      expect((await clone.setUp()).output).to.equal("");
    });

    it("reminds of the slow way at each start, and tries again only when asked", async () => {
      const clone = new FakeClone(machine());
      await clone.setUp({ FAKE_PIP: "offline" });
      const start = clone.start(["run.mjs", "node"]);
      await start.ended;
      expect(start.output()).to.contain(slow);
      expect(clone.calls("pip download")).to.have.length(1);
      expect((await clone.setUp()).output).to.not.contain(slow);
      expect(clone.hasBackend()).to.equal(true);
    });

    it("but fails where TRIVET_REQUIRE_ALL=1 asks for everything", async () => {
      const { code, output } = await new FakeClone(machine()).setUp({ FAKE_PIP: "offline", TRIVET_REQUIRE_ALL: "1" });
      expect(code).to.equal(1);
      expect(output).to.contain("There is no native TensorFlow, and TRIVET_REQUIRE_ALL=1 asks for all parts");
    });
  });

  describe("before a command (run.mjs)", () => {
    it("runs the command with the clone's own Node and all arguments, and ends with its exit code", async () => {
      const clone = new FakeClone(machine());
      const run = clone.start(["run.mjs", "node", "a b", "--grep", "x"], { FAKE_EXIT_CODE: "3" });
      expect(await run.ended, run.output()).to.equal(3);
      expect(run.output()).to.contain("Trivet is set up.").and.contain("this is the clone's node: a b --grep x");
    });

    it("does not run the command when setup stopped", async () => {
      const clone = new FakeClone(machine());
      const run = clone.start(["run.mjs", "node", "job"], { FAKE_NPM: "offline" });
      expect(await run.ended).to.equal(1);
      expect(clone.calls("node job")).to.deep.equal([]);
    });

    it("passes a SIGTERM on to the command and ends as it does", async () => {
      const clone = new FakeClone(machine());
      await clone.setUp();
      const run = clone.start(["run.mjs", "node", "job"], { FAKE_HANG: "command" });
      const command = await clone.hanging();
      run.child.kill("SIGTERM");
      await run.ended;
      expect(run.child.signalCode).to.equal("SIGTERM");
      expect(() => process.kill(command, 0)).to.throw("ESRCH");
    });
  });
});

/** Waits until a run has printed what matches. Fails when it ends without. */
async function printed(run: Run, pattern: RegExp): Promise<void> {
  let ended = false;
  void run.ended.then(() => (ended = true));
  while (!pattern.test(run.output())) {
    if (ended) expect.fail(`it ended without printing ${pattern}:\n${run.output()}`);
    await sleep(10);
  }
}
