import * as pulumi from "@pulumi/pulumi";
import { mockOutputs, mockResults } from "./mock-outputs.ts";

/** A resource as a program registered it. */
export interface RegisteredResource {
  /** The type's token, such as `aws:s3/bucket:Bucket`. */
  readonly type: string;
  readonly name: string;
  /** Secrets unwrapped; in a preview, what is not known yet is the text `unknown`. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Top-level inputs that are, or hold, a secret. */
  readonly secrets: readonly string[];
  /** Name of the component that it is a child of; undefined for a child of the stack. */
  readonly parent: string | undefined;
  /** Names of the resources that must exist before it. */
  readonly dependsOn: readonly string[];
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly ignoreChanges: readonly string[];
}

/** What a program did. */
export interface ProgramRun<T> {
  /** In the order of their registration, without the stack. */
  readonly resources: readonly RegisteredResource[];
  /** What the program returned. */
  readonly result: T;
}

export interface MockOptions {
  /** @default "project" */
  readonly project?: string;
  /** @default "stack" */
  readonly stack?: string;
  /** Behave as in a preview, where outputs that only a deployment tells are unknown. @default false */
  readonly preview?: boolean;
}

const unknownSignature = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const specialSignature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/**
 * Runs a program that makes Trivet's components, and anything else, without a cloud and without Pulumi's engine, and
 * returns what it registered. For tests with any runner, one program at a time:
 *
 * ```ts
 * const { resources } = await runProgram(() => new AwsTrainingPipeline("p", { image }));
 * ```
 *
 * Whatever fails in the program, also an output that fails late, rejects the promise. It shows what the program asks for;
 * it does not show that the cloud accepts it.
 */
export async function runProgram<T>(
  program: () => T | Promise<T>,
  { project = "project", stack = "stack", preview = false }: MockOptions = {},
): Promise<ProgramRun<T>> {
  const resources: RegisteredResource[] = [];
  await pulumi.runtime.setMocks(
    {
      // In a preview the cloud has told nothing yet.
      newResource({ type, name, inputs, custom }) {
        if (preview && custom) return { id: undefined, state: inputs };
        const { id = `${name}-id`, ...outputs } = mockOutputs(type, name, inputs);
        return { id, state: { ...inputs, ...outputs } };
      },
      call: ({ token, inputs }) => ({ ...inputs, ...mockResults(token) }),
    },
    project,
    stack,
    preview,
  );
  record(resources);
  const rejections = catchRejections();
  try {
    const result = await Promise.race([program(), rejections.first]);
    await pulumi.runtime.disconnect();
    await Promise.race([turn(), rejections.first]);
    return { resources, result };
  } finally {
    // The same failure comes once for every output that it touches.
    await turn();
    rejections.release();
  }
}

/** Time for rejections that nobody awaits to be told. */
async function turn(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Pulumi registers resources in promises that nobody holds; what fails in them is told only by this event. Test runners
 * listen to it too, and must not see what this program's caller is about to be told.
 */
function catchRejections(): { first: Promise<never>; release(): void } {
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  process.on("unhandledRejection", reject);
  return {
    first: promise,
    release() {
      process.removeListener("unhandledRejection", reject);
      for (const other of others) process.on("unhandledRejection", other);
    },
  };
}

/** Notes what reaches the mocks' monitor; the mocks themselves are not told of parents, dependencies and options. */
function record(resources: RegisteredResource[]): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource: (request: Request, ...rest: unknown[]) => void;
  };
  const original = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    if (request.getType() !== "pulumi:pulumi:Stack") {
      const inputs = request.getObject().toJavaScript();
      resources.push({
        type: request.getType(),
        name: request.getName(),
        inputs: unwrap(inputs) as Record<string, unknown>,
        secrets: Object.keys(inputs).filter((key) => JSON.stringify(inputs[key]).includes(secretSignature)),
        parent: nameOf(request.getParent()),
        dependsOn: request.getDependenciesList().map((urn) => nameOf(urn)!),
        protect: request.getProtect(),
        retainOnDelete: request.getRetainondelete(),
        ignoreChanges: request.getIgnorechangesList(),
      });
    }
    original(request, ...rest);
  };
}

/** The part of a RegisterResourceRequest that is read here; Pulumi does not export its type. */
interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getDependenciesList(): string[];
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getIgnorechangesList(): string[];
  getObject(): { toJavaScript(): Record<string, unknown> };
}

const nameOf = (urn: string) =>
  urn === "" || urn.includes("pulumi:pulumi:Stack::") ? undefined : urn.split("::").at(-1);

/** Values as the program gave them, out of what travels to the engine. */
function unwrap(value: unknown): unknown {
  if (value === unknownSignature) return "unknown";
  if (Array.isArray(value)) return value.map(unwrap);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  if ((value as Record<string, unknown>)[specialSignature] === secretSignature)
    return unwrap((value as { value: unknown }).value);
  return Object.fromEntries(entries.map(([key, item]) => [key, unwrap(item)]));
}
