import * as pubsub from "@pulumi/gcp/pubsub/index.js";
import * as serviceaccount from "@pulumi/gcp/serviceaccount/index.js";
import * as storage from "@pulumi/gcp/storage/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import { incomingPrefix, keyPrefixes } from "../worker-configuration.ts";
import type { GcpTrainingPipelineArgs } from "./training-pipeline.ts";

/** What identities are granted rights on. */
export interface Targets {
  readonly bucket: pulumi.Output<string>;
  readonly queue: pubsub.Topic;
}

/** A condition by which a right holds only for objects whose keys start so. */
function onPrefixes(bucket: pulumi.Output<string>, ...prefixes: string[]) {
  const tests = prefixes.map(
    (prefix) => pulumi.interpolate`resource.name.startsWith("projects/_/buckets/${bucket}/objects/${prefix}")`,
  );
  return { title: "only-these-prefixes", expression: pulumi.all(tests).apply((known) => known.join(" || ")) };
}

/** The worker's account: it reads and adds objects, and sends tasks. It can overwrite and delete nothing. */
export function createWorkerIdentity(scope: Scope, { bucket, queue }: Targets): serviceaccount.Account {
  const { datasets, jobs, rounds } = keyPrefixes;
  const account = scope.create(serviceaccount.Account, "workerAccount", {
    description: "Trains: reads and adds objects, sends tasks.",
  });
  scope.create(storage.BucketIAMMember, "workerReader", {
    bucket,
    role: "roles/storage.objectViewer",
    member: account.member,
  });
  scope.create(storage.BucketIAMMember, "workerCreator", {
    bucket,
    role: "roles/storage.objectCreator",
    member: account.member,
    condition: onPrefixes(bucket, datasets, jobs, rounds),
  });
  scope.create(pubsub.TopicIAMMember, "workerPublisher", {
    topic: queue.name,
    role: "roles/pubsub.publisher",
    member: account.member,
  });
  return account;
}

/** What people need to submit jobs and fetch results: an account that `submitters` may take on. */
export function createSubmitter(
  scope: Scope,
  args: GcpTrainingPipelineArgs,
  { bucket, queue }: Targets,
): serviceaccount.Account {
  const account = scope.create(serviceaccount.Account, "submitterAccount", {
    description: "Submits jobs and fetches results.",
  });
  const { member } = account;
  scope.create(storage.BucketIAMMember, "submitterReader", { bucket, role: "roles/storage.objectViewer", member });
  scope.create(storage.BucketIAMMember, "submitterCreator", {
    bucket,
    role: "roles/storage.objectCreator",
    member,
    condition: onPrefixes(bucket, keyPrefixes.datasets, keyPrefixes.jobs, incomingPrefix),
  });
  scope.create(pubsub.TopicIAMMember, "submitterPublisher", {
    topic: queue.name,
    role: "roles/pubsub.publisher",
    member,
  });
  for (const [i, submitter] of (args.submitters ?? []).entries())
    scope.create(
      serviceaccount.IAMMember,
      "submitter",
      { serviceAccountId: account.name, role: "roles/iam.serviceAccountTokenCreator", member: scope.gate(submitter) },
      { index: String(i) },
    );
  return account;
}
