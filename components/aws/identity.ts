import { Policy } from "@pulumi/aws/iam/policy.js";
import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment.js";
import type { Queue } from "@pulumi/aws/sqs/queue.js";
import * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import { keyPrefixes } from "../worker-configuration.ts";
import type { Logs } from "./logs.ts";
import type { Store } from "./object-store.ts";
import { allow, assumedBy, assumedByPrincipals, type Statement, siblingArn } from "./policies.ts";
import type { AwsTrainingPipelineArgs } from "./training-pipeline.ts";

/** What identities are granted rights on. */
export interface Targets {
  readonly store: Store;
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly logs: Logs | undefined;
}

const objects = (store: Store, ...prefixes: string[]) =>
  prefixes.map((prefix) => pulumi.interpolate`${store.arn}/${prefix}*`);

/** Large objects are uploaded in parts, and what was begun in vain is thrown away. */
const add = ["s3:AbortMultipartUpload", "s3:PutObject"];

/** `s3:ListBucket` also makes a missing object a 404 instead of a 403. */
const list = (store: Store): Statement => ({ Sid: "List", Action: ["s3:ListBucket"], Resource: [store.arn] });

/** With a key of the user's, whoever touches data needs the key too. */
export function useKey(scope: Scope, args: AwsTrainingPipelineArgs, ...actions: string[]): Statement[] {
  if (args.encryptionKey === undefined) return [];
  return [{ Sid: "UseKey", Action: actions, Resource: [scope.gate(args.encryptionKey)] }];
}

/** The stack owns the log group, so that its retention holds: nobody may create one. */
export const writeLogs = (logs: Logs | undefined): Statement[] =>
  logs === undefined
    ? []
    : [
        {
          Sid: "Log",
          Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
          Resource: [pulumi.interpolate`${logs.arn}:*`],
        },
      ];

/** What a Lambda function in a network of ours needs; Lambda checks it when the function is created. */
function networkInterfaces(args: AwsTrainingPipelineArgs, queueArn: pulumi.Output<string>): Statement[] {
  if (!args.network?.create && !args.network?.existingSubnets) return [];
  const ec2 = (resource: string) => siblingArn(queueArn, "ec2", resource);
  return [
    {
      Sid: "NetworkInterfaces",
      Action: ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"],
      Resource: [ec2("network-interface/*"), ec2("subnet/*"), ec2("security-group/*")],
    },
    // Describe actions know no resource: policy/wildcards.ts lists them with that reason.
    { Sid: "SeeNetworkInterfaces", Action: ["ec2:DescribeNetworkInterfaces"], Resource: ["*"] },
  ];
}

/** The worker's role: what its adapters and the event source mapping call, and nothing else. */
export function createWorkerIdentity(scope: Scope, args: AwsTrainingPipelineArgs, { store, queue, logs }: Targets) {
  const { datasets, jobs, rounds } = keyPrefixes;
  const workerRole = scope.create(Role, "workerRole", {
    description: "Trains: reads and adds objects, takes and sends tasks.",
    assumeRolePolicy: assumedBy("lambda.amazonaws.com"),
    tags: scope.tags,
  });
  const workerPolicy = scope.create(RolePolicy, "workerPolicy", {
    role: workerRole.id,
    policy: allow([
      { Sid: "Read", Action: ["s3:GetObject"], Resource: objects(store, datasets, jobs, rounds, keyPrefixes.incoming) },
      { Sid: "Add", Action: add, Resource: objects(store, datasets, jobs, rounds) },
      list(store),
      {
        Sid: "Tasks",
        Action: [
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ],
        Resource: [queue.arn],
      },
      ...writeLogs(logs),
      ...useKey(scope, args, "kms:Decrypt", "kms:GenerateDataKey"),
      ...networkInterfaces(args, queue.arn),
    ]),
  });
  return { workerRole, workerPolicy };
}

/** What people need to submit jobs and fetch results: a policy to attach, and a role for `submitters`. */
export function createSubmitter(scope: Scope, args: AwsTrainingPipelineArgs, targets: Targets): Policy {
  const { store, queue, deadLetters } = targets;
  const { datasets, jobs, rounds } = keyPrefixes;
  const submitterPolicy = scope.create(Policy, "submitterPolicy", {
    description: "Submits jobs to a Trivet pipeline and fetches their results.",
    policy: allow([
      { Sid: "Read", Action: ["s3:GetObject"], Resource: objects(store, datasets, jobs, rounds) },
      { Sid: "Add", Action: add, Resource: objects(store, datasets, jobs, keyPrefixes.incoming) },
      list(store),
      { Sid: "Submit", Action: ["sqs:GetQueueAttributes", "sqs:SendMessage"], Resource: [queue.arn] },
      // `trivet status` counts the tasks that failed too often.
      { Sid: "CountDeadLetters", Action: ["sqs:GetQueueAttributes"], Resource: [deadLetters.arn] },
      ...useKey(scope, args, "kms:Decrypt", "kms:GenerateDataKey"),
    ]),
    tags: scope.tags,
  });
  if (!args.submitters?.length) return submitterPolicy;
  const submitterRole = scope.create(Role, "submitterRole", {
    description: "May be assumed by those who submit jobs.",
    assumeRolePolicy: assumedByPrincipals(args.submitters.map(scope.gate)),
    tags: scope.tags,
  });
  scope.create(RolePolicyAttachment, "submitterAttachment", {
    role: submitterRole.name,
    policyArn: submitterPolicy.arn,
  });
  return submitterPolicy;
}
