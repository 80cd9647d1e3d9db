import type { Clock } from "../../ports/clock.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import type { Log } from "../log.ts";
import type { Predictors } from "./predictors.ts";

/** The most that a body may have: what Lambda takes (6 MB of JSON with the body as base64), and the others too. */
export const maximumBodyBytes = 4 * 2 ** 20;
const maximumRows = 10_000;
/** Rows that go through the model at once. */
const batchRows = 256;
/** Bad rows that an answer names. */
const namedRows = 20;

/** A request as it came, over whatever platform. */
export interface PredictionRequest {
  readonly method: string;
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
  /** Undefined for one that is larger than `maximumBodyBytes`. */
  readonly body: string | undefined;
}

export interface PredictionAnswer {
  readonly status: number;
  /** Sent as JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface EndpointParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Opens the store with the platform's SDK; called at the first request that needs it. */
  openStore(): Promise<ObjectStore>;
}

/** Answers predictions with the results of a store. It keeps nothing but models in memory. */
export class PredictionEndpoint {
  readonly #parts: EndpointParts;
  #predictors: Promise<Predictors> | undefined;

  constructor(parts: EndpointParts) {
    this.#parts = parts;
  }

  /** Answers, and writes a line to the log for what is not a health check. Never rejects. */
  async answer(request: PredictionRequest): Promise<PredictionAnswer> {
    if (request.method === "GET" && ["/", "/healthz"].includes(request.path))
      return { status: 200, body: { status: "ready" } };
    const { clock, log } = this.#parts;
    const startedAtMs = clock.nowMs();
    const fields = () => ({ event: "predict", durationMs: Math.round(clock.nowMs() - startedAtMs) });
    try {
      const answer = await this.#answer(request);
      const { job, predictions, error } = answer.body as { job?: string; predictions?: unknown[]; error?: string };
      const message = error ?? `Predicted ${predictions!.length} rows with ${job}.`;
      log(error ? "WARNING" : "INFO", message, { ...fields(), status: answer.status, ...(job && { job }) });
      return answer;
    } catch (error) {
      const { name, message, stack } = error as Error;
      log("ERROR", message, { ...fields(), status: 500, ...(name !== "UserError" && { stack }) });
      return refusal(500, "The prediction failed; the endpoint's log says why.");
    }
  }

  async #answer({ method, path, query, body }: PredictionRequest): Promise<PredictionAnswer> {
    if (path !== "/predict") return refusal(404, "There is only POST /predict here, and GET / for health checks.");
    if (method !== "POST") return refusal(405, "Rows are sent with POST.");
    if (body === undefined) return refusal(413, `The body is larger than ${maximumBodyBytes} bytes. Send fewer rows.`);
    const found = await (await this.#open()).find(new URLSearchParams(query).get("job") ?? undefined);
    if (typeof found === "string") return refusal(404, found);
    const { job, predictor } = found;
    const { rowsOf } = await import("./rows.ts");
    const rows = await rowsOf(body, predictor.document);
    if (rows.length === 0)
      return refusal(400, "The body has no rows: send a JSON list of rows, one row, or JSON Lines.");
    if (rows.length > maximumRows)
      return refusal(
        413,
        `The body has ${rows.length} rows; the most is ${maximumRows}. Send them in several requests.`,
      );
    const predictions = Array.from({ length: Math.ceil(rows.length / batchRows) }, (_, i) =>
      predictor.predict(rows.slice(i * batchRows, (i + 1) * batchRows)),
    ).flat();
    const bad = predictions.flatMap((each, i) => ("problem" in each ? [{ row: i + 1, error: each.problem }] : []));
    if (bad.length > 0) {
      const error = `${bad.length} of ${rows.length} rows cannot be used, so nothing was predicted.`;
      return { status: 400, body: { error, job, rows: bad.slice(0, namedRows) } };
    }
    return { status: 200, body: { job, predictions: predictions.map((each) => "answer" in each && each.answer) } };
  }

  #open(): Promise<Predictors> {
    this.#predictors ??= this.#openNow().catch((error) => {
      this.#predictors = undefined; // The next request tries again.
      throw error;
    });
    return this.#predictors;
  }

  async #openNow(): Promise<Predictors> {
    const [store, { Predictors }] = await Promise.all([this.#parts.openStore(), import("./predictors.ts")]);
    return new Predictors(store, this.#parts.clock);
  }
}

function refusal(status: number, error: string): PredictionAnswer {
  return { status, body: { error } };
}
