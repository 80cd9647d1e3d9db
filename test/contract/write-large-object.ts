// `node write-large-object.ts FOLDER BYTES`: a process that stores one object, for the test that watches it from another one.
import { LocalObjectStore } from "../../worker-runtime/src/clouds/local/object-store.ts";

const [folder, sizeBytes] = process.argv.slice(2);
const store = await LocalObjectStore.open(folder!);
await store.putIfAbsent("large", new Uint8Array(Number(sizeBytes)));
