/**
 * Tells on standard error what setup does, so that standard output stays the command's own. On a terminal a step is one
 * line that changes; elsewhere, as in a CI log, it is a line when it starts, one at each fifth, and one when it ends.
 */
const terminal = process.stderr.isTTY === true;

/** @param {string} sentence */
export function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return bytes < 1e9 ? `${Math.max(1, Math.round(bytes / 1e6))} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/**
 * Shows a step while it runs.
 *
 * @template T
 * @param {string} title what is done, with its size
 * @param {(progress: (doneBytes: number, totalBytes: number) => void) => Promise<T>} work calls `progress` when it can
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  let status = "";
  let fifthsSaid = 0;

  const draw = () => process.stderr.write(`\r\x1b[K  ${title} ... ${status}${Math.floor(seconds())} s`);
  const timer = terminal ? setInterval(draw, 200) : undefined;
  if (!terminal) say(`  ${title} ...`);

  /** @param {number} doneBytes @param {number} totalBytes */
  const progress = (doneBytes, totalBytes) => {
    const fraction = Math.min(1, doneBytes / totalBytes);
    const left = doneBytes > 0 ? Math.ceil((seconds() * (totalBytes - doneBytes)) / doneBytes) : undefined;
    status = `${Math.floor(100 * fraction)} % of ${megabytes(totalBytes)}${left === undefined ? "" : `, ${left} s left`}, `;
    const fifths = Math.floor(5 * fraction);
    if (!terminal && fifths > fifthsSaid) say(`    ${20 * fifths} % of ${megabytes(totalBytes)}`);
    fifthsSaid = Math.max(fifthsSaid, fifths);
  };

  try {
    const result = await work(progress);
    const took = `${seconds().toFixed(seconds() < 10 ? 1 : 0)} s`;
    say(terminal ? `\r\x1b[K  ${title} ... done in ${took}` : `    done in ${took}`);
    return result;
  } catch (error) {
    say(terminal ? `\r\x1b[K  ${title} ... failed` : "    failed");
    throw error;
  } finally {
    clearInterval(timer);
  }
}
