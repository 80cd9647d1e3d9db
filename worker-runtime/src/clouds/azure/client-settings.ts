import { DefaultAzureCredential, type TokenCredential } from "@azure/identity";
import { BlobServiceClient, type StorageSharedKeyCredential } from "@azure/storage-blob";
import { trying } from "../retry.ts";

export interface AzureOptions {
  /** By default whoever is signed in: a managed identity in a function, `az login` on a machine of one's own. */
  readonly credential?: TokenCredential;
}

/** What both clients are made with. */
export const clientSettings = {
  retryOptions: {
    maxTries: trying.attempts,
    tryTimeoutInMs: trying.requestMs,
    retryDelayInMs: 200,
    maxRetryDelayInMs: 8_000,
  },
};

let signedIn: TokenCredential | undefined;

/**
 * Who asks for an address. Store and queue share a credential, and so its tokens. Azure itself speaks HTTPS only: plain
 * HTTP is the emulator, whose one account has a key that everybody knows, the SDK too.
 */
export function credentialFor(
  address: string,
  { credential }: AzureOptions,
): TokenCredential | StorageSharedKeyCredential {
  if (address.startsWith("http://"))
    return BlobServiceClient.fromConnectionString("UseDevelopmentStorage=true")
      .credential as StorageSharedKeyCredential;
  if (credential) return credential;
  signedIn ??= new DefaultAzureCredential();
  return signedIn;
}
