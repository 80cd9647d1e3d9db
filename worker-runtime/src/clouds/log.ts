/** How much a line matters, by the names that Cloud Logging knows; the other clouds' queries search for them. */
export type Severity = "INFO" | "WARNING" | "ERROR";

/**
 * One line of a worker's log: `severity`, `message` in words, and what is worth a query of its own. A JSON object on one
 * line of the standard output is what all three clouds take apart by themselves.
 */
export type Log = (severity: Severity, message: string, fields?: Readonly<Record<string, unknown>>) => void;

export const logToOutput: Log = (severity, message, fields) => {
  process.stdout.write(`${JSON.stringify({ severity, message, ...fields })}\n`);
};
