import { visibilityTimeouts } from "../limits.ts";
import type { Resource, StackRule } from "./rules.ts";

// biome-ignore lint/suspicious/noExplicitAny: inputs are whatever a program gave; rules read them as they come
type Inputs = any;

const ofType = (resources: readonly Resource[], type: string) => resources.filter((resource) => resource.type === type);
const seconds = (text: unknown) => Number(String(text).replace(/s$/, ""));

/** A task that is still worked on must not be delivered again. */
const hiddenLongEnough: StackRule = {
  name: "hidden-longer-than-a-task",
  description: "An unacknowledged task stays hidden longer than a worker may take for it.",
  check(resources) {
    const problems: string[] = [];
    const longest = Math.max(
      0,
      ...ofType(resources, "aws:lambda/function:Function").map(({ inputs }) => Number(inputs.timeout)),
    );
    for (const { name, inputs } of ofType(resources, "aws:sqs/queue:Queue"))
      if (inputs.redrivePolicy && Number(inputs.visibilityTimeoutSeconds) < visibilityTimeouts * longest)
        problems.push(
          `${name} hides a task for ${inputs.visibilityTimeoutSeconds} s; ${visibilityTimeouts} function timeouts are ${visibilityTimeouts * longest} s`,
        );
    const services = ofType(resources, "gcp:cloudrunv2/service:Service").map(({ inputs }) =>
      seconds((inputs.template as Inputs)?.timeout),
    );
    for (const { name, inputs } of ofType(resources, "gcp:pubsub/subscription:Subscription"))
      if (inputs.pushConfig && Number(inputs.ackDeadlineSeconds) < Math.max(0, ...services))
        problems.push(
          `${name} pushes again after ${inputs.ackDeadlineSeconds} s, while a service may take ${Math.max(...services)} s`,
        );
    return problems;
  },
};

const deadLettersWired: StackRule = {
  name: "dead-letters",
  description: "A task that fails too often goes to a queue of its own, which somebody is told of.",
  check(resources) {
    const problems: string[] = [];
    const triggers = ofType(resources, "aws:lambda/eventSourceMapping:EventSourceMapping").map(
      ({ inputs }) => inputs.eventSourceArn,
    );
    const queues = ofType(resources, "aws:sqs/queue:Queue");
    if (triggers.length > 0 && !queues.some(({ inputs }) => inputs.redrivePolicy))
      problems.push("no queue has a redrivePolicy");
    for (const { name, inputs } of ofType(resources, "gcp:pubsub/subscription:Subscription"))
      if (inputs.pushConfig && !inputs.deadLetterPolicy) problems.push(`${name} has no deadLetterPolicy`);
    const storageQueues = ofType(resources, "azure-native:storage:Queue").map(({ inputs }) => String(inputs.queueName));
    for (const queue of storageQueues.filter((name) => !name.endsWith("-poison")))
      if (!storageQueues.includes(`${queue}-poison`)) problems.push(`the queue ${queue} has no ${queue}-poison`);
    return problems;
  },
};

const oneAtATime: StackRule = {
  name: "one-task-at-a-time",
  description: "A worker has one task at a time, so that its memory and its time are that task's alone.",
  check: (resources) => [
    ...ofType(resources, "aws:lambda/eventSourceMapping:EventSourceMapping")
      .filter(({ inputs }) => inputs.batchSize !== 1)
      .map(({ name }) => `${name} must have a batchSize of 1`),
    ...ofType(resources, "gcp:cloudrunv2/service:Service")
      .filter(({ inputs }) => (inputs.template as Inputs)?.maxInstanceRequestConcurrency !== 1)
      .map(({ name }) => `${name} must have a maxInstanceRequestConcurrency of 1`),
  ],
};

export const stackRules: readonly StackRule[] = [hiddenLongEnough, deadLettersWired, oneAtATime];
