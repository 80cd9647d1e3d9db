import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { cloudNames, clouds } from "../../components/limits.ts";
import { pulumiTools } from "../engine/pulumi.ts";
import { requireTool } from "../support/require-tool.ts";
import { makeSmallJob, playAll, type SmallJob, settingsOfActs } from "./acts.ts";
import { rehearsedClouds } from "./clouds/index.ts";
import { makeImage, type WorkerImage } from "./image.ts";
import { rehearse } from "./rehearse.ts";

describe("The whole of it, from `pulumi up` to `pulumi destroy`", function () {
  this.timeout(600_000);
  const folder = mkdtempSync(path.join(tmpdir(), "trivet-test-"));
  let image: WorkerImage;
  let job: SmallJob;

  before(async () => {
    image = await makeImage();
    job = await makeSmallJob(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const cloud of clouds)
    it(`trains on ${cloudNames[cloud]} to this machine's hash, survives an outage, fires, predicts, cancels, and leaves nothing`, async function () {
      for (const tool of [...pulumiTools.nodejs, ...rehearsedClouds[cloud].needs]) await requireTool(this, tool);
      this.timeout(600_000);
      await rehearse(rehearsedClouds[cloud], image, settingsOfActs[cloud], (rehearsal) => playAll(rehearsal, job));
    });
});
