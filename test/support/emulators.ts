import { tools } from "../tools/tools.ts";
import { freePort } from "./free-port.ts";
import { type Service, startService } from "./service.ts";

/** A running emulator. Addresses have no slash at their end. */
export interface Emulator {
  readonly url: string;
  stop(): Promise<void>;
}

const stopping = ({ stop }: Service) => stop;

/** S3 and SQS. */
export async function startMoto(): Promise<Emulator> {
  const service = await startService(await tools.moto.command(), /Running on (http:\S+)/);
  return { url: service.captured[0]!, stop: stopping(service) };
}

/** Cloud Storage. `publicUrl`: where clients reach it when that is not where it listens; large uploads are sent there. */
export async function startFakeGcsServer(publicUrl?: string): Promise<Emulator> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const options = ["-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", String(port)];
  const command = [...(await tools.fakeGcsServer.command()), ...options, "-external-url", publicUrl ?? url];
  const service = await startService(command, /server started at (http:\S+)/);
  return { url, stop: stopping(service) };
}

/** Pub/Sub, over its JSON interface. */
export async function startPubSub(): Promise<Emulator> {
  const service = await startService(await tools.pubSub.command(), /listening on (http:\S+)/);
  return { url: service.captured[0]!, stop: stopping(service) };
}

/** Blob Storage (`url`) and Queue Storage (`queueUrl`), with the emulator's one account. `extra`: options of its command. */
export async function startAzurite(extra: readonly string[] = []): Promise<Emulator & { readonly queueUrl: string }> {
  const ports = ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0"];
  const options = ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--silent"];
  const ready = /service is successfully listening (?:at|on) (https?:\S+)/;
  const service = await startService([...(await tools.azurite.command()), ...ports, ...options, ...extra], ready, 3);
  const [url, queueUrl] = service.captured.map((address) => `${address}/devstoreaccount1`);
  return { url: url!, queueUrl: queueUrl!, stop: stopping(service) };
}
