import { BlobContainer } from "@pulumi/azure-native/storage/blobContainer.js";
import { BlobServiceProperties } from "@pulumi/azure-native/storage/blobServiceProperties.js";
import { getStorageAccountOutput } from "@pulumi/azure-native/storage/getStorageAccount.js";
import { ManagementPolicy, type ManagementPolicyArgs } from "@pulumi/azure-native/storage/managementPolicy.js";
import { StorageAccount, type StorageAccountArgs } from "@pulumi/azure-native/storage/storageAccount.js";
import * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import { keyPrefixes } from "../worker-configuration.ts";
import type { Place } from "./place.ts";
import type { AzureTrainingPipelineArgs } from "./training-pipeline.ts";

/** A storage account, created or adopted, and the container in it. It holds the queues too. */
export interface Store {
  readonly accountId: pulumi.Output<string>;
  readonly accountName: pulumi.Output<string>;
  readonly accountGroup: pulumi.Output<string>;
  /** Scope of rights on the container. */
  readonly containerId: pulumi.Output<string>;
  readonly containerUrl: pulumi.Output<string>;
  readonly queueServiceUrl: pulumi.Output<string>;
}

const containerName = "data";

/** What every account of ours must not do. */
export const closedAccount = {
  kind: "StorageV2",
  allowBlobPublicAccess: false,
  allowSharedKeyAccess: false,
  allowCrossTenantReplication: false,
  defaultToOAuthAuthentication: true,
  enableHttpsTrafficOnly: true,
  minimumTlsVersion: "TLS1_2",
} as const;

/** A private, versioned, encrypted account, which forgets the data of old rounds. An adopted one is left as it is. */
export function createObjectStore(scope: Scope, args: AzureTrainingPipelineArgs, place: Place): Store {
  const account = openAccount(scope, args, place);
  const { accountId, accountName, accountGroup, blobServiceUrl } = account;
  scope.createStored(BlobContainer, "container", {
    resourceGroupName: accountGroup,
    accountName,
    containerName,
    publicAccess: "None",
  });
  return {
    ...account,
    containerId: pulumi.interpolate`${accountId}/blobServices/default/containers/${containerName}`,
    containerUrl: pulumi.interpolate`${blobServiceUrl}${containerName}`,
  };
}

function openAccount(scope: Scope, args: AzureTrainingPipelineArgs, place: Place) {
  if (args.bucket?.existing !== undefined) {
    const accountId = scope.gate(args.bucket.existing);
    const accountName = accountId.apply((id) => id.split("/").at(-1)!);
    const accountGroup = accountId.apply((id) => id.split("/")[4]!);
    const found = getStorageAccountOutput({ accountName, resourceGroupName: accountGroup }, scope.invokeOptions);
    return {
      ...{ accountId, accountName, accountGroup },
      blobServiceUrl: found.primaryEndpoints.apply(({ blob }) => blob),
      queueServiceUrl: found.primaryEndpoints.apply(({ queue }) => queue),
    };
  }
  const account = scope.createStored(StorageAccount, "account", {
    ...place,
    ...closedAccount,
    sku: { name: "Standard_LRS" },
    accessTier: "Hot",
    ...ownKey(scope, args),
    tags: scope.tags,
  });
  const inAccount = { resourceGroupName: place.resourceGroupName, accountName: account.name };
  const service = scope.create(BlobServiceProperties, "blobService", {
    ...inAccount,
    blobServicesName: "default",
    isVersioningEnabled: true,
    deleteRetentionPolicy: { enabled: true, days: 7 },
    containerDeleteRetentionPolicy: { enabled: true, days: 7 },
  });
  const days = scope.settings.roundRetentionDays;
  const rule = (name: string, definition: Parameters<typeof lifecycleRule>[1]) => lifecycleRule(name, definition);
  scope.create(
    ManagementPolicy,
    "lifecycle",
    {
      ...inAccount,
      managementPolicyName: "default",
      policy: {
        rules: [
          rule("rounds", {
            // Azure's prefixes start with the container's name.
            filters: { blobTypes: ["blockBlob"], prefixMatch: [`${containerName}/${keyPrefixes.rounds}`] },
            actions: {
              baseBlob: { delete: { daysAfterModificationGreaterThan: days } },
              version: { delete: { daysAfterCreationGreaterThan: days } },
            },
          }),
          rule("old-versions", {
            filters: { blobTypes: ["blockBlob"] },
            actions: { version: { delete: { daysAfterCreationGreaterThan: 30 } } },
          }),
        ],
      },
    },
    { dependsOn: [service] },
  );
  return {
    ...{ accountId: account.id, accountName: account.name, accountGroup: place.resourceGroupName },
    blobServiceUrl: account.primaryEndpoints.apply(({ blob }) => blob),
    queueServiceUrl: account.primaryEndpoints.apply(({ queue }) => queue),
  };
}

type Rule =
  ManagementPolicyArgs["policy"] extends pulumi.Input<infer P>
    ? P extends { rules: pulumi.Input<pulumi.Input<infer R>[]> }
      ? R
      : never
    : never;

function lifecycleRule(name: string, definition: Extract<Rule, { name: unknown }>["definition"]) {
  return { name, enabled: true, type: "Lifecycle", definition };
}

/** A key of the user's, in a Key Vault, read through an identity that may do so already. Queues then need it said too. */
function ownKey(scope: Scope, args: AzureTrainingPipelineArgs): Partial<StorageAccountArgs> {
  if (args.encryptionKey === undefined) return {};
  const identity = scope.gate(args.encryptionIdentity!);
  const part = (index: number) =>
    scope.gate(args.encryptionKey!).apply((url) => new URL(url).pathname.split("/")[index] ?? "");
  return {
    identity: { type: "UserAssigned", userAssignedIdentities: [identity] },
    encryption: {
      keySource: "Microsoft.Keyvault",
      keyVaultProperties: {
        keyVaultUri: scope.gate(args.encryptionKey).apply((url) => new URL(url).origin),
        keyName: part(2),
        keyVersion: part(3),
      },
      encryptionIdentity: { encryptionUserAssignedIdentity: identity },
      services: {
        blob: { enabled: true, keyType: "Account" },
        queue: { enabled: true, keyType: "Account" },
      },
    },
  };
}
