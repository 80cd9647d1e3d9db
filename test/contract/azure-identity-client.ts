// A process that knows of Azure only what a Container App's environment says: addresses, and where to ask for a token.
// Prints what it did as JSON. For azure-identity.test.ts.
import { DefaultAzureCredential } from "@azure/identity";
import { ContainerClient } from "@azure/storage-blob";
import { QueueClient } from "@azure/storage-queue";
import { openObjectStore } from "../../worker-runtime/src/clouds/azure/object-store.ts";
import { openTaskQueue } from "../../worker-runtime/src/clouds/azure/task-queue.ts";

const [container, queueAddress] = process.argv.slice(2) as [string, string];
await new ContainerClient(container, new DefaultAzureCredential()).create();
await new QueueClient(queueAddress, new DefaultAzureCredential()).create();

const store = openObjectStore(container);
const put = await store.putIfAbsent("a", Buffer.from("stored"));
const queue = openTaskQueue(queueAddress);
await queue.send(["sent"]);
const delivery = await queue.receive(60);
await delivery?.acknowledge();
console.log(JSON.stringify({ put, read: Buffer.from((await store.get("a"))!).toString(), received: delivery?.body }));
