import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";

/** A part of a store, under keys that begin with `prefix`, as a store of its own. */
export function prefixedStore(store: ObjectStore, prefix: string): ObjectStore {
  const without = <Info extends { readonly key: string }>(info: Info) => ({
    ...info,
    key: info.key.slice(prefix.length),
  });
  return {
    putIfAbsent: (key, body) => store.putIfAbsent(prefix + key, body),
    get: (key, range) => store.get(prefix + key, range),
    head: async (key) => {
      const found = await store.head(prefix + key);
      return found && without(found);
    },
    list: async (start) => (await store.list(prefix + start)).map(without),
    delete: (key) => store.delete(prefix + key),
  };
}
