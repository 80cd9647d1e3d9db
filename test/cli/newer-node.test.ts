import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { run } from "./run-trivet.ts";

describe("trivet on an older Node", () => {
  const folder = temporaryFolder();
  // Without this feature a Node is as good as an older one.
  const trivet = () => run(folder(), ["--no-experimental-strip-types", "cli/bin/trivet.mjs", "doctor", "--json"]);

  beforeEach(() => {
    cpSync(new URL("../../cli/bin", import.meta.url), join(folder(), "cli/bin"), { recursive: true });
    mkdirSync(join(folder(), "cli/src"));
    writeFileSync(
      join(folder(), "cli/src/main.ts"),
      "export const main = (args: string[]) => { console.log(args.join()); process.exitCode = 5; };",
    );
    writeFileSync(join(folder(), "package.json"), '{ "type": "module" }');
  });

  it("runs again with the Node of the npm package, with the same arguments and exit code", async () => {
    mkdirSync(join(folder(), "node_modules/node/bin"), { recursive: true });
    symlinkSync(process.execPath, join(folder(), "node_modules/node/bin/node"));
    expect(await trivet()).to.deep.equal({ exitCode: 5, stdout: "doctor,--json\n", stderr: "" });
  });

  it("says what to do where there is none", async () => {
    const { exitCode, stderr } = await trivet();
    expect(exitCode).to.equal(2);
    expect(stderr).to.match(/^Trivet needs Node 22\.18 or later, and this is Node .+ run `npm install node@24`/);
  });
});
