// `pulumi up` starts here (see Pulumi.yaml), and loads the program of the stack's cloud and no other. Not TypeScript, so
// that a Node too old for TypeScript can say so.
import * as pulumi from "@pulumi/pulumi";

export default async function deploy() {
  if (!process.features.typescript)
    throw new pulumi.RunError(
      `The stacks are TypeScript, which Node ${process.version} does not run by itself; 22.18 and newer do. ` +
        "This repository's own Node does too: npx -c 'pulumi up'",
    );
  const { chooseCloud } = await import("./choose-cloud.ts");
  const cloud = chooseCloud(pulumi.getStack(), pulumi.runtime.allConfig());
  return { ...(await import(`./${cloud}.ts`)) };
}
