export { actionsWithoutResource } from "./documents.ts";
export { allowedRoles } from "./grants.ts";
export { type Resource, type ResourceRule, resourceRules, type StackRule } from "./rules.ts";
export { stackRules } from "./stack-rules.ts";

import { type Resource, resourceRules } from "./rules.ts";
import { stackRules } from "./stack-rules.ts";

/** Every broken promise in a set of resources, as `name (rule): words`; empty when all is well. For tests of one's own. */
export function brokenRules(resources: readonly Resource[]): string[] {
  return [
    ...resources.flatMap((resource) =>
      resourceRules.flatMap((rule) => rule.check(resource).map((words) => `${resource.name} (${rule.name}): ${words}`)),
    ),
    ...stackRules.flatMap((rule) => rule.check(resources).map((words) => `(${rule.name}): ${words}`)),
  ];
}
