import type { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment.js";
import { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity/userAssignedIdentity.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import { keyPrefixes } from "../worker-configuration.ts";
import type { Store } from "./object-store.ts";
import type { Place } from "./place.ts";
import type { Registry } from "./registry.ts";
import { addOnly, grant } from "./roles.ts";
import type { Queue } from "./task-queue.ts";
import type { AzureTrainingPipelineArgs } from "./training-pipeline.ts";

/** What identities are granted rights on. */
export interface Targets {
  readonly store: Store;
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly registry: Registry | undefined;
}

/** An identity that exists, with its right to pull, before what runs as it. */
export interface Identity {
  readonly id: pulumi.Output<string>;
  readonly principalId: pulumi.Output<string>;
  readonly clientId: pulumi.Output<string>;
  readonly tenantId: pulumi.Output<string>;
  readonly pull: readonly RoleAssignment[];
}

/** A managed identity that may pull the image. */
export function createIdentity(
  scope: Scope,
  of: "worker" | "submitter" | "predictor",
  place: Place,
  registry: Registry | undefined,
): Identity {
  const { id, principalId, clientId, tenantId } = scope.create(UserAssignedIdentity, `${of}Identity`, {
    ...place,
    tags: scope.tags,
  });
  const pull = registry ? [grant(scope, `${of}Pull`, { role: "acrPull", on: registry.id, to: principalId })] : [];
  return { id, principalId, clientId, tenantId, pull };
}

/** What a worker may do: read and add objects, take and send tasks, put dead letters away. */
export function allowWorker(scope: Scope, { store, queue, deadLetters }: Targets, to: pulumi.Output<string>): void {
  const { datasets, jobs, rounds } = keyPrefixes;
  const condition = addOnly(datasets, jobs, rounds);
  grant(scope, "workerObjects", { role: "blobContributor", on: store.containerId, to, condition });
  grant(scope, "workerTasks", { role: "queueContributor", on: queue.id, to });
  grant(scope, "workerDeadLetters", { role: "queueSender", on: deadLetters.id, to });
}

/** What submitting needs, for an identity (of schedules, and of machines of the user's) and for the named people. */
export function createSubmitter(
  scope: Scope,
  args: AzureTrainingPipelineArgs,
  place: Place,
  { store, queue, deadLetters, registry }: Targets,
): Identity {
  const identity = createIdentity(scope, "submitter", place, registry);
  const objects = {
    role: "blobContributor",
    on: store.containerId,
    condition: addOnly(keyPrefixes.datasets, keyPrefixes.jobs, keyPrefixes.incoming),
  } as const;
  const tasks = { role: "queueSender", on: queue.id } as const;
  // `trivet status` counts the tasks that failed too often.
  const count = { role: "queueReader", on: deadLetters.id } as const;
  grant(scope, "submitterObjects", { ...objects, to: identity.principalId });
  grant(scope, "submitterTasks", { ...tasks, to: identity.principalId });
  grant(scope, "submitterDeadLetters", { ...count, to: identity.principalId });
  for (const [i, submitter] of (args.submitters ?? []).entries()) {
    const person = { to: scope.gate(submitter), isPerson: true };
    grant(scope, "submitter", { ...objects, ...person }, `objects-${i}`);
    grant(scope, "submitter", { ...tasks, ...person }, `tasks-${i}`);
    grant(scope, "submitter", { ...count, ...person }, `dead-letters-${i}`);
  }
  return identity;
}
