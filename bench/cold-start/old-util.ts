// tfjs-node 4.22 calls a function that Node 23 removed.
import util from "node:util";

const old = util as { isNullOrUndefined?: (value: unknown) => boolean };
old.isNullOrUndefined ??= (value) => value === null || value === undefined;
