import { runSimulation } from "@cloud-copilot/iam-simulate";
import type { HttpReply, HttpRequest } from "../../support/middleman.ts";
import { type Call, type Role, refusalOf } from "./calls.ts";

const accountId = "123456789012";

/** A role with one policy, as IAM judges it: by a simulator that others wrote. `policy`: the document, as JSON. */
export function awsRole(name: string, policy: string): Role {
  const document = JSON.parse(policy) as { Statement: { Action: string[]; Resource: string[] }[] };
  return {
    grants: document.Statement.flatMap(({ Action, Resource }) =>
      Action.flatMap((action) => Resource.map((arn) => ({ action, on: arn.replace(/^(?:[^:]*:){5}/, "") }))),
    ),
    async allows({ action, resource }) {
      const { overallResult, ...other } = await runSimulation(
        {
          identityPolicies: [{ name, policy: document }],
          serviceControlPolicies: [],
          resourceControlPolicies: [],
          request: {
            action,
            principal: `arn:aws:iam::${accountId}:role/${name}`,
            resource: { accountId, resource },
            contextVariables: { "aws:SecureTransport": "true" },
          },
        },
        {},
      ).then((response) => {
        if (response.resultType === "error") throw new Error(`${action} on ${resource}: ${response.errors.message}`);
        return response;
      });
      return other && overallResult === "Allowed";
    },
  };
}

/** docs.aws.amazon.com/service-authorization: the actions of Amazon S3 and of Amazon SQS. */
export function awsCalls({ method, url, headers, body }: HttpRequest): Call[] {
  const target = headers["x-amz-target"];
  if (typeof target === "string") {
    const action = target.replace("AmazonSQS.", "sqs:").replace(/Batch$/, "");
    const queue = new URL(JSON.parse(body.toString()).QueueUrl).pathname.split("/").at(-1);
    return [{ action, resource: `arn:aws:sqs:us-east-1:${accountId}:${queue}` }];
  }
  const { pathname, searchParams } = new URL(url, "http://s3");
  const [bucket, ...key] = decodeURIComponent(pathname).slice(1).split("/");
  const object = key.join("/");
  if (object === "") return [{ action: "s3:ListBucket", resource: `arn:aws:s3:::${bucket}` }];
  const isUpload = searchParams.has("uploadId");
  const actions: Record<string, string> = {
    GET: "s3:GetObject",
    HEAD: "s3:GetObject",
    DELETE: isUpload ? "s3:AbortMultipartUpload" : "s3:DeleteObject",
  };
  return [{ action: actions[method] ?? "s3:PutObject", resource: `arn:aws:s3:::${bucket}/${object}` }];
}

export function awsRefusal({ action }: Call): HttpReply {
  if (action.startsWith("sqs:")) {
    const __type = "com.amazonaws.sqs#AccessDeniedException";
    return refusalOf(403, "application/x-amz-json-1.0", JSON.stringify({ __type, message: `no grant of ${action}` }));
  }
  const text = `<Error><Code>AccessDenied</Code><Message>no grant of ${action}</Message></Error>`;
  return refusalOf(403, "application/xml", text);
}
