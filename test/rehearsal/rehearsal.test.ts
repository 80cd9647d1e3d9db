import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { FinishedEvent } from "../../worker-runtime/src/job/events.ts";
import { writeJob } from "../cli/reviews-job.ts";
import { runTrivet } from "../cli/run-trivet.ts";
import { root } from "../components/languages.ts";
import { cloudPackages, pulumiEnvironment } from "../engine/pulumi.ts";
import { environment } from "../support/environment.ts";
import { requireTool } from "../support/require-tool.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { clouds } from "./clouds.ts";
import { rehearse } from "./rehearse.ts";

describe("The whole of it, from `pulumi up` to `pulumi destroy`", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  environment({
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: undefined,
    AWS_PROFILE: undefined,
  });
  const worker = [process.execPath, path.join(root, "worker-runtime/src/clouds/main.ts")];

  for (const cloud of ["aws", "gcp", "azure"] as const)
    it(`trains a job in the functions of ${clouds[cloud].title} to the hash of this machine, and leaves nothing`, async function () {
      for (const tool of clouds[cloud].needs) await requireTool(this, tool);
      writeJob(folder(), 2);
      const { stdout } = await runTrivet(folder(), ["train", "--json"]);
      const { weightsHash } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as FinishedEvent;

      const lines: string[] = [];
      const { jobs, secondUp, left, calls, resources, mostAtOnce } = await rehearse(cloud, clouds[cloud], {
        folder: folder(),
        jobs: [path.join(folder(), "job.yaml")],
        command: { worker },
        pulumiEnvironment: (port) => pulumiEnvironment(this, "nodejs", cloudPackages(port)),
        tell: (line) => lines.push(line),
      });
      expect(jobs.map(({ hash }) => hash)).to.deep.equal([weightsHash]);
      expect(secondUp).to.deep.equal(["same"]);
      expect(left).to.deep.equal([]);
      expect(resources).to.be.greaterThan(25);
      expect(mostAtOnce).to.be.within(1, 2);
      expect(calls?.refused ?? []).to.deep.equal([]);
    });
});
