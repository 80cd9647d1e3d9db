import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type AwsOptions, clientSettings } from "./client-settings.ts";
import { explaining } from "./errors.ts";

/** About how many messages a queue holds, by its address. */
export async function countMessages(url: string, options: AwsOptions): Promise<number> {
  const client = new SQSClient(clientSettings(options));
  const name = "ApproximateNumberOfMessages";
  const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [name] });
  const { Attributes } = await explaining(`the queue ${url}`, () => client.send(command));
  return Number(Attributes?.[name] ?? 0);
}
