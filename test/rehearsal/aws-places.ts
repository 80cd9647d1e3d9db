import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, DeleteQueueCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { StubOptions, Thing } from "../components/stub-provider.ts";
import { awsTestIdentity } from "../support/cloud-places.ts";

/** Makes the buckets and queues of a deployment in moto, as the AWS provider makes them in AWS. */
export class AwsPlaces implements StubOptions {
  readonly #s3: S3Client;
  readonly #sqs: SQSClient;
  #count = 0;

  constructor(endpoint: string) {
    this.#s3 = new S3Client({ ...awsTestIdentity, endpoint, forcePathStyle: true });
    this.#sqs = new SQSClient({ ...awsTestIdentity, endpoint });
  }

  make = async (type: string, inputs: Readonly<Record<string, unknown>>) => {
    const name = `training-${++this.#count}`;
    if (type === "aws:s3/bucket:Bucket") {
      await this.#s3.send(new CreateBucketCommand({ Bucket: name }));
      return { id: name, bucket: name, arn: `arn:aws:s3:::${name}` };
    }
    if (type === "aws:sqs/queue:Queue") {
      const Attributes = {
        VisibilityTimeout: `${inputs.visibilityTimeoutSeconds ?? 30}`,
        ...(typeof inputs.redrivePolicy === "string" && { RedrivePolicy: inputs.redrivePolicy }),
      };
      const { QueueUrl: url } = await this.#sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
      return { id: url!, url, name, arn: `arn:aws:sqs:us-east-1:123456789012:${name}` };
    }
    return {};
  };

  remove = async ({ type, id, inputs }: Thing) => {
    if (type === "aws:sqs/queue:Queue") await this.#sqs.send(new DeleteQueueCommand({ QueueUrl: id }));
    if (type !== "aws:s3/bucket:Bucket") return;
    if (inputs.forceDestroy === true) {
      const { Contents = [] } = await this.#s3.send(new ListObjectsV2Command({ Bucket: id }));
      const Objects = Contents.map(({ Key }) => ({ Key: Key! }));
      if (Objects.length > 0) await this.#s3.send(new DeleteObjectsCommand({ Bucket: id, Delete: { Objects } }));
    }
    await this.#s3.send(new DeleteBucketCommand({ Bucket: id }));
  };

  /** Names of all buckets and queues that there are. */
  async all(): Promise<string[]> {
    const { Buckets = [] } = await this.#s3.send(new ListBucketsCommand({}));
    const { QueueUrls = [] } = await this.#sqs.send(new ListQueuesCommand({}));
    return [...Buckets.map(({ Name }) => Name!), ...QueueUrls];
  }

  stop(): void {
    this.#s3.destroy();
    this.#sqs.destroy();
  }
}
