import type { Cloud } from "../../../components/limits.ts";
import type { Identity } from "./calls.ts";

type Reasons = Readonly<Record<string, string>>;

const log = "Lambda writes the function's log with its role; here nobody collects logs";
const writeLogs = { "logs:CreateLogStream": log, "logs:PutLogEvents": log };
const abort = {
  "s3:AbortMultipartUpload":
    "gives up an upload in parts that cannot be finished; the rehearsal has no object of more than 32 MiB",
};

const parts = "Google's role Storage Object Creator has it: uploads in parts by the XML interface, which is not used";
const uploads = {
  "storage.multipartUploads.abort": parts,
  "storage.multipartUploads.create": parts,
  "storage.multipartUploads.listParts": parts,
};
const subscriber = "Google's role Pub/Sub Subscriber has it";

const storage = "Microsoft.Storage/storageAccounts";
const containers = `${storage}/blobServices/containers`;
const queues = `${storage}/queueServices/queues`;
const narrowest = "Azure has no role that only adds";
const blobRole = `Azure's role Storage Blob Data Contributor has it: ${narrowest}`;
const queueRole =
  "Azure's role Storage Queue Data Contributor has it: Azure has no role that only takes, sends and hides";
const delegation = "It belongs to the account, and the role is given on a container, so it grants nothing";
const blobContributor = {
  [`${containers}/blobs/add/action`]: `${blobRole}. A put is asked for as write`,
  [`${containers}/blobs/delete`]: `${blobRole}. The condition takes it away again`,
  [`${containers}/blobs/move/action`]: `${blobRole}. Only accounts with folders know it, and this one has none`,
  [`${containers}/delete`]: blobRole,
  [`${containers}/read`]: blobRole,
  [`${containers}/write`]: blobRole,
  [`${storage}/blobServices/generateUserDelegationKey/action`]: `${blobRole}. ${delegation}`,
};
const reader = "Azure's role Storage Blob Data Reader has it";

/** What a role grants and the rehearsal never asks for, and why it is granted all the same. */
export const unused: Readonly<Record<Cloud, Readonly<Record<Identity, Reasons>>>> = {
  aws: { worker: { ...writeLogs, ...abort }, submitter: abort, predictor: writeLogs },
  gcp: {
    worker: uploads,
    submitter: {
      ...uploads,
      "pubsub.snapshots.seek": `${subscriber}. There is no snapshot`,
      "pubsub.topics.attachSubscription": `${subscriber}. It is about topics, and the role is given on a subscription`,
    },
    predictor: {},
  },
  azure: {
    worker: {
      ...blobContributor,
      [`${queues}/delete`]: queueRole,
      [`${queues}/messages/delete`]: `${queueRole}. A message is removed by process/action, too`,
      [`${queues}/read`]: queueRole,
      [`${queues}/write`]: queueRole,
    },
    submitter: {
      ...blobContributor,
      [`${queues}/messages/read`]: "Azure's role Storage Queue Data Reader has it: Azure has no role that only counts",
    },
    predictor: {
      [`${containers}/read`]: reader,
      [`${storage}/blobServices/generateUserDelegationKey/action`]: `${reader}. ${delegation}`,
    },
  },
};

/** What AWS's policies grant besides where a setting asks for it. The rehearsal has none of these settings. */
export const withSettings: Reasons = {
  "ec2:CreateNetworkInterface": "`network`: Lambda puts the function into it",
  "ec2:DeleteNetworkInterface": "`network`: Lambda puts the function into it",
  "ec2:DescribeNetworkInterfaces": "`network`: Lambda puts the function into it",
  "kms:Decrypt": "`encryptionKey`: S3 and SQS use the key in the name of whoever reads",
  "kms:GenerateDataKey": "`encryptionKey`: S3 and SQS use the key in the name of whoever writes",
};
