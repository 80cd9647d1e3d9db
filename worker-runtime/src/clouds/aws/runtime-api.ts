import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { text } from "node:stream/consumers";
import { otherVariables } from "../configuration.ts";

/** One invocation of the function. */
export interface Invocation {
  /** What the function was invoked with: JSON, if whoever invoked it kept to the rules. */
  readonly payload: string;
  /** When Lambda ends the invocation, in milliseconds since 1970. */
  readonly deadlineMs: number;
}

const base = "/2018-06-01/runtime/invocation";
// `next` waits for as long as there is nothing to do, so nothing here has a timeout.
const agent = new Agent({ keepAlive: true });

/**
 * Lambda's runtime interface (docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html): takes one invocation after the other
 * and answers with what `handle` returns; an error of `handle` is answered as the function's. `api`: host and port. Ends
 * only when the interface is gone.
 */
export async function serveInvocations(
  api: string,
  handle: (invocation: Invocation) => Promise<unknown>,
): Promise<never> {
  for (;;) {
    const { headers, body } = await call(api, "GET", `${base}/next`);
    const id = headers["lambda-runtime-aws-request-id"];
    const trace = headers["lambda-runtime-trace-id"];
    // AWS's SDK passes the trace on, as the interface asks.
    if (typeof trace === "string") process.env[otherVariables.lambdaTraceId] = trace;
    const deadlineMs = Number(headers["lambda-runtime-deadline-ms"]);
    const [path, answer] = await handle({ payload: body, deadlineMs }).then(
      (result) => ["response", result],
      ({ name, message, stack }: Error) => [
        "error",
        { errorType: name, errorMessage: message, stackTrace: stack?.split("\n") ?? [] },
      ],
    );
    await call(api, "POST", `${base}/${id}/${path}`, JSON.stringify(answer));
  }
}

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function call(api: string, method: string, path: string, body?: string): Promise<Answer> {
  const [host, port] = api.split(":");
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, method, path, agent }, async (response) => {
      const { statusCode, headers } = response;
      const answer = { headers, body: await text(response) };
      if (statusCode! < 300) resolve(answer);
      else reject(new Error(`Lambda's runtime interface answered ${statusCode} to ${path}: ${answer.body}`));
    });
    sent.on("error", reject).end(body);
  });
}
