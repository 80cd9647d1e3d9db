import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { resourceRules } from "./rules.ts";
import { stackRules } from "./stack-rules.ts";

/** Whether a resource belongs to a pipeline. What else is in a stack keeps other rules. */
const isOfPipeline = (urn: string) => /\btrivet:index:\w+TrainingPipeline\$/.test(urn);

/** Trivet's rules as Pulumi's policies: a deployment in which a pipeline breaks one stops. */
export const policies: readonly (ResourceValidationPolicy | StackValidationPolicy)[] = [
  ...resourceRules.map(
    (rule): ResourceValidationPolicy => ({
      name: rule.name,
      description: rule.description,
      enforcementLevel: "mandatory",
      validateResource({ type, name, props, urn }, report) {
        if (!isOfPipeline(urn)) return;
        for (const words of rule.check({ type, name, inputs: props })) report(`${name} ${words}`);
      },
    }),
  ),
  ...stackRules.map(
    (rule): StackValidationPolicy => ({
      name: rule.name,
      description: rule.description,
      enforcementLevel: "mandatory",
      validateStack({ resources }, report) {
        const own = resources.filter(({ urn }) => isOfPipeline(urn));
        for (const words of rule.check(own.map(({ type, name, props }) => ({ type, name, inputs: props }))))
          report(words);
      },
    }),
  ),
];
