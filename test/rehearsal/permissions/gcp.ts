import type { Thing } from "../../components/stub-provider.ts";
import type { HttpReply, HttpRequest } from "../../support/middleman.ts";
import { type Call, type Role, refusalOf } from "./calls.ts";

/**
 * The permissions of Google's own roles, as far as they are about objects and messages.
 * docs.cloud.google.com/storage/docs/access-control/iam-roles, docs.cloud.google.com/pubsub/docs/access-control
 */
const permissionsOf: Readonly<Record<string, readonly string[]>> = {
  "roles/storage.objectViewer": ["storage.objects.get", "storage.objects.list"],
  "roles/storage.objectCreator": [
    "storage.objects.create",
    "storage.multipartUploads.abort",
    "storage.multipartUploads.create",
    "storage.multipartUploads.listParts",
  ],
  "roles/pubsub.publisher": ["pubsub.topics.publish"],
  "roles/pubsub.subscriber": [
    "pubsub.snapshots.seek",
    "pubsub.subscriptions.consume",
    "pubsub.topics.attachSubscription",
  ],
};

interface Binding {
  readonly permissions: readonly string[];
  /** What it is on: the name of a bucket, a topic or a subscription. */
  readonly on: string;
  /** Keys must start with one of these; undefined: any. */
  readonly prefixes: readonly string[] | undefined;
}

/** What the deployed bindings give to a service account. Roles of the user's own have their permissions listed. */
export function gcpRole(things: readonly Thing[], email: string): Role {
  const custom = new Map<string, readonly string[]>();
  for (const { type, made, name, inputs } of things)
    if (type === "gcp:projects/iAMCustomRole:IAMCustomRole")
      custom.set(String(made.name ?? inputs.roleId ?? name), inputs.permissions as string[]);
  const bindings = things
    .map(({ inputs }) => ({ inputs, on: inputs.bucket ?? inputs.topic ?? inputs.subscription }))
    .filter(({ inputs, on }) => inputs.member === `serviceAccount:${email}` && on !== undefined)
    .map(({ inputs, on }): Binding => {
      const role = String(inputs.role);
      const permissions = permissionsOf[role] ?? custom.get(role) ?? custom.get(role.split("/").at(-1)!);
      if (!permissions) throw new Error(`what ${role} grants is not in this table`);
      const { expression } = (inputs.condition ?? {}) as { expression?: string };
      return {
        permissions,
        on: String(on),
        prefixes: expression ? prefixesOf(expression) : undefined,
      };
    });
  return {
    grants: bindings.flatMap(({ permissions, on, prefixes = [] }) => {
      const places = prefixes.length === 0 ? [on] : prefixes.map((prefix) => `${on}/${prefix}`);
      return permissions.flatMap((action) => places.map((place) => ({ action, on: place })));
    }),
    allows({ action, resource }) {
      const [on, ...key] = resource.split("/");
      return bindings.some(
        (binding) =>
          binding.permissions.includes(action) &&
          binding.on === on &&
          (binding.prefixes?.some((prefix) => key.join("/").startsWith(prefix)) ?? true),
      );
    },
  };
}

/** Of `resource.name.startsWith("projects/_/buckets/B/objects/P") || ...`; throws for any other condition. */
function prefixesOf(expression: string): string[] {
  return expression.split(" || ").map((test) => {
    const prefix = /^resource\.name\.startsWith\("projects\/_\/buckets\/[^/]+\/objects\/(.+)"\)$/.exec(test)?.[1];
    if (prefix === undefined) throw new Error(`a condition that is not understood here: ${test}`);
    return prefix;
  });
}

/** `resource`: bucket/key, or the name of the topic or subscription. docs.cloud.google.com/storage/docs/access-control/iam-json */
export function gcpCalls({ method, url }: HttpRequest): Call[] {
  const { pathname, searchParams } = new URL(url, "http://google");
  const topic = /^\/v1\/projects\/[^/]+\/topics\/([^/:]+):publish$/.exec(pathname)?.[1];
  if (topic !== undefined) return [{ action: "pubsub.topics.publish", resource: topic }];
  const taken = /^\/v1\/projects\/[^/]+\/subscriptions\/([^/:]+):(pull|acknowledge|modifyAckDeadline)$/.exec(
    pathname,
  )?.[1];
  if (taken !== undefined) return [{ action: "pubsub.subscriptions.consume", resource: taken }];
  // The rest of an upload that was begun, and so granted.
  if (pathname.startsWith("/upload/") && searchParams.has("upload_id")) return [];
  const [, bucket, object] = /\/b\/([^/]+)\/o(?:\/(.*))?$/.exec(pathname) ?? [];
  if (bucket === undefined) return [{ action: `unknown: ${method} ${pathname}`, resource: "" }];
  if (pathname.startsWith("/upload/"))
    return [{ action: "storage.objects.create", resource: `${bucket}/${searchParams.get("name")}` }];
  if (object === undefined)
    return [{ action: method === "GET" ? "storage.objects.list" : "storage.objects.create", resource: bucket }];
  const action = method === "DELETE" ? "storage.objects.delete" : "storage.objects.get";
  return [{ action, resource: `${bucket}/${decodeURIComponent(object)}` }];
}

export function gcpRefusal({ action }: Call): HttpReply {
  const message = `Permission '${action}' denied on resource (or it may not exist).`;
  const error = { code: 403, message, status: "PERMISSION_DENIED", errors: [{ reason: "forbidden", message }] };
  return refusalOf(403, "application/json", JSON.stringify({ error }));
}
