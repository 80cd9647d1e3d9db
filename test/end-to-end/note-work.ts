/**
 * Loaded into a process by `--import` (see `notingWork`): writes down its id, and each worker's share of a round that it begins to
 * train. What one process has written is there whatever ends it.
 */
import { appendFileSync } from "node:fs";
import { LocalObjectStore } from "../../worker-runtime/src/clouds/local/object-store.ts";

const file = process.env.TRIVET_TEST_NOTES!;
const note = (line: string) => appendFileSync(file, `${line}\n`);

note(`process ${process.pid}`);
// A step first asks for its own output, and trains when there is none.
const { head } = LocalObjectStore.prototype;
LocalObjectStore.prototype.head = async function (key) {
  const found = await head.call(this, key);
  if (!found && /\/updates\/\d+$/.test(key)) note(`begins ${key}`);
  return found;
};
