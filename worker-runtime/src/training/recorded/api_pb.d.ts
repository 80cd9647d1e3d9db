/** The part of tfjs-node's generated protocol buffers that Trivet writes; tfjs-node ships them without types. */
declare module "@tensorflow/tfjs-node/dist/proto/api_pb.js" {
  namespace proto {
    class Message {
      serializeBinary(): Uint8Array;
    }
    class TensorShape extends Message {
      addDim(dimension: TensorShape.Dim): void;
    }
    namespace TensorShape {
      class Dim extends Message {
        setSize(size: number): void;
      }
    }
    class Tensor extends Message {
      setDtype(type: number): void;
      setTensorShape(shape: TensorShape): void;
      setTensorContent(bytes: Uint8Array): void;
    }
    class AttrValue extends Message {
      setS(value: Uint8Array): void;
      setI(value: number): void;
      setF(value: number): void;
      setB(value: boolean): void;
      setType(value: number): void;
      setShape(value: TensorShape): void;
      setTensor(value: Tensor): void;
      setList(value: AttrValue.ListValue): void;
    }
    namespace AttrValue {
      class ListValue extends Message {
        setIList(values: number[]): void;
      }
    }
    class NodeDef extends Message {
      setName(name: string): void;
      setOp(op: string): void;
      addInput(input: string): void;
      getAttrMap(): { set(name: string, value: AttrValue): void };
    }
    class VersionDef extends Message {
      setProducer(version: number): void;
    }
    class GraphDef extends Message {
      addNode(node: NodeDef): void;
      setVersions(versions: VersionDef): void;
    }
    class MetaGraphDef extends Message {
      setMetaInfoDef(info: MetaGraphDef.MetaInfoDef): void;
      setGraphDef(graph: GraphDef): void;
    }
    namespace MetaGraphDef {
      class MetaInfoDef extends Message {
        addTags(tag: string): void;
      }
    }
    class SavedModel extends Message {
      setSavedModelSchemaVersion(version: number): void;
      addMetaGraphs(metaGraph: MetaGraphDef): void;
    }
  }
  export default proto;
}
