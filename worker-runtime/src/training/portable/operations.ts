/**
 * Every operation of TensorFlow that portable arithmetic knows, and why its result is the same on every CPU. The numbers
 * behind it: docs/numerics.md, measured by `npm run numerics`.
 */
import { DataType, type Node, type Output } from "../recorded/graph.ts";
import type { ExactArithmetic } from "./exact.ts";
import {
  addN,
  batchNorm,
  cumulativeSum,
  logSoftmax,
  mean,
  reciprocal,
  rsqrt,
  softmax,
  softmaxCrossEntropy,
  sum,
  sumOfRows,
} from "./functions.ts";
import { averagePool, averagePoolGradient, maxPoolGradient } from "./pooling.ts";
import { convolution, convolutionByFilter, convolutionByInput, matMul } from "./products.ts";
import { scatter, segmentSum } from "./segments.ts";
import { inWholePackets } from "./whole-packets.ts";

/** What is put in place of a node; undefined leaves it. */
export type Rewrite = (exact: ExactArithmetic, node: Node) => readonly Output[] | undefined;

/** They move values, compare them, or make integers or truth values of them: nothing is rounded. */
const moves =
  "Placeholder Const Identity DeepCopy Reshape ExpandDims Squeeze Transpose ConcatV2 Slice StridedSlice PadV2 MirrorPad Tile " +
  "Pack Unpack SplitV ReverseV2 BroadcastTo BroadcastArgs GatherV2 GatherNd OneHot Fill Range ZerosLike OnesLike Cast " +
  "Select SelectV2 Equal NotEqual Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr LogicalNot All Any " +
  "IsNan IsInf IsFinite ArgMax ArgMin Max Min MaxPool MaxPool3D SpaceToBatchND BatchToSpaceND DepthToSpace Diag " +
  "VarHandleOp ReadVariableOp ResourceGather AssignVariableOp Unique Size Bitcast BitwiseAnd";

/** One rounding for each number, as IEEE 754 prescribes, in an order that is fixed: no sum over places. */
const elementwise =
  "Abs Neg Sign Add AddV2 Sub Mul RealDiv Div DivNoNan Maximum Minimum Square SquaredDifference Sqrt Floor Ceil Round Rint " +
  "FloorDiv FloorMod Mod Relu Relu6 LeakyRelu ReluGrad EluGrad SeluGrad TanhGrad ClipByValue BiasAdd Tanh Erf " +
  "ResourceApplyGradientDescent ResourceApplyMomentum ResourceApplyAdam ResourceScatterSub";

/** Polynomials on packets of numbers. */
const packets = "Exp Expm1 Log Log1p Sigmoid Elu Selu Softplus Sin Cos Pow";

/** Sums and products, and what is computed with the CPU's approximate reciprocal. */
const rewrites: Readonly<Record<string, Rewrite>> = {
  MatMul: matMul,
  BatchMatMul: matMul,
  BatchMatMulV2: matMul,
  Conv2D: convolution,
  Conv2DBackpropInput: convolutionByInput,
  Conv2DBackpropFilter: convolutionByFilter,
  DepthwiseConv2dNative: convolution,
  DepthwiseConv2dNativeBackpropInput: convolutionByInput,
  DepthwiseConv2dNativeBackpropFilter: convolutionByFilter,
  Conv3D: convolution,
  Conv3DBackpropInputV2: convolutionByInput,
  Conv3DBackpropFilterV2: convolutionByFilter,
  Sum: sum,
  Mean: mean,
  BiasAddGrad: sumOfRows,
  AddN: (_, node) => addN(node),
  Cumsum: cumulativeSum,
  UnsortedSegmentSum: segmentSum,
  ScatterNd: scatter,
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  SoftmaxCrossEntropyWithLogits: softmaxCrossEntropy,
  Rsqrt: (_, node) => rsqrt(node),
  Reciprocal: (_, node) => reciprocal(node),
  Inv: (_, node) => reciprocal(node),
  FusedBatchNorm: (_, node) => batchNorm(node),
  AvgPool: averagePool,
  AvgPoolGrad: averagePoolGradient,
  MaxPoolGrad: maxPoolGradient,
  MaxPool3DGrad: maxPoolGradient,
};

const exactOps = new Set([...moves.split(" "), ...elementwise.split(" ")]);

const operations: ReadonlyMap<string, Rewrite | "exact"> = new Map<string, Rewrite | "exact">([
  ...[...exactOps].map((op) => [op, "exact"] as const),
  ...packets.split(" ").map((op) => [op, (_: ExactArithmetic, node: Node) => inWholePackets(node)] as const),
  ...Object.entries(rewrites),
]);

/** How a node is treated; undefined: it is not known to be the same on every CPU. Integers are exact in any order. */
export function treatmentOf(node: Node): Rewrite | "exact" | undefined {
  const isFloat = [...node.inputs, ...node.outputs].some(({ type }) => type === DataType.float32);
  const treatment = operations.get(node.op);
  return isFloat || treatment === undefined ? treatment : "exact";
}

/** The operations by what is done with them, for the documentation. */
export const operationList = {
  moves: moves.split(" "),
  elementwise: elementwise.split(" "),
  packets: packets.split(" "),
  rewrites: Object.keys(rewrites),
} as const;
