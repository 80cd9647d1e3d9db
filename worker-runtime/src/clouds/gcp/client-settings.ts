import { type AuthClient, GoogleAuth, PassThroughClient } from "google-auth-library";
import { pause, trying } from "../retry.ts";

export interface GcpOptions {
  /** An emulator's address, `http://...`; nobody is asked for credentials then. By default Google Cloud. */
  readonly endpoint?: string;
}

/** Whoever is signed in: a Cloud Run service's account, `gcloud auth application-default login` on a machine of one's own. */
export function identity(emulator: string | undefined, scopes: string): GoogleAuth<AuthClient> {
  return new GoogleAuth(emulator ? { authClient: new PassThroughClient() } : { scopes });
}

/** For requests through `identity`, none of which does harm when it is sent twice. Its own retries have no jitter. */
export const requestSettings = {
  timeout: trying.requestMs,
  retryConfig: {
    ...{ retry: trying.attempts - 1, noResponseRetries: trying.attempts - 1, httpMethodsToRetry: ["GET", "POST"] },
    retryBackoff: (error: { config?: { retryConfig?: { currentRetryAttempt?: number } } }) =>
      pause(error.config?.retryConfig?.currentRetryAttempt ?? 1),
  },
};
