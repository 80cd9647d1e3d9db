import type { Handle, HttpReply, HttpRequest } from "../../support/middleman.ts";

/** A call as the cloud's access control sees it. */
export interface Call {
  /** `s3:GetObject`, `storage.objects.get`, `Microsoft.Storage/.../blobs/read`. */
  readonly action: string;
  readonly resource: string;
  /** Any of these allows it, too. */
  readonly orElse?: readonly string[];
}

/** An action that a role grants, and on what, in words for people. */
export interface Grant {
  readonly action: string;
  readonly on: string;
}

/** Who may do what: a role as a stack gave it. */
export interface Role {
  readonly grants: readonly Grant[];
  allows(call: Call): Promise<boolean> | boolean;
}

/** Who has rights on a pipeline's data and tasks. */
export const identities = ["worker", "submitter", "predictor"] as const;
export type Identity = (typeof identities)[number];

/** Lets pass the calls that a role grants, refuses the others as the cloud does, and keeps count of both. */
export class Permissions {
  readonly role: Role;
  /** Calls by their action. */
  readonly made = new Map<string, number>();
  readonly refused: Call[] = [];
  /** Somebody has taken away the rights for these actions. */
  revoked: RegExp | undefined;

  constructor(role: Role) {
    this.role = role;
  }

  /** Granted, and not asked for so far. */
  get unused(): string[] {
    const granted = new Set(this.role.grants.map(({ action }) => action));
    return [...granted].filter((action) => !this.made.has(action)).sort();
  }

  /**
   * Stands between a function and its cloud. `callsOf`: what a request asks for (nothing, where it goes on with one that
   * has been granted); `refusal`: how the cloud says no.
   */
  guard(callsOf: (request: HttpRequest) => Call[], refusal: (call: Call) => HttpReply): Handle {
    return async (request, send) => {
      for (const call of callsOf(request)) {
        const isRevoked = this.revoked?.test(call.action) ?? false;
        const action = isRevoked ? undefined : await this.#allowed(call);
        if (action !== undefined) {
          this.made.set(action, (this.made.get(action) ?? 0) + 1);
          continue;
        }
        if (!isRevoked) this.refused.push(call);
        return refusal(call);
      }
      return send(request);
    };
  }

  /** The action by which the role allows a call. */
  async #allowed({ action, resource, orElse = [] }: Call): Promise<string | undefined> {
    for (const one of [action, ...orElse]) if (await this.role.allows({ action: one, resource })) return one;
    return undefined;
  }
}

export function refusalOf(status: number, contentType: string, text: string): HttpReply {
  return { status, headers: { "content-type": contentType }, body: Buffer.from(text) };
}
