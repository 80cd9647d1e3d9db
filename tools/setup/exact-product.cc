// Exact products for portable numerics, as operations of TensorFlow: what the nodes of
// worker-runtime/src/training/portable/exact.ts compute with TensorFlow's own operations, several times faster. A float32
// tensor is brought to whole numbers by a power of two; their products and sums are exact in float64, so any order, any
// instructions and fused multiply-add give the same bits. Compiled into tfjs-node's binding.
#pragma GCC optimize("O3")
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "kernel.h"

namespace {

// Inlined into functions for certain instructions, which they then use.
#define INLINE_MEMBER inline __attribute__((always_inline))
#define EACH_CPU __attribute__((target_clones("avx512f", "avx2", "default")))

// x * scale to the nearest whole number, halves to even: beyond 1.5 * 2^52 float64 has no fractions.
INLINE double whole(float x, double scale) {
  const double magic = 6755399441055744.0;
  return (double(x) * scale + magic) - magic;
}

// ---- The power of two at or below the largest magnitude of a tensor, between 2^-100 and 2^127.

EACH_CPU uint32_t largestMagnitude(const uint32_t* bits, int64_t count) {
  uint32_t largest = 0;
  for (int64_t i = 0; i < count; i++) largest = std::max(largest, bits[i] & 0x7fffffffu);
  return largest;
}

float powerOf(const float* values, int64_t count) {
  const uint32_t bits = largestMagnitude(reinterpret_cast<const uint32_t*>(values), count) & 0x7f800000u;
  const uint32_t clamped = std::min(std::max(bits, 0x0d800000u), 0x7f000000u);
  float power;
  memcpy(&power, &clamped, sizeof power);
  return power;
}

// ---- Operands: where the numbers of a factor are.

// Element (place, k) is at k / inner * outerStride + k % inner * innerStride + place * placeStride.
struct Matrix {
  const float* values;
  int64_t inner, outerStride, innerStride, placeStride;
};

// The patches of a picture that a window sees: row (image, y, x) of `rows`, column (window row, window column, channel).
struct Patches {
  const float* values;
  int64_t height, width, channels;  // of the picture
  int64_t rowsHigh, rowsWide;       // places of the window
  int64_t windowHeight, windowWidth, strideY, strideX, top, left;
  bool transposed;                  // gradient of the data: places are those of the data, the picture is the gradient

};

// Where in the patches one is, moved on without divisions.
struct Row {
  int64_t image, y, x;
  Row(const Patches& p, int64_t row)
      : image(row / (p.rowsHigh * p.rowsWide)), y(row / p.rowsWide % p.rowsHigh), x(row % p.rowsWide) {}
  INLINE_MEMBER void next(const Patches& p) {
    if (++x == p.rowsWide) x = 0, y++;
    if (y == p.rowsHigh) y = 0, image++;
  }
};

// A place in the window: `at` counts the numbers of a row of the window, all channels of its first place first.
struct Column {
  int64_t windowY, at;
  Column(const Patches& p, int64_t column)
      : windowY(column / (p.windowWidth * p.channels)), at(column % (p.windowWidth * p.channels)) {}
};

// Calls `take(i, number)` for so many numbers from a column on, as a row of patches shows them: zeros outside of the picture.
template <typename Take>
INLINE void show(const Patches& p, const Row& row, Column column, int64_t count, const Take& take) {
  const int64_t rowLength = p.windowWidth * p.channels;
  for (int64_t i = 0; i < count; column.windowY++, column.at = 0) {
    const int64_t end = i + std::min(rowLength - column.at, count - i);
    int64_t y = p.transposed ? row.y + p.top - column.windowY : row.y * p.strideY - p.top + column.windowY;
    bool inside = y >= 0;
    if (p.transposed && p.strideY > 1) {
      inside = inside && y % p.strideY == 0;
      y /= p.strideY;
    }
    if (!inside || y >= p.height) {
      for (; i < end; i++) take(i, 0.0f);
      continue;
    }
    const float* line = p.values + (row.image * p.height + y) * p.width * p.channels;
    if (!p.transposed) {
      // A row of the window is a piece of a row of the picture.
      const int64_t first = (row.x * p.strideX - p.left) * p.channels + column.at - i;
      const int64_t from = std::min(end, std::max(i, -first)), to = std::max(from, std::min(end, p.width * p.channels - first));
      for (; i < from; i++) take(i, 0.0f);
      for (; i < to; i++) take(i, line[first + i]);
      for (; i < end; i++) take(i, 0.0f);
      continue;
    }
    while (i < end) {
      const int64_t windowX = column.at / p.channels, channel = column.at % p.channels;
      const int64_t stop = std::min(end, i + p.channels - channel);
      int64_t x = row.x + p.left - windowX;
      const bool shows = x >= 0 && x % p.strideX == 0 && x / p.strideX < p.width;
      const float* numbers = line + x / p.strideX * p.channels + channel - i;
      column.at += stop - i;
      if (shows)
        for (; i < stop; i++) take(i, numbers[i]);
      else
        for (; i < stop; i++) take(i, 0.0f);
    }
  }
}

// Packs numbers as whole numbers: for each k of the range, `Places` of them side by side, zero beyond `places`.
template <int Places>
INLINE void pack(const Matrix& m, double scale, int64_t from, int64_t places, int64_t k0, int64_t k1, double* to) {
  const int64_t count = std::min<int64_t>(Places, places - from);
  const float* start = m.values + from * m.placeStride;
  if (m.placeStride == 1 && count == Places) {
    for (int64_t k = k0; k < k1; k++, to += Places) {
      const float* at = start + k / m.inner * m.outerStride + k % m.inner * m.innerStride;
      for (int i = 0; i < Places; i++) to[i] = whole(at[i], scale);
    }
    return;
  }
  if (count < Places) std::fill(to, to + (k1 - k0) * Places, 0.0);
  for (int64_t i = 0; i < count; i++) {
    const float* place = start + i * m.placeStride;
    int64_t outer = k0 / m.inner, inner = k0 % m.inner;
    for (int64_t k = k0; k < k1; k++) {
      to[(k - k0) * Places + i] = whole(place[outer * m.outerStride + inner * m.innerStride], scale);
      if (++inner == m.inner) inner = 0, outer++;
    }
  }
}

// Places are rows of patches, k is a column.
template <int Places>
INLINE void pack(const Patches& p, double scale, int64_t from, int64_t places, int64_t k0, int64_t k1, double* to) {
  const int64_t count = std::min<int64_t>(Places, places - from);
  if (count < Places) std::fill(to, to + (k1 - k0) * Places, 0.0);
  const Column first(p, k0);
  Row row(p, from);
  for (int64_t place = 0; place < count; place++, row.next(p))
    show(p, row, first, k1 - k0, [&](int64_t i, float number) { to[i * Places + place] = whole(number, scale); });
}

// The other way round: places are columns, k is a row of patches.
struct PatchColumns {
  Patches patches;
};

template <int Places>
INLINE void pack(const PatchColumns& columns, double scale, int64_t from, int64_t places, int64_t k0, int64_t k1,
                 double* to) {
  const Patches& p = columns.patches;
  const int64_t count = std::min<int64_t>(Places, places - from);
  const Column first(p, from);
  Row row(p, k0);
  for (int64_t k = k0; k < k1; k++, to += Places, row.next(p)) {
    show(p, row, first, count, [&](int64_t i, float number) { to[i] = whole(number, scale); });
    for (int64_t i = count; i < Places; i++) to[i] = 0.0;
  }
}

// ---- The product.

constexpr int64_t depth = 512;       // k in one go: a panel of the left factor stays in the first-level cache
constexpr int64_t blockRows = 240;   // rows whose sums are kept in float64

// sums[row][column] += panel of the left factor * panel of the right one. Width: numbers of one vector register.
template <int Width, int Rows, int Vectors>
INLINE void multiplyPanels(int64_t length, const double* left, const double* right, double* sums, int64_t stride) {
  typedef double Vector __attribute__((vector_size(Width * sizeof(double)), aligned(8)));
  Vector total[Rows][Vectors];
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++) total[r][v] = Vector{};
  for (int64_t k = 0; k < length; k++, left += Rows, right += Width * Vectors) {
    Vector factors[Vectors];
    for (int v = 0; v < Vectors; v++) factors[v] = *reinterpret_cast<const Vector*>(right + v * Width);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; r++)
      for (int v = 0; v < Vectors; v++) total[r][v] += left[r] * factors[v];
  }
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++) *reinterpret_cast<Vector*>(sums + r * stride + v * Width) += total[r][v];
}

struct Scales {
  double left, right, unit;
};

// result[m][n] = left[m][k] * right[k][n], all row by row.
template <int Width, int Rows, int Vectors, typename Left>
INLINE void multiply(int64_t m, int64_t n, int64_t length, const Left& left, const Matrix& right, const Scales& scales,
                     float* result) {
  constexpr int Columns = Width * Vectors;
  const int64_t panels = (n + Columns - 1) / Columns, stride = panels * Columns;
  std::unique_ptr<double[]> rightPacked(new double[stride * length]);
  for (int64_t k = 0; k < length; k += depth)
    for (int64_t panel = 0; panel < panels; panel++) {
      const int64_t end = std::min(k + depth, length);
      double* to = rightPacked.get() + k * stride + panel * Columns * (end - k);
      pack<Columns>(right, scales.right, panel * Columns, n, k, end, to);
    }
  std::vector<double> leftPacked(Rows * std::min(depth, length)), sums((blockRows + Rows) * stride);
  for (int64_t block = 0; block < m; block += blockRows) {
    const int64_t rows = std::min(blockRows, m - block);
    std::fill(sums.begin(), sums.end(), 0.0);
    for (int64_t k = 0; k < length; k += depth) {
      const int64_t end = std::min(k + depth, length);
      for (int64_t row = 0; row < rows; row += Rows) {
        pack<Rows>(left, scales.left, block + row, m, k, end, leftPacked.data());
        for (int64_t panel = 0; panel < panels; panel++)
          multiplyPanels<Width, Rows, Vectors>(end - k, leftPacked.data(),
                                               rightPacked.get() + k * stride + panel * Columns * (end - k),
                                               sums.data() + row * stride + panel * Columns, stride);
      }
    }
    for (int64_t row = 0; row < rows; row++)
      for (int64_t column = 0; column < n; column++)
        result[(block + row) * n + column] = float(sums[row * stride + column] * scales.unit);
  }
}

// Once for each kind of CPU; the sizes of the tiles follow from its registers.
#define MULTIPLY(name, instructions, width, rows)                                                                   \
  template <typename Left>                                                                                          \
  __attribute__((target(instructions))) void name(int64_t m, int64_t n, int64_t length, const Left& left,           \
                                                  const Matrix& right, const Scales& scales, float* result) {      \
    multiply<width, rows, 2>(m, n, length, left, right, scales, result);                                            \
  }
MULTIPLY(multiplyAvx512, "avx512f", 8, 12)
MULTIPLY(multiplyAvx2, "avx2,fma", 4, 6)
MULTIPLY(multiplyAny, "avx", 4, 6)

template <typename Left>
void multiplyHere(int64_t m, int64_t n, int64_t length, const Left& left, const Matrix& right, const Scales& scales,
                  float* result) {
  if (__builtin_cpu_supports("avx512f")) return multiplyAvx512(m, n, length, left, right, scales, result);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return multiplyAvx2(m, n, length, left, right, scales, result);
  multiplyAny(m, n, length, left, right, scales, result);
}

// ---- Sums.

// result[outer][inner] = the sum over `count` of x[outer][count][inner], in units of `scale`.
EACH_CPU void sum(const float* x, int64_t outer, int64_t count, int64_t inner, double scale, double unit, double divisor,
                  float* result) {
  // Several numbers of the sum side by side, so that vector registers are full.
  const int64_t together = std::max<int64_t>(1, std::min(count, 16 / inner)), length = inner * together;
  std::vector<double> totals(length);
  for (int64_t o = 0; o < outer; o++, x += count * inner) {
    std::fill(totals.begin(), totals.end(), 0.0);
    double* total = totals.data();
    int64_t at = 0;
    if (length == 16) {
      double fixed[16] = {};
      for (; at + 16 <= count * inner; at += 16)
        for (int i = 0; i < 16; i++) fixed[i] += whole(x[at + i], scale);
      memcpy(total, fixed, sizeof fixed);
    }
    for (; at + length <= count * inner; at += length)
      for (int64_t i = 0; i < length; i++) total[i] += whole(x[at + i], scale);
    for (int64_t i = 0; at < count * inner; at++, i++) total[i] += whole(x[at], scale);
    for (int64_t i = inner; i < length; i++) total[i % inner] += total[i];
    for (int64_t i = 0; i < inner; i++) result[o * inner + i] = float(total[i] * unit / divisor);
  }
}

// ---- TensorFlow's side.

// Inputs 2 and 3 are the powers of the factors.
Scales scalesOf(Call& call, int64_t bits) {
  const double left = *call.floats(2), right = *call.floats(3), one = std::ldexp(1.0, int(bits) - 1);
  return {one / left, one / right, left / one * (right / one)};
}

// ---- The operations.

void power(void*, TF_OpKernelContext* context) {
  Call call(context);
  const TF_Tensor* x = call.input(0);
  if (float* result = call.output({})) *result = powerOf(static_cast<const float*>(TF_TensorData(x)), TF_TensorElementCount(x));
}

// Inputs: the numbers, their power. geometry: outer, count, inner, what each sum is divided by, the shape of the result.
void sums(void* state, TF_OpKernelContext* context) {
  Call call(context);
  const auto& [bits, g] = *static_cast<Settings*>(state);
  const double power = *call.floats(1), one = std::ldexp(1.0, int(bits) - 1);
  const float* x = call.floats(0);
  sum(x, g[0], g[1], g[2], one / power, power / one, double(g[3]), call.output(std::vector<int64_t>(g.begin() + 4, g.end())));
}

// geometry: batch, m, k, n, whether a is transposed, whether b is, the shape of the result.
void product(void* state, TF_OpKernelContext* context) {
  Call call(context);
  const auto& [bits, g] = *static_cast<Settings*>(state);
  const int64_t batch = g[0], m = g[1], k = g[2], n = g[3];
  const float *a = call.floats(0), *b = call.floats(1);
  const Scales scales = scalesOf(call, bits);
  float* result = call.output(std::vector<int64_t>(g.begin() + 6, g.end()));
  for (int64_t i = 0; i < batch; i++) {
    const Matrix left{a + i * m * k, k, 0, g[4] ? m : 1, g[4] ? 1 : k};
    const Matrix right{b + i * k * n, k, 0, g[5] ? 1 : n, g[5] ? k : 1};
    multiplyHere(m, n, k, left, right, scales, result + i * m * n);
  }
}

// geometry: batch; height, width, channels of the data; height, width, channels of what comes out; window height, width;
// strides; rows and columns of zeros before the data.
struct Shape {
  int64_t batch, height, width, inputs, high, wide, outputs, windowHeight, windowWidth, strideY, strideX, top, left;
  explicit Shape(const std::vector<int64_t>& g) { memcpy(this, g.data(), sizeof *this); }
  Patches patchesOf(const float* data) const {
    return {data, height, width, inputs, high, wide, windowHeight, windowWidth, strideY, strideX, top, left, false};
  }
  int64_t window() const { return windowHeight * windowWidth; }
};

// Inputs: the data, the filter.
void convolution(void* state, TF_OpKernelContext* context) {
  Call call(context);
  const auto& [bits, geometry] = *static_cast<Settings*>(state);
  const Shape s(geometry);
  const Patches left = s.patchesOf(call.floats(0));
  const int64_t length = s.window() * s.inputs;
  const Matrix right{call.floats(1), length, 0, s.outputs, 1};
  multiplyHere(s.batch * s.high * s.wide, s.outputs, length, left, right, scalesOf(call, bits),
               call.output({s.batch, s.high, s.wide, s.outputs}));
}

// Inputs: the filter, the gradient.
void convolutionByInput(void* state, TF_OpKernelContext* context) {
  Call call(context);
  const auto& [bits, geometry] = *static_cast<Settings*>(state);
  const Shape s(geometry);
  const float *filter = call.floats(0), *gradient = call.floats(1);
  const Patches left{gradient, s.high,       s.wide,        s.outputs, s.height, s.width, s.windowHeight,
                     s.windowWidth, s.strideY, s.strideX, s.top,    s.left, true};
  const Matrix right{filter, s.outputs, s.inputs * s.outputs, 1, s.outputs};
  Scales scales = scalesOf(call, bits);
  std::swap(scales.left, scales.right);
  multiplyHere(s.batch * s.height * s.width, s.inputs, s.window() * s.outputs, left, right, scales,
               call.output({s.batch, s.height, s.width, s.inputs}));
}

// Inputs: the data, the gradient.
void convolutionByFilter(void* state, TF_OpKernelContext* context) {
  Call call(context);
  const auto& [bits, geometry] = *static_cast<Settings*>(state);
  const Shape s(geometry);
  const PatchColumns left{s.patchesOf(call.floats(0))};
  const int64_t length = s.batch * s.high * s.wide;
  const Matrix right{call.floats(1), length, 0, s.outputs, 1};
  multiplyHere(s.window() * s.inputs, s.outputs, length, left, right, scalesOf(call, bits),
               call.output({s.windowHeight, s.windowWidth, s.inputs, s.outputs}));
}

const bool registered = [] {
  __builtin_cpu_init();
  const std::vector<const char*> factors = {"a: float", "b: float", "power_a: float", "power_b: float"};
  const char* result = "result: float";
  define("TrivetPower", {"x: float"}, result, false, &power);
  define("TrivetSum", {"x: float", "power: float"}, result, true, &sums);
  define("TrivetProduct", factors, result, true, &product);
  define("TrivetConvolution", factors, result, true, &convolution);
  define("TrivetConvolutionByInput", factors, result, true, &convolutionByInput);
  define("TrivetConvolutionByFilter", factors, result, true, &convolutionByFilter);
  return true;
}();

}  // namespace
