// A provider of ours in the place of AWS, Google Cloud, Azure and docker-build: it accepts what it is asked for and makes
// up outputs. Prints its port; for PULUMI_DEBUG_PROVIDERS. The engine itself compares inputs.
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

type Reply = (error: null, message: object) => void;
// biome-ignore lint/suspicious/noExplicitAny: generated protocol code without types
type Call = any;

const empty = (_: Call, reply: Reply) => reply(null, new Empty());
const sameInputs = ({ request }: Call, reply: Reply) => {
  const answer = new messages.CheckResponse();
  answer.setInputs(request.getNews());
  reply(null, answer);
};
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, item) =>
    item && typeof item === "object" && !Array.isArray(item) ? Object.fromEntries(Object.entries(item).sort()) : item,
  );

function create({ request }: Call, reply: Reply): void {
  const [type, name] = request.getUrn().split("::").slice(-2) as [string, string];
  const inputs = request.getProperties().toJavaScript();
  const answer = new messages.CreateResponse();
  const { id = `${name}-id`, ...outputs } = request.getPreview()
    ? {}
    : mockOutputs(type.split("$").at(-1)!, name, inputs);
  if (!request.getPreview()) answer.setId(id);
  answer.setProperties(Struct.fromJavaScript({ ...inputs, ...outputs }));
  reply(null, answer);
}

const server = new grpc.Server();
server.addService(ResourceProviderService, {
  attach: empty,
  cancel: empty,
  delete: empty,
  check: sameInputs,
  checkConfig: sameInputs,
  create,
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
    const [before, after] = [request.getOldInputs(), request.getNews()].map((inputs) => sorted(inputs.toJavaScript()));
    const answer = new messages.DiffResponse();
    const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
    answer.setChanges(before === after ? DIFF_NONE : DIFF_SOME);
    reply(null, answer);
  },
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
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (_: unknown, port: number) =>
  console.log(port),
);
