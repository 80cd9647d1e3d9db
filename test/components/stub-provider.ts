// A provider of ours in the place of AWS, Google Cloud, Azure and docker-build: it accepts what it is asked for, keeps it,
// and makes up outputs.
import { createRequire } from "node:module";
import { mockOutputs, mockResults } from "../../components/mock-outputs.ts";

// None of these has types or an ESM entry point.
const require = createRequire(import.meta.resolve("@pulumi/pulumi"));
const grpc = require("@grpc/grpc-js");
const messages = require("@pulumi/pulumi/proto/provider_pb.js");
const { ResourceProviderService } = require("@pulumi/pulumi/proto/provider_grpc_pb.js");
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb.js");
const { Empty } = require("google-protobuf/google/protobuf/empty_pb");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb");

type Reply = (error: null | { code: number; details: string }, message?: object) => void;
// biome-ignore lint/suspicious/noExplicitAny: generated protocol code without types
type Call = any;

/** Something that exists in the made-up cloud. */
export interface Thing {
  /** The type's token, such as `aws:s3/bucket:Bucket`. */
  readonly type: string;
  /** Its name in the program. */
  readonly name: string;
  readonly id: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** What `make` gave. */
  readonly made: Readonly<Record<string, unknown>>;
}

export interface StubOptions {
  /** Why something cannot be created, if it cannot. Asked before each. */
  refuse?(type: string, name: string): string | undefined;
  /** Makes something somewhere, such as in an emulator; what it gives is laid over the made-up outputs. */
  make?(
    type: string,
    inputs: Readonly<Record<string, unknown>>,
    name: string,
  ): Promise<Record<string, unknown> & { id?: string }>;
  /** Removes what `make` made. */
  remove?(thing: Thing): Promise<void>;
  /** Inputs of a type that only a replacement can change. Default: none. */
  replacedBy?(type: string): readonly string[];
}

export interface StubProvider {
  /** For PULUMI_DEBUG_PROVIDERS. */
  readonly port: number;
  /** All that was created and not deleted, the oldest first. */
  readonly things: Thing[];
  stop(): void;
}

/** Serves the stub on a free port. `options` are read at each call, so that a test may change them. */
export async function startStubProvider(options: StubOptions = {}): Promise<StubProvider> {
  const things: Thing[] = [];
  const server = new grpc.Server();
  server.addService(ResourceProviderService, {
    attach: empty,
    cancel: empty,
    check: sameInputs,
    checkConfig: sameInputs,
    diffConfig: (_: Call, reply: Reply) => reply(null, new messages.DiffResponse()),
    getPluginInfo(_: Call, reply: Reply) {
      const answer = new PluginInfo();
      answer.setVersion("1.0.0");
      reply(null, answer);
    },
    configure(_: Call, reply: Reply) {
      const answer = new messages.ConfigureResponse();
      answer.setSupportspreview(true);
      reply(null, answer);
    },
    diff({ request }: Call, reply: Reply) {
      const [before, after] = [request.getOldInputs(), request.getNews()].map((inputs) => inputs.toJavaScript());
      const keys = Object.keys({ ...before, ...after }).filter((key) => sorted(before[key]) !== sorted(after[key]));
      const answer = new messages.DiffResponse();
      const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
      answer.setChanges(keys.length === 0 ? DIFF_NONE : DIFF_SOME);
      answer.setDiffsList(keys);
      const replacing = options.replacedBy?.(nameOf(request).type) ?? [];
      answer.setReplacesList(keys.filter((key) => replacing.includes(key)));
      reply(null, answer);
    },
    create: orError(async ({ request }: Call, reply: Reply) => {
      const { type, name } = nameOf(request);
      const inputs = request.getProperties().toJavaScript();
      const answer = new messages.CreateResponse();
      const outputs = { ...inputs };
      if (!request.getPreview()) {
        const problem = options.refuse?.(type, name);
        if (problem !== undefined) return reply({ code: grpc.status.UNKNOWN, details: problem });
        const made = (await options.make?.(type, inputs, name)) ?? {};
        const { id = `${name}-id`, ...told } = { ...mockOutputs(type, name, inputs), ...made };
        things.push({ type, name, id, inputs, made });
        answer.setId(id);
        Object.assign(outputs, told);
      }
      answer.setProperties(Struct.fromJavaScript(outputs));
      reply(null, answer);
    }),
    update({ request }: Call, reply: Reply) {
      const { type, name } = nameOf(request);
      const inputs = request.getNews().toJavaScript();
      const answer = new messages.UpdateResponse();
      const made = things.find((thing) => isThing(thing, request))?.made ?? {};
      if (!request.getPreview()) things[indexOf(request)] = { type, name, id: request.getId(), inputs, made };
      const { id: _, ...outputs } = { ...mockOutputs(type, name, inputs), ...made };
      answer.setProperties(Struct.fromJavaScript({ ...inputs, ...outputs }));
      reply(null, answer);
    },
    delete: orError(async (call: Call, reply: Reply) => {
      const [thing] = things.splice(indexOf(call.request), 1);
      await options.remove?.(thing!);
      empty(call, reply);
    }),
    invoke({ request }: Call, reply: Reply) {
      const answer = new messages.InvokeResponse();
      answer.setReturn(Struct.fromJavaScript(mockResults(request.getTok())));
      reply(null, answer);
    },
    read({ request }: Call, reply: Reply) {
      const answer = new messages.ReadResponse();
      answer.setId(request.getId());
      answer.setProperties(request.getProperties());
      answer.setInputs(request.getInputs());
      reply(null, answer);
    },
  });

  /** The oldest thing of that name and id: a replacement is made before what it replaces is deleted. */
  function indexOf(request: Call): number {
    const found = things.findIndex((thing) => isThing(thing, request));
    if (found < 0) throw new Error(`${request.getUrn()} does not exist`);
    return found;
  }

  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error: Error | null, bound: number) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { port, things, stop: () => server.forceShutdown() };
}

const empty = (_: Call, reply: Reply) => reply(null, new Empty());
const sameInputs = ({ request }: Call, reply: Reply) => {
  const answer = new messages.CheckResponse();
  answer.setInputs(request.getNews());
  reply(null, answer);
};
const sorted = (value: unknown) =>
  JSON.stringify(value, (_, item) =>
    item && typeof item === "object" && !Array.isArray(item) ? Object.fromEntries(Object.entries(item).sort()) : item,
  );

/** Answers with the error where there is one. */
function orError(answer: (call: Call, reply: Reply) => Promise<void>) {
  return (call: Call, reply: Reply) => {
    answer(call, reply).catch((error: Error) => reply({ code: grpc.status.UNKNOWN, details: error.message }));
  };
}

function isThing(thing: Thing, request: Call): boolean {
  const { type, name } = nameOf(request);
  return thing.type === type && thing.name === name && thing.id === request.getId();
}

/** A resource's own type and name, from its URN. */
function nameOf(request: Call): { type: string; name: string } {
  const [types, name] = request.getUrn().split("::").slice(-2) as [string, string];
  return { type: types.split("$").at(-1)!, name };
}
