/**
 * The keys of the objects that an event of S3 tells of (docs.aws.amazon.com/AmazonS3: notification-content-structure); undefined
 * for what is no such event. S3 tries a queue with an event without objects when the notification is set up.
 */
export function newObjectsOfS3(event: unknown): string[] | undefined {
  const { Records, Event } = (event ?? {}) as S3Event;
  if (Event === "s3:TestEvent") return [];
  if (!Array.isArray(Records) || Records.length === 0) return undefined;
  const keys = Records.map((record) =>
    record?.eventSource === "aws:s3" && record.eventName?.startsWith("ObjectCreated:")
      ? decoded(record.s3?.object?.key)
      : undefined,
  );
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

interface S3Event {
  readonly Event?: string;
  readonly Records?: readonly ({
    readonly eventSource?: string;
    readonly eventName?: string;
    readonly s3?: { readonly object?: { readonly key?: string } };
  } | null)[];
}

/** Keys are written as in a form: a space is `+`. */
function decoded(key: string | undefined): string | undefined {
  try {
    return typeof key === "string" ? decodeURIComponent(key.replaceAll("+", " ")) : undefined;
  } catch {
    return undefined;
  }
}
