import { UserError } from "../../errors.ts";

/**
 * Runs `action`, which writes below `folder`; errors that a person can mend are said in a sentence. `option` is the one
 * that chooses the folder.
 */
export async function explained<T>(folder: string, action: () => T | Promise<T>, option = "--store"): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT")
      throw new UserError(
        `The disk that holds ${folder} is full. What was stored is safe: make room, then run the same command to go on.`,
        3,
      );
    if (code === "ENOTDIR")
      throw new UserError(
        `${folder} cannot be a folder: it, or one above it, is a file. Choose another with ${option}.`,
      );
    if (code === "EACCES" || code === "EROFS" || code === "EPERM")
      throw new UserError(`${folder} cannot be written (${code}). Choose another folder with ${option}.`);
    throw error;
  }
}
