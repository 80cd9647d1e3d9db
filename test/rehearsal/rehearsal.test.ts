import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { type Cloud, cloudNames, clouds } from "../../components/limits.ts";
import { root } from "../components/languages.ts";
import { pulumiTools } from "../engine/pulumi.ts";
import { requirePart } from "../support/require.ts";
import { requireTool } from "../support/require-tool.ts";
import { makeSmallJob, playAll, type SmallJob, settingsOfActs } from "./acts.ts";
import type { DeployedPipeline } from "./clouds/cloud.ts";
import { rehearsedClouds } from "./clouds/index.ts";
import { makeImage, type WorkerImage } from "./image.ts";
import { identities } from "./permissions/calls.ts";
import { unused } from "./permissions/explained.ts";
import { renderPermissions } from "./permissions/page.ts";
import { rehearse } from "./rehearse.ts";

const page = path.join(root, "docs/permissions.md");

describe("The whole of it, from `pulumi up` to `pulumi destroy`", function () {
  this.timeout(600_000);
  const folder = mkdtempSync(path.join(tmpdir(), "trivet-test-"));
  const found = new Map<Cloud, DeployedPipeline["permissions"]>();
  let image: WorkerImage;
  let job: SmallJob;

  before(async () => {
    image = await makeImage();
    job = await makeSmallJob(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const cloud of clouds) {
    it(`trains on ${cloudNames[cloud]} to this machine's hash, survives an outage, fires, predicts, cancels, and leaves nothing`, async function () {
      for (const tool of [...pulumiTools.nodejs, ...rehearsedClouds[cloud].needs]) await requireTool(this, tool);
      this.timeout(600_000);
      const { permissions, mostAtOnce } = await rehearse(rehearsedClouds[cloud], image, settingsOfActs[cloud], (at) =>
        playAll(at, job),
      );
      expect(mostAtOnce).to.be.within(1, 2);
      found.set(cloud, permissions);
    });

    it(`grants on ${cloudNames[cloud]} nothing that nobody asked for, but what is explained`, function () {
      const permissions = found.get(cloud);
      requirePart(this, "the rehearsal in the same run", permissions !== undefined, "Run the whole file.");
      for (const identity of identities)
        expect(permissions![identity].unused, identity).to.deep.equal(Object.keys(unused[cloud][identity]).sort());
    });
  }

  it("is written down: docs/permissions.md has every action that is granted", function () {
    requirePart(this, "all clouds in the same run", found.size === clouds.length, "Run the whole file.");
    const rendered = renderPermissions(found);
    if (process.env.TRIVET_WRITE_DOCS === "1") writeFileSync(page, rendered);
    // Without the numbers of calls, which differ from run to run.
    const withoutNumbers = (text: string) => text.replaceAll(/\d+/g, "").replaceAll(/[ -]+/g, " ");
    expect(withoutNumbers(readFileSync(page, "utf8")), "TRIVET_WRITE_DOCS=1").to.equal(withoutNumbers(rendered));
  });
});
