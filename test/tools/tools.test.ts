import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { environment } from "../support/environment.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { isAtLeast, tools } from "./tools.ts";

describe("The tools of the tests", () => {
  const folder = temporaryFolder();
  environment({ PATH: process.env.PATH });

  function installPulumi(version: string): void {
    for (const name of ["pulumi", "pulumi-language-nodejs"]) {
      writeFileSync(path.join(folder(), name), `#!/bin/sh\necho v${version}\n`);
      chmodSync(path.join(folder(), name), 0o755);
    }
    process.env.PATH = `${folder()}${path.delimiter}${process.env.PATH}`;
  }

  it("are Pulumi's programs on the PATH, where they are new enough", async () => {
    installPulumi("3.231.0");
    expect(await tools.pulumi.command()).to.deep.equal([path.join(folder(), "pulumi")]);
    expect(await tools.pulumiNodejs.command()).to.deep.equal([path.join(folder(), "pulumi-language-nodejs")]);
    expect(await tools.pulumi.isInstalled()).to.equal(true);
  });

  it("are not those of an older Pulumi", async () => {
    installPulumi("3.229.9");
    expect(await tools.pulumi.command()).to.not.deep.equal([path.join(folder(), "pulumi")]);
  });

  it("compare versions by number, part by part", () => {
    for (const version of ["3.230.0", "v3.230.1", "v3.1000.0", "v4.0.0"])
      expect(isAtLeast(version, "3.230.0"), version).to.equal(true);
    for (const version of ["v3.229.99", "3.9.0", "2.999.0", "", "dev"])
      expect(isAtLeast(version, "3.230.0"), version).to.equal(false);
  });
});
