import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import { describe, it } from "mocha";

const module = new URL("../../worker-runtime/src/clouds/load-tensorflow.ts", import.meta.url).href;

describe("loading TensorFlow ahead, in a thread of its own", () => {
  it("decides how many threads share a sum before the library can read it, unless the environment has", async () => {
    // Whatever loads the library first fixes the number for the process: a worker that did so too late had other bits.
    const code = `
      const { loadTensorFlow } = await import(${JSON.stringify(module)});
      loadTensorFlow();
      console.log(process.env.TF_NUM_INTRAOP_THREADS, process.env.TF_NUM_INTEROP_THREADS);
      process.exit();`;
    const run = async (environment: Record<string, string>) => {
      const { TF_NUM_INTRAOP_THREADS: _, TF_NUM_INTEROP_THREADS: __, ...rest } = process.env;
      const options = { env: { ...rest, ...environment } };
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], options);
      return stdout.trim();
    };
    expect(await run({})).to.equal("1 1");
    expect(await run({ TF_NUM_INTRAOP_THREADS: "2" })).to.equal("2 1");
  });
});
