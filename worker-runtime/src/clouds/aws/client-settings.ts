import { trying } from "../retry.ts";

export interface AwsOptions {
  /** An emulator's address. By default what AWS_ENDPOINT_URL says, which the SDK reads by itself, else AWS. */
  readonly endpoint?: string;
  /** By default AWS_REGION, as Lambda sets it, or the profile's. */
  readonly region?: string;
}

/** What both clients are made with. Identity is the environment's: a function's role, a person's profile. */
export function clientSettings({ endpoint = process.env.AWS_ENDPOINT_URL, region }: AwsOptions) {
  return {
    ...(endpoint && { endpoint }),
    ...(region && { region }),
    maxAttempts: trying.attempts,
    requestHandler: {
      connectionTimeout: trying.connectMs,
      requestTimeout: trying.requestMs,
      throwOnRequestTimeout: true,
    },
  };
}
