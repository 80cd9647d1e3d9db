import { type AuthClient, GoogleAuth, PassThroughClient } from "google-auth-library";
import { pause, trying } from "../retry.ts";

export interface GcpOptions {
  /**
   * An emulator's address; nobody is asked for credentials then. By default STORAGE_EMULATOR_HOST and PUBSUB_EMULATOR_HOST,
   * which Google's own clients read, else Google Cloud.
   */
  readonly endpoint?: string | undefined;
}

/** The address that an environment variable names, with or without `http://`. */
export function emulatorAt(variable: "STORAGE_EMULATOR_HOST" | "PUBSUB_EMULATOR_HOST"): string | undefined {
  const host = process.env[variable];
  return host && !host.includes("://") ? `http://${host}` : host;
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
