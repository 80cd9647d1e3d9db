import type { Thing } from "../../components/stub-provider.ts";
import type { HttpReply, HttpRequest } from "../../support/middleman.ts";
import { type Call, type Role, refusalOf } from "./calls.ts";

const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
const container = "Microsoft.Storage/storageAccounts/blobServices/containers";
const messages = "Microsoft.Storage/storageAccounts/queueServices/queues/messages";
const queue = "Microsoft.Storage/storageAccounts/queueServices/queues";

/** The actions of Azure's own roles on data. learn.microsoft.com/azure/role-based-access-control/built-in-roles/storage */
const actionsOf: Readonly<Record<string, readonly string[]>> = {
  "ba92f5b4-2d11-453d-a403-e96b0029c9fe": [
    ...["delete", "read", "write"].map((name) => `${container}/${name}`),
    "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
    ...["delete", "read", "write", "move/action", "add/action"].map((name) => `${blobs}/${name}`),
  ],
  "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": [
    `${container}/read`,
    "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
    `${blobs}/read`,
  ],
  "974c5e8b-45b9-4653-ba55-5f855dd0fb88": [
    ...["delete", "read", "write"].map((name) => `${queue}/${name}`),
    ...["delete", "read", "write", "process/action"].map((name) => `${messages}/${name}`),
  ],
  "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a": [`${messages}/add/action`],
  "19e7f393-937e-4f77-808e-94535e297925": [`${queue}/read`, `${messages}/read`],
};

/** Pulls the image, which is the platform's doing. */
const aboutImages = "7f951dda-4ed3-4680-a7ca-43fe172d538d";

/**
 * Other actions that allow a request, too. learn.microsoft.com/rest/api/storageservices:
 * authorize-with-azure-active-directory, "Permissions for calling data operations"
 */
const alternatives: Readonly<Record<string, readonly string[]>> = {
  [`${messages}/add/action`]: [`${messages}/write`],
  [`${messages}/process/action`]: [`${messages}/delete`],
};

interface Assignment {
  readonly actions: readonly string[];
  /** The container or queue. */
  readonly on: string;
  /** Only blobs whose names start so may be written, and none deleted; undefined: no condition. */
  readonly prefixes: readonly string[] | undefined;
}

/** What the deployed assignments give to an identity. */
export function azureRole(things: readonly Thing[], principalId: string): Role {
  const custom = new Map<string, readonly string[]>();
  for (const { type, id, inputs } of things)
    if (type === "azure-native:authorization:RoleDefinition") {
      const permissions = inputs.permissions as { actions?: string[]; dataActions?: string[] }[];
      const actions = permissions.flatMap(({ actions = [], dataActions = [] }) => [...actions, ...dataActions]);
      custom.set(id.split("/").at(-1)!, actions);
    }
  const assignments = things
    .filter(
      ({ type, inputs }) => type === "azure-native:authorization:RoleAssignment" && inputs.principalId === principalId,
    )
    .map(({ inputs }) => ({ inputs, role: String(inputs.roleDefinitionId).split("/").at(-1)! }))
    .filter(({ role }) => role !== aboutImages)
    .map(({ inputs, role }): Assignment => {
      const actions = actionsOf[role] ?? custom.get(role);
      if (!actions) throw new Error(`what the role ${role} grants is not in this table`);
      const condition = inputs.condition as string | undefined;
      return {
        actions,
        on: String(inputs.scope).split("/").at(-1)!,
        prefixes: condition ? prefixesOf(condition) : undefined,
      };
    });
  return {
    grants: assignments.flatMap((assignment) =>
      assignment.actions.flatMap((action) => {
        const places = placesOf(assignment, action);
        return (places.length > 0 ? places : ["nothing"]).map((on) => ({ action, on }));
      }),
    ),
    allows: ({ action, resource }) =>
      assignments.some(
        (assignment) =>
          assignment.actions.includes(action) &&
          resource.split("/")[0] === assignment.on &&
          placesOf(assignment, action).some((place) => resource.startsWith(place)),
      ),
  };
}

/** What an assignment grants an action on, as its condition has it: the container or queue, or prefixes in it. */
function placesOf({ on, prefixes }: Assignment, action: string): string[] {
  if (prefixes && action === `${blobs}/delete`) return [];
  if (!prefixes || ![`${blobs}/write`, `${blobs}/add/action`].includes(action)) return [on];
  return prefixes.map((prefix) => `${on}/${prefix}`);
}

/** Of components/azure/roles.ts' `addOnly`; throws for any other condition. */
function prefixesOf(condition: string): string[] {
  const prefixes = [...condition.matchAll(/:path\] StringStartsWith '([^']+)'/g)].map(([, prefix]) => prefix!);
  const path = prefixes.map((prefix) => `@Resource[${blobs}:path] StringStartsWith '${prefix}'`).join(" OR ");
  const known = `(!(ActionMatches{'${blobs}/delete'})) AND ((!(ActionMatches{'${blobs}/write'}) AND !(ActionMatches{'${blobs}/add/action'})) OR (${path}))`;
  if (condition !== known) throw new Error(`a condition that is not understood here: ${condition}`);
  return prefixes;
}

/** `resource`: container/key, or the queue's name. */
export function azureCalls({ method, url }: HttpRequest): Call[] {
  const { pathname, searchParams } = new URL(url, "http://azure");
  const [, place, ...rest] = decodeURIComponent(pathname).slice(1).split("/");
  if (rest[0] === "messages") {
    const take = searchParams.has("peekonly") ? "read" : "process/action";
    const names: Record<string, string> = { POST: "add/action", GET: take, PUT: "write" };
    const action = `${messages}/${names[method] ?? "process/action"}`;
    return [{ action, resource: place!, orElse: alternatives[action] ?? [] }];
  }
  const isQueue = rest.length === 0 && searchParams.get("comp") === "metadata" && !searchParams.has("restype");
  if (isQueue) return [{ action: `${queue}/read`, resource: place! }];
  const names: Record<string, string> = { PUT: "write", DELETE: "delete" };
  return [{ action: `${blobs}/${names[method] ?? "read"}`, resource: [place, ...rest].join("/") }];
}

export function azureRefusal(): HttpReply {
  const text =
    "<?xml version='1.0' encoding='utf-8'?><Error><Code>AuthorizationPermissionMismatch</Code><Message>This request is not " +
    "authorized to perform this operation using this permission.</Message></Error>";
  const reply = refusalOf(403, "application/xml", text);
  return { ...reply, headers: { ...reply.headers, "x-ms-error-code": "AuthorizationPermissionMismatch" } };
}
