/** Setup cannot go on. The message is for the user: what happened, why, and what to do. */
export class SetupError extends Error {}

/** One way to get the native backend is closed on this machine; another may be open. The message is a whole sentence. */
export class Unavailable extends Error {}

/** @param {unknown} error @param {...string} codes as in "ENOENT" */
export function hasCode(error, ...codes) {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/** @param {string} what was being done, ready to follow "while" */
export function diskFull(what) {
  return new SetupError(
    `The disk became full while ${what}. Free some space and run the same command again: setup goes on with the step ` +
      "it was at. XDG_CACHE_HOME=<folder> puts the cache on another disk.",
  );
}

/**
 * Turns an error of the file system into the sentence that a user needs; gives any other error back.
 *
 * @param {unknown} error
 */
export function explainFileError(error) {
  const place = error instanceof Error && "path" in error ? String(error.path) : "a file";
  if (hasCode(error, "ENOSPC", "EDQUOT")) return diskFull(`writing ${place}`);
  if (hasCode(error, "EACCES", "EPERM", "EROFS")) {
    return new SetupError(
      `Setup may not write ${place}. Make that place writable for you (a run with sudo may have left it to root), and run ` +
        "the same command again. XDG_CACHE_HOME=<folder> moves the cache elsewhere.",
    );
  }
  return error;
}

/** @param {string} output what a program printed before it failed */
export function meansDiskFull(output) {
  return /ENOSPC|EDQUOT|No space left on device|Disk quota exceeded/i.test(output);
}

/** @param {string} output what npm or pip printed before it failed */
export function meansNoNetwork(output) {
  const npm = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/;
  const pip = /Retrying \(Retry|ConnectionError|Could not fetch URL|IncompleteRead|Read timed out/;
  return npm.test(output) || pip.test(output);
}
