import { randomUUID } from "node:crypto";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { BlobServiceClient, type StorageSharedKeyCredential } from "@azure/storage-blob";
import { QueueClient } from "@azure/storage-queue";
import { Storage } from "@google-cloud/storage";

/** Buckets and queues in emulators, as components make them in the clouds. Names are new each time. */

const newName = () => `trivet-${randomUUID()}`;

/** What the AWS SDK must be given; moto does not look at it. */
export const awsTestIdentity = {
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
} as const;

export async function makeS3Bucket(endpoint: string): Promise<string> {
  const client = new S3Client({ ...awsTestIdentity, endpoint, forcePathStyle: true });
  const bucket = newName();
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return bucket;
}

/** Gives the queue's address. */
export async function makeSqsQueue(endpoint: string): Promise<string> {
  const client = new SQSClient({ ...awsTestIdentity, endpoint });
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: newName() }));
  client.destroy();
  return QueueUrl!;
}

export async function makeGcsBucket(endpoint: string): Promise<string> {
  const bucket = newName();
  await new Storage({ apiEndpoint: endpoint, projectId: "emulator" }).createBucket(bucket);
  return bucket;
}

export interface PubSubPlaces {
  readonly topic: string;
  readonly subscription: string;
  /** Where messages go that were delivered a hundred times. */
  readonly deadLetters: string;
}

export async function makePubSubTopic(endpoint: string): Promise<PubSubPlaces> {
  const name = newName();
  const places = {
    topic: `projects/emulator/topics/${name}`,
    subscription: `projects/emulator/subscriptions/${name}`,
    deadLetters: `projects/emulator/topics/${name}-dead`,
  };
  const put = async (place: string, body: unknown) => {
    const answer = await fetch(`${endpoint}/v1/${place}`, {
      ...{ method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
    });
    if (!answer.ok) throw new Error(`${place}: ${await answer.text()}`);
  };
  await put(places.topic, {});
  await put(places.deadLetters, {});
  await put(places.subscription, {
    topic: places.topic,
    ackDeadlineSeconds: 600,
    deadLetterPolicy: { deadLetterTopic: places.deadLetters, maxDeliveryAttempts: 100 },
  });
  return places;
}

const azuriteCredential = () =>
  BlobServiceClient.fromConnectionString("UseDevelopmentStorage=true").credential as StorageSharedKeyCredential;

/** Gives the container's address. */
export async function makeBlobContainer(accountUrl: string): Promise<string> {
  const client = new BlobServiceClient(accountUrl, azuriteCredential()).getContainerClient(newName());
  await client.create();
  return client.url;
}

/** Gives the queue's address. */
export async function makeStorageQueue(accountUrl: string): Promise<string> {
  const client = new QueueClient(`${accountUrl}/${newName()}`, azuriteCredential());
  await client.create();
  return client.url;
}
