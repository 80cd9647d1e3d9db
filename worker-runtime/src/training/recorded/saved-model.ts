import proto from "@tensorflow/tfjs-node/dist/proto/api_pb.js";
import { type Attribute, type Node, type Output, topologicalOrder } from "./graph.ts";

/** Where a session finds a tensor: names such as `loss` for feeds and fetches. */
export type Names = Readonly<Record<string, Output>>;

/**
 * A graph as a SavedModel, the one form in which tfjs-node's binding accepts a graph. The nodes behind `names` are called
 * so, the others by number, so that equal graphs give equal bytes.
 */
export function encodeSavedModel(names: Names): Uint8Array {
  const graph = new proto.GraphDef();
  const named = new Map(Object.entries(names).map(([name, output]) => [output.node, name]));
  const nameOf = new Map<Node, string>();
  for (const node of topologicalOrder(Object.values(names).map(({ node }) => node))) {
    nameOf.set(node, named.get(node) ?? `n${nameOf.size}`);
    graph.addNode(encodeNode(node, nameOf));
  }
  const versions = new proto.VersionDef();
  versions.setProducer(graphVersion);
  graph.setVersions(versions);

  const info = new proto.MetaGraphDef.MetaInfoDef();
  info.addTags(savedModelTag);
  const metaGraph = new proto.MetaGraphDef();
  metaGraph.setMetaInfoDef(info);
  metaGraph.setGraphDef(graph);
  const savedModel = new proto.SavedModel();
  savedModel.setSavedModelSchemaVersion(1);
  savedModel.addMetaGraphs(metaGraph);
  return savedModel.serializeBinary();
}

export const savedModelTag = "serve";

/** Version of TensorFlow's graph format (TF_GRAPH_DEF_VERSION in tensorflow/core/public/release_version.h), of early 2024. */
const graphVersion = 1882;

function encodeNode(node: Node, nameOf: ReadonlyMap<Node, string>): proto.NodeDef {
  const encoded = new proto.NodeDef();
  encoded.setName(nameOf.get(node)!);
  encoded.setOp(node.op);
  for (const { node: source, index } of node.inputs) encoded.addInput(`${nameOf.get(source)}:${index}`);
  for (const earlier of node.after) encoded.addInput(`^${nameOf.get(earlier)}`);
  for (const [name, value] of Object.entries(node.attributes)) encoded.getAttrMap().set(name, encodeAttribute(value));
  return encoded;
}

function encodeAttribute(attribute: Attribute): proto.AttrValue {
  const encoded = new proto.AttrValue();
  switch (attribute.kind) {
    case "string":
      encoded.setS(Buffer.from(attribute.value));
      break;
    case "int":
      encoded.setI(attribute.value);
      break;
    case "float":
      encoded.setF(attribute.value);
      break;
    case "bool":
      encoded.setB(attribute.value);
      break;
    case "type":
      encoded.setType(attribute.value);
      break;
    case "shape":
      encoded.setShape(encodeShape(attribute.value));
      break;
    case "ints": {
      const list = new proto.AttrValue.ListValue();
      list.setIList([...attribute.value]);
      encoded.setList(list);
      break;
    }
    case "tensor": {
      const tensor = new proto.Tensor();
      tensor.setDtype(attribute.type);
      tensor.setTensorShape(encodeShape(attribute.shape));
      tensor.setTensorContent(attribute.bytes);
      encoded.setTensor(tensor);
      break;
    }
  }
  return encoded;
}

function encodeShape(shape: readonly number[]): proto.TensorShape {
  const encoded = new proto.TensorShape();
  for (const length of shape) {
    const dimension = new proto.TensorShape.Dim();
    dimension.setSize(length);
    encoded.addDim(dimension);
  }
  return encoded;
}
