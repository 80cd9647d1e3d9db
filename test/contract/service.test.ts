import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import { startService } from "../support/service.ts";

/** Says its process id, and then stays. */
const stays = [process.execPath, "-e", "console.log('pid', process.pid, '.'); setInterval(() => {}, 1000)"];
const ready = /pid (\d+) \./;

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a program that a test starts", () => {
  it("ends when it is stopped", async () => {
    const service = await startService(stays, ready);
    const pid = Number(service.captured[0]);
    expect(lives(pid)).to.equal(true);
    await service.stop();
    expect(lives(pid)).to.equal(false);
  });

  it("ends with the test's process, even where that is killed", async () => {
    const module = path.join(import.meta.dirname, "../support/service.ts");
    const starts = `
      const { startService } = await import(${JSON.stringify(module)});
      const { captured } = await startService(${JSON.stringify(stays)}, ${ready});
      console.log(captured[0]);`;
    const test = spawn(process.execPath, ["--input-type=module", "-e", starts], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = await once(test.stdout, "data");
    test.kill("SIGKILL");
    while (lives(Number(said))) await sleep(20);
  });

  it("says what it said when it ends before it is ready", async () => {
    const command = [process.execPath, "-e", "console.error('no such bucket'); process.exit(3)"];
    const error = await startService(command, ready).catch((error: Error) => error);
    expect(error)
      .to.be.an("error")
      .with.property("message")
      .that.matches(/no such bucket/);
  });
});
