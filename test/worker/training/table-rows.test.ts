import { expect } from "chai";
import { loadBackend } from "../../../worker-runtime/src/training/backend.ts";
import { type NativeBackend, nativeBackend } from "../../../worker-runtime/src/training/native.ts";
import { Random } from "../../../worker-runtime/src/training/random.ts";
import { DataType } from "../../../worker-runtime/src/training/recorded/graph.ts";

describe("the kernel that subtracts rows of a table", () => {
  let native: NativeBackend;

  before(async () => {
    native = nativeBackend((await loadBackend()).tf);
  });

  /** The table afterwards. It is in TensorFlow's memory, as a variable is: that of JavaScript may be read as a copy. */
  function subtract(table: Float32Array, width: number, indices: number[], rows: Float32Array, repeat: number) {
    const { binding } = native;
    const height = table.length / width;
    const T = { name: "T", type: binding.TF_ATTR_TYPE, value: DataType.float32 };
    const geometry = { name: "geometry", type: binding.TF_ATTR_INT, value: [height, width, repeat] };
    const given = binding.createTensor([height, width], DataType.float32, table);
    const ids = [
      binding.executeOp("DeepCopy", [T], [given], 1)[0]!.id,
      binding.createTensor([indices.length], DataType.int32, Int32Array.from(indices)),
      binding.createTensor([rows.length / width, width], DataType.float32, rows),
    ];
    try {
      binding.executeOp("TrivetSubtractRows", [geometry], ids, 0);
      return binding.tensorDataSync(ids[0]!);
    } finally {
      for (const id of [given, ...ids]) binding.deleteTensor(id);
    }
  }

  for (const width of [1, 16, 32, 33]) {
    it(`takes each row from the row that its index names, also twice, in their order: rows of ${width}`, () => {
      const random = new Random(5, "rows", width);
      const draw = (count: number, key: string) =>
        Float32Array.from({ length: count }, (_, i) => random.derive(key).uniform(i));
      const [table, rows] = [draw(7 * width, "table"), draw(3 * width, "rows")];
      const indices = [0, 6, 3, 3, 2, 3];
      const expected = table.slice();
      indices.forEach((index, i) => {
        for (let j = 0; j < width; j++) expected[index * width + j]! -= rows[Math.floor(i / 2) * width + j]!;
      });
      expect(subtract(table, width, indices, rows, 2)).to.deep.equal(expected);
    });
  }

  for (const wrong of [7, -1]) {
    it(`refuses an index of ${wrong}`, () => {
      const run = () => subtract(new Float32Array(7), 1, [0, wrong], Float32Array.of(1, 1), 1);
      expect(run).to.throw(`index ${wrong} is not in [0, 7)`);
    });
  }
});
