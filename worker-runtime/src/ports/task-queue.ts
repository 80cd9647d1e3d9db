/**
 * An at-least-once queue that starts workers: a message may come twice, late and in any order, but while it is not
 * acknowledged it comes again. Messages are JSON texts of at most 32 KiB, which fit every cloud's queue.
 */
export interface TaskQueue {
  /** Resolves when every message is stored. `delaySeconds` (0-900, default 0) hides them that long. */
  send(messages: readonly string[], options?: { readonly delaySeconds?: number }): Promise<void>;
}

/** A message in a worker's hands. Without `acknowledge` it is delivered again after the visibility timeout. */
export interface Delivery {
  readonly body: string;
  /** 1 on the first delivery, one more on each further one. */
  readonly attempt: number;
  /** When the queue got the message, the same at every delivery, in milliseconds since 1970; where the queue tells it. */
  readonly sentAtMs?: number;
  acknowledge(): Promise<void>;
  /** Gives the message back, to be delivered again after `delaySeconds`. */
  release(delaySeconds: number): Promise<void>;
  /**
   * Work on it has begun and has ended, one way or another, in `seconds`: after that it may come again. Only where the
   * visibility timeout must be far longer than a task.
   */
  hideFor?(seconds: number): Promise<void>;
}

/** The receiving side, for places where no platform pushes messages: this machine, and Azure's event-driven jobs. */
export interface TaskSource {
  /** The next visible message, or undefined when there is none now. It stays hidden for `visibilityTimeoutSeconds`. */
  receive(visibilityTimeoutSeconds: number): Promise<Delivery | undefined>;
}

/** The largest message, in bytes of UTF-8. */
export const maximumMessageBytes = 32 * 1024;

/** Throws for a message that some queue would refuse. */
export function checkMessage(body: string): void {
  const sizeBytes = new TextEncoder().encode(body).length;
  if (sizeBytes > maximumMessageBytes)
    throw new RangeError(`a message of ${sizeBytes} bytes; the most is ${maximumMessageBytes}`);
}
