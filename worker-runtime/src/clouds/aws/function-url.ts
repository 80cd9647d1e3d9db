import { maximumBodyBytes, type PredictionEndpoint } from "../prediction/endpoint.ts";

/** The answer that a function URL makes HTTP of. */
export interface FunctionUrlAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A function URL's event, payload version 2.0 (docs.aws.amazon.com/lambda: urls-invocation); it holds more than this. */
interface FunctionUrlEvent {
  readonly version?: string;
  readonly rawPath?: string;
  readonly rawQueryString?: string;
  readonly requestContext?: { readonly http?: { readonly method?: string } };
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** Answers one request that came through Lambda's function URL. */
export async function answerFunctionUrl(payload: string, endpoint: PredictionEndpoint): Promise<FunctionUrlAnswer> {
  const event = parsed(payload);
  const method = event?.requestContext?.http?.method;
  if (method === undefined || event?.version !== "2.0")
    return answerOf(400, { error: "This function answers requests to its function URL, and nothing else." });
  const bytes = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  const { status, body } = await endpoint.answer({
    ...{ method, path: event.rawPath ?? "/", query: event.rawQueryString ?? "" },
    body: bytes.length > maximumBodyBytes ? undefined : bytes.toString(),
  });
  return answerOf(status, body);
}

function answerOf(statusCode: number, body: unknown): FunctionUrlAnswer {
  return { statusCode, headers: { "content-type": "application/json" }, body: `${JSON.stringify(body)}\n` };
}

function parsed(payload: string): FunctionUrlEvent | undefined {
  try {
    return JSON.parse(payload) ?? undefined;
  } catch {
    return undefined;
  }
}
