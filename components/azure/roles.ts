import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";

/** Azure's own roles that a pipeline uses. learn.microsoft.com/azure/role-based-access-control/built-in-roles */
export const roles = {
  acrPull: "7f951dda-4ed3-4680-a7ca-43fe172d538d",
  blobContributor: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  blobOwner: "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
  blobReader: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
  queueContributor: "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
  queueReader: "19e7f393-937e-4f77-808e-94535e297925",
  queueSender: "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
} as const;

export interface Grant {
  readonly role: keyof typeof roles;
  readonly on: pulumi.Output<string>;
  readonly to: pulumi.Output<string>;
  readonly condition?: string;
  /** A person or group, of whom Azure finds out itself what they are. @default a managed identity */
  readonly isPerson?: boolean;
}

/** Gives one role on one resource to one identity. */
export function grant(scope: Scope, child: string, { role, on, to, condition, isPerson }: Grant, index?: string) {
  return scope.create(
    RoleAssignment,
    child,
    {
      scope: on,
      // A subscription's roles are named in it: the second part of any resource's id.
      roleDefinitionId: on.apply(
        (id) => `/subscriptions/${id.split("/")[2]}/providers/Microsoft.Authorization/roleDefinitions/${roles[role]}`,
      ),
      principalId: to,
      // Else a new identity is not found: Azure looks for it in a directory that has not heard of it yet.
      principalType: isPerson ? "User" : "ServicePrincipal",
      ...(condition !== undefined && { condition, conditionVersion: "2.0" }),
    },
    index === undefined ? {} : { index },
  );
}

const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

/**
 * A condition on Storage Blob Data Contributor: nothing is deleted, and only blobs whose names start so are written.
 * learn.microsoft.com/azure/storage/blobs/storage-auth-abac-examples
 */
export function addOnly(...prefixes: string[]): string {
  const path = prefixes.map((prefix) => `@Resource[${blobs}:path] StringStartsWith '${prefix}'`).join(" OR ");
  return `(!(ActionMatches{'${blobs}/delete'})) AND ((!(ActionMatches{'${blobs}/write'}) AND !(ActionMatches{'${blobs}/add/action'})) OR (${path}))`;
}
