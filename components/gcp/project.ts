import { CryptoKeyIAMMember } from "@pulumi/gcp/kms/cryptoKeyIAMMember.js";
import { Service as ProjectService } from "@pulumi/gcp/projects/service.js";
import { ServiceIdentity } from "@pulumi/gcp/projects/serviceIdentity.js";
import { getProjectServiceAccountOutput } from "@pulumi/gcp/storage/getProjectServiceAccount.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import type { GcpTrainingPipelineArgs } from "./training-pipeline.ts";

/**
 * Switches on the project's APIs; everything else waits for them. `serviceusage` and `cloudresourcemanager` must be on
 * before: without them Pulumi cannot ask. They stay on when the stack is destroyed, since others may use them.
 */
export function enableApis(scope: Scope, args: GcpTrainingPipelineArgs): void {
  if (args.enableApis === false) return;
  const names = [
    ...["artifactregistry", "iam", "logging", "monitoring", "pubsub", "run", "storage"],
    ...(args.schedules?.length ? ["cloudscheduler"] : []),
    ...(args.network?.create ? ["compute"] : []),
    ...(args.monthlyBudgetDollars !== undefined ? ["billingbudgets"] : []),
  ];
  scope.childrenWaitFor(
    names.map((name) =>
      scope.create(
        ProjectService,
        "api",
        { service: `${name}.googleapis.com`, disableOnDestroy: false },
        { index: name },
      ),
    ),
  );
}

/** The project's own account of Pub/Sub, which moves dead letters. Asking for it makes it exist. */
export function createPubsubAgent(scope: Scope): ServiceIdentity {
  return scope.create(ServiceIdentity, "pubsubAgent", { service: "pubsub.googleapis.com" });
}

/** Cloud Storage's account of the project, as a member. */
export const storageAgent = (scope: Scope): pulumi.Output<string> =>
  getProjectServiceAccountOutput({}, scope.invokeOptions).member;

/** With a key of the user's, the services that store things use it through their own accounts. Later children wait for that. */
export function allowKey(scope: Scope, args: GcpTrainingPipelineArgs, pubsubAgent: ServiceIdentity): void {
  if (args.encryptionKey === undefined) return;
  const agent = (service: string) =>
    scope.create(ServiceIdentity, "keyAgent", { service: `${service}.googleapis.com` }, { index: service }).member;
  const members: Record<string, pulumi.Output<string>> = {
    artifactregistry: agent("artifactregistry"),
    pubsub: pubsubAgent.member,
    run: agent("run"),
    storage: storageAgent(scope),
  };
  const cryptoKeyId = scope.gate(args.encryptionKey);
  scope.childrenWaitFor(
    Object.entries(members).map(([index, member]) =>
      scope.create(
        CryptoKeyIAMMember,
        "keyUser",
        { cryptoKeyId, role: "roles/cloudkms.cryptoKeyEncrypterDecrypter", member },
        { index },
      ),
    ),
  );
}
