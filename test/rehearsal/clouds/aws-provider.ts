import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, DeleteQueueCommand, ListQueuesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Thing } from "../../components/stub-provider.ts";
import type { RunningCloud } from "./cloud.ts";

/** Makes the buckets and queues of a deployment in moto, as the AWS provider makes them in AWS. */
export function awsProvider(s3: S3Client, sqs: SQSClient): Pick<RunningCloud, "make" | "remove" | "all"> {
  return {
    async make(type, inputs, name) {
      if (type === "aws:s3/bucket:Bucket") {
        await s3.send(new CreateBucketCommand({ Bucket: name }));
        return { id: name, bucket: name, arn: `arn:aws:s3:::${name}` };
      }
      if (type === "aws:sqs/queue:Queue") {
        const Attributes = {
          VisibilityTimeout: `${inputs.visibilityTimeoutSeconds ?? 30}`,
          ...(typeof inputs.redrivePolicy === "string" && { RedrivePolicy: inputs.redrivePolicy }),
        };
        const { QueueUrl: url } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
        return { id: url!, url, name, arn: `arn:aws:sqs:us-east-1:123456789012:${name}` };
      }
      return {};
    },

    async remove({ type, id, inputs }: Thing) {
      if (type === "aws:sqs/queue:Queue") await sqs.send(new DeleteQueueCommand({ QueueUrl: id }));
      if (type !== "aws:s3/bucket:Bucket") return;
      if (inputs.forceDestroy === true) await empty(s3, id);
      await s3.send(new DeleteBucketCommand({ Bucket: id }));
    },

    async all() {
      const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
      const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
      return [...Buckets.map(({ Name }) => Name!), ...QueueUrls];
    },
  };
}

async function empty(s3: S3Client, bucket: string): Promise<void> {
  for (;;) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    if (Contents.length === 0) return;
    const Objects = Contents.map(({ Key }) => ({ Key: Key! }));
    await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
  }
}
