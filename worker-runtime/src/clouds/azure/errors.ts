import { type CloudWords, networkCodes, type Trouble, troubleError } from "../trouble.ts";

const azure: CloudWords = {
  name: "Azure",
  signIn: "sign in with `az login`",
  identity: "its managed identity",
  setRegion: "Compare its region with the stack's",
};

/** The error codes of Azure Storage, and the names of the errors of @azure/identity. */
const troubles: Record<string, Trouble> = {
  AggregateAuthenticationError: "credentials",
  AuthenticationError: "credentials",
  AuthenticationFailed: "credentials",
  AuthenticationRequiredError: "credentials",
  CredentialUnavailableError: "credentials",
  InvalidAuthenticationInfo: "credentials",
  NoAuthenticationInformation: "credentials",
  ContainerNotFound: "missing",
  QueueNotFound: "missing",
  AuthorizationFailure: "denied",
  AuthorizationPermissionMismatch: "denied",
  InsufficientAccountPermissions: "denied",
  KeyBasedAuthenticationNotPermitted: "denied",
  PublicAccessNotPermitted: "denied",
  REQUEST_SEND_ERROR: "unreachable",
};

/** Runs a request; an error that a person can mend becomes a UserError that says how. */
export async function explaining<T>(place: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    const trouble = troubleOf(error);
    throw trouble ? troubleError(trouble, place, azure, error) : error;
  }
}

/** The HTTP status of an SDK's error; undefined where there was no reply, and for errors of ours. */
export function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number } | null)?.statusCode;
}

/** Azure's own code, such as BlobNotFound. The reply to a HEAD has no body, but a header that says it. */
export function codeOf(error: unknown): string | undefined {
  const { code, details } = error as { code?: string; details?: { errorCode?: string } };
  return code ?? details?.errorCode;
}

function troubleOf(error: unknown): Trouble | undefined {
  const code = codeOf(error);
  if (networkCodes.has(code)) return "unreachable";
  const { name, details } = error as { name: string; details?: { authenticationErrorDetail?: string } };
  if (/date header/i.test(details?.authenticationErrorDetail ?? "")) return "clock";
  const trouble = troubles[code ?? ""] ?? troubles[name];
  return trouble ?? ({ 401: "credentials", 403: "denied" } as const)[statusOf(error) as 401 | 403];
}
