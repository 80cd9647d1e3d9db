import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "./limits.ts";

/** The tag that every child carries, whose value is the pipeline's name. */
export const pipelineTag = "trivet-pipeline";

/** A word that is a valid Google Cloud label key or value. docs.cloud.google.com/resource-manager/docs/labels-overview */
function label(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9_-]/g, "_")
    .slice(0, 63);
}

/**
 * Tags as that cloud takes them, in the order of their keys. Where characters are lost, or two tags become one,
 * `warn` is told.
 */
export function normaliseTags(
  cloud: Cloud,
  tags: Readonly<Record<string, string>>,
  warn: (message: string) => void,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [key, value] of Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [newKey, newValue] =
      cloud === "gcp"
        ? [
            label(key)
              .replace(/^[^a-z]/, "l$&")
              .slice(0, 63),
            label(value),
          ]
        : [key, value];
    if (newKey in result) {
      warn(`The tag ${JSON.stringify(key)} is left out: as a label it is ${newKey}, which another tag has already.`);
      continue;
    }
    if (newKey !== key || newValue !== value)
      warn(
        `The tag ${JSON.stringify(key)}: ${JSON.stringify(value)} is the label ${newKey}: ${newValue} on Google Cloud.`,
      );
    result[newKey] = newValue;
  }
  return result;
}

/** What is wrong with a user's tags on that cloud, as `[path, reason]`. */
export function tagProblems(cloud: Cloud, tags: Readonly<Record<string, unknown>>): [string, string][] {
  const most = { aws: 50, gcp: 64, azure: 50 }[cloud] - 1;
  const longest = { aws: [128, 256], gcp: [1000, 1000], azure: [512, 256] }[cloud] as [number, number];
  const problems: [string, string][] = [];
  const entries = Object.entries(tags);
  if (entries.length > most)
    problems.push(["tags", `has ${entries.length} tags; at most ${most} fit beside Trivet's own`]);
  for (const [key, value] of entries) {
    const path = `tags[${JSON.stringify(key)}]`;
    if (pulumi.Output.isInstance(value) || value instanceof Promise) continue;
    if (typeof value !== "string") problems.push([path, `is ${JSON.stringify(value)}, not a text`]);
    else if (key === "" || key.length > longest[0])
      problems.push([path, `has a key of ${key.length} characters; 1 to ${longest[0]} are allowed`]);
    else if (value.length > longest[1])
      problems.push([path, `is ${value.length} characters long; at most ${longest[1]} are allowed`]);
    else if (key === pipelineTag) problems.push([path, "is the tag that Trivet sets itself"]);
    else if (cloud === "aws" && (/^aws:/i.test(key) || /[^\p{L}\p{Z}\p{N}_.:/=+\-@]/u.test(key + value)))
      problems.push([path, "may hold letters, digits, spaces and _ . : / = + - @ only, and not start with aws:"]);
    else if (cloud === "azure" && /[<>%&\\?/]/.test(key))
      problems.push([path, "may not have any of < > % & \\ ? / in its key"]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    else if (cloud === "azure" && /[\x00-\x1f\x7f]/.test(key + value))
      problems.push([path, "may not have control characters"]);
  }
  return problems;
}
