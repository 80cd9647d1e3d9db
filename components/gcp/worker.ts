import { Service } from "@pulumi/gcp/cloudrunv2/service.js";
import { ServiceIamMember } from "@pulumi/gcp/cloudrunv2/serviceIamMember.js";
import type { ServiceIdentity } from "@pulumi/gcp/projects/serviceIdentity.js";
import { Subscription } from "@pulumi/gcp/pubsub/subscription.js";
import { SubscriptionIAMMember } from "@pulumi/gcp/pubsub/subscriptionIAMMember.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import { IAMMember } from "@pulumi/gcp/serviceaccount/iammember.js";
import type { cloudrunv2 as inputs } from "@pulumi/gcp/types/input.js";
import * as pulumi from "@pulumi/pulumi";
import { daySeconds, stopSeconds } from "../limits.ts";
import type { Scope } from "../scope.ts";
import { quietTensorFlow, variables } from "../worker-configuration.ts";
import type { createTaskQueue } from "./task-queue.ts";
import type { GcpTrainingPipelineArgs } from "./training-pipeline.ts";

/** What a service of ours runs in. */
export interface ServiceParts extends ReturnType<typeof createTaskQueue> {
  readonly imageUri: pulumi.Output<string>;
  readonly bucket: pulumi.Output<string>;
}

/** Cores of an instance: one per 2,048 MiB, and of the numbers that Cloud Run has. */
export function cores(memoryMib: number): number {
  return [1, 2, 4, 6].find((count) => count * 2048 >= memoryMib) ?? 8;
}

/** The container that all services share: the same image and store. */
export function containerArgs(
  scope: Scope,
  role: "worker" | "predict",
  parts: ServiceParts,
  gpu = false,
): inputs.ServiceTemplateContainer {
  const { imageUri, bucket, queue } = parts;
  const { memoryMib, taskTimeoutSeconds } = scope.settings;
  const environment: Record<string, pulumi.Input<string>> = {
    ...quietTensorFlow,
    [variables.platform]: "gcp-cloud-run",
    [variables.queue]: queue.id,
    [variables.role]: role,
    [variables.store]: bucket,
    [variables.taskTimeoutSeconds]: taskTimeoutSeconds.apply(String),
  };
  return {
    image: imageUri,
    ports: { containerPort: 8080 },
    resources: {
      limits: {
        cpu: memoryMib.apply((mib) => String(cores(mib))),
        memory: pulumi.interpolate`${memoryMib}Mi`,
        ...(gpu && { "nvidia.com/gpu": "1" }),
      },
      // Billed while a request is served; with a GPU, Cloud Run asks for billing of the whole instance.
      cpuIdle: !gpu,
      startupCpuBoost: true,
    },
    envs: Object.entries(environment).map(([name, value]) => ({ name, value })),
    startupProbe: { httpGet: { path: "/" }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 24 },
  };
}

/** The service that trains, and the push that starts it: one message per instance at a time. */
export function createWorker(
  scope: Scope,
  args: GcpTrainingPipelineArgs,
  parts: ServiceParts & {
    account: Account;
    pubsubAgent: ServiceIdentity;
    vpcAccess: inputs.ServiceTemplateVpcAccess | undefined;
  },
) {
  const { account, pubsubAgent, vpcAccess, queue, deadLetters, deadLetterPublisher } = parts;
  const { taskTimeoutSeconds, maxConcurrency, warmInstances, maxAttempts } = scope.settings;
  const worker = scope.create(Service, "worker", {
    location: scope.gate(args.location),
    description: "Trains: takes one task of a round at a time.",
    // Else a destroy fails: Pulumi's own `protect` is there for who wants it.
    deletionProtection: false,
    // A push from the same project counts as internal.
    ingress: "INGRESS_TRAFFIC_INTERNAL_ONLY",
    labels: scope.tags,
    template: {
      serviceAccount: account.email,
      timeout: pulumi.interpolate`${taskTimeoutSeconds.apply((seconds) => seconds + stopSeconds)}s`,
      maxInstanceRequestConcurrency: 1,
      executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
      scaling: { minInstanceCount: warmInstances, maxInstanceCount: maxConcurrency },
      containers: [containerArgs(scope, "worker", parts, args.gpu)],
      ...(vpcAccess && { vpcAccess }),
      ...(args.encryptionKey !== undefined && { encryptionKey: scope.gate(args.encryptionKey) }),
      ...(args.gpu && { nodeSelector: { accelerator: "nvidia-l4" }, gpuZonalRedundancyDisabled: true }),
    },
  });
  const pushAccount = scope.create(Account, "pushAccount", {
    description: "Pushes tasks to the worker.",
  });
  const pushInvoker = scope.create(ServiceIamMember, "pushInvoker", {
    location: worker.location,
    name: worker.name,
    role: "roles/run.invoker",
    member: pushAccount.member,
  });
  // Projects from before April 2021 need it; docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions
  const pushToken = scope.create(IAMMember, "pushToken", {
    serviceAccountId: pushAccount.name,
    role: "roles/iam.serviceAccountTokenCreator",
    member: pubsubAgent.member,
  });
  const trigger = scope.create(
    Subscription,
    "trigger",
    {
      topic: queue.id,
      // For a push it is also the time limit of the request, and a task may be shorter but not longer.
      ackDeadlineSeconds: 600,
      messageRetentionDuration: `${4 * daySeconds}s`,
      // Without it an idle subscription is removed after 31 days, and the pipeline is deaf.
      expirationPolicy: { ttl: "" },
      retryPolicy: { minimumBackoff: "10s", maximumBackoff: "600s" },
      deadLetterPolicy: { deadLetterTopic: deadLetters.id, maxDeliveryAttempts: maxAttempts },
      pushConfig: {
        pushEndpoint: worker.uri,
        oidcToken: { serviceAccountEmail: pushAccount.email, audience: worker.uri },
      },
      labels: scope.tags,
    },
    { dependsOn: [pushInvoker, pushToken, deadLetterPublisher] },
  );
  scope.create(SubscriptionIAMMember, "triggerSubscriber", {
    subscription: trigger.name,
    role: "roles/pubsub.subscriber",
    member: pubsubAgent.member,
  });
  return { worker, trigger };
}
