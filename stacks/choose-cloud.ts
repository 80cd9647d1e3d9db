import { RunError } from "@pulumi/pulumi";
import { type Cloud, clouds } from "../components/limits.ts";

/**
 * The cloud that `trivet:cloud` says, else the one in the stack's name: `dev-aws`, `gcp`, `azure.eu`. Throws when neither
 * tells, or when the name has two.
 */
export function chooseCloud(stack: string, config: Readonly<Record<string, string>>): Cloud {
  const configured = config["trivet:cloud"];
  const words = stack.toLowerCase().split(/[^a-z0-9]+/);
  const [cloud, ...others] = clouds.filter((name) =>
    configured === undefined ? words.includes(name) : name === configured,
  );
  if (cloud !== undefined && others.length === 0) return cloud;
  const problem =
    configured !== undefined
      ? `trivet:cloud is ${JSON.stringify(configured)}`
      : `trivet:cloud is not set, and the stack's name, ${stack}, tells ${others.length > 0 ? "several clouds" : "no cloud either"}`;
  throw new RunError(
    `${problem}; allowed are ${clouds.join(", ")}. Set it:\n${clouds.map((name) => `  pulumi config set trivet:cloud ${name}`).join("\n")}`,
  );
}
