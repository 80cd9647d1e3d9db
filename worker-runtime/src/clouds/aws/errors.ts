import { type CloudWords, networkCodes, type Trouble, troubleError } from "../trouble.ts";

const aws: CloudWords = {
  name: "AWS",
  signIn: "sign in with `aws sso login` or `aws configure`, and set AWS_PROFILE if it is not the default profile",
  identity: "its function's role",
  setRegion: "Set AWS_REGION to the region of the stack, or the region of the profile in ~/.aws/config",
};

/** The `name` of the SDK's errors, which is the service's error code. */
const troubles: Record<string, Trouble> = {
  CredentialsProviderError: "credentials",
  ExpiredToken: "credentials",
  ExpiredTokenException: "credentials",
  InvalidAccessKeyId: "credentials",
  InvalidClientTokenId: "credentials",
  InvalidToken: "credentials",
  SignatureDoesNotMatch: "credentials",
  TokenRefreshRequired: "credentials",
  UnrecognizedClientException: "credentials",
  NoSuchBucket: "missing",
  QueueDoesNotExist: "missing",
  "AWS.SimpleQueueService.NonExistentQueue": "missing",
  AccessDenied: "denied",
  AccessDeniedException: "denied",
  AllAccessDisabled: "denied",
  Forbidden: "denied",
  RequestExpired: "clock",
  RequestTimeTooSkewed: "clock",
  AuthorizationHeaderMalformed: "region",
  IllegalLocationConstraintException: "region",
  PermanentRedirect: "region",
  TimeoutError: "unreachable",
};

/** Runs a request; an error that a person can mend becomes a UserError that says how. */
export async function explaining<T>(place: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    const trouble = troubleOf(error);
    throw trouble ? troubleError(trouble, place, aws, error) : error;
  }
}

/** The HTTP status of an SDK's error; undefined where there was no reply, and for errors of ours. */
export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;
}

function troubleOf(error: unknown): Trouble | undefined {
  const { name = "", code, message = "" } = error as { name?: string; code?: string; message?: string };
  if (networkCodes.has(code)) return "unreachable";
  if (message === "Region is missing") return "region";
  // The reply to a HEAD has no body, so no error code: only its status.
  return troubles[name] ?? ({ 301: "region", 403: "denied" } as const)[statusOf(error) as 301 | 403];
}
