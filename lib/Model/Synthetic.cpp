// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Synthetic.h"

#include "Architecture.h"
#include "wafer/Support/Rng.h"

#include <algorithm>
#include <cmath>

using namespace wafer;

namespace {

/// The k-th output of the generator of Rng.h, without the k - 1 before it.
inline uint64_t randomAt(uint64_t seed, uint64_t k) {
  return Rng(seed + k * 0x9e3779b97f4a7c15ull).next();
}

/// The sum of the four bytes of `bits`, less its mean: nearly normal (an
/// Irwin-Hall sum of four), within 3.46 standard deviations.
inline float centredSum(uint32_t bits) {
  uint32_t pairs = (bits & 0x00ff00ffu) + ((bits >> 8) & 0x00ff00ffu);
  int32_t sum = int32_t((pairs & 0xffffu) + (pairs >> 16));
  return float(sum - 510);
}

/// The variance of one uniform byte is (256^2 - 1) / 12.
constexpr double kSumVariance = 4 * (65536.0 - 1) / 12;

} // namespace

uint64_t wafer::tensorSeed(uint64_t modelSeed, const std::string &name) {
  // FNV-1a of the name, mixed with the seed of the model.
  uint64_t hash = 0xcbf29ce484222325ull;
  for (char c : name) {
    hash = (hash ^ uint8_t(c)) * 0x100000001b3ull;
  }
  return Rng(Rng(modelSeed).next() ^ hash).next();
}

void wafer::addSyntheticTensors(Model &model, uint64_t seed) {
  for (const TensorSpec &spec : expectedTensors(model.config)) {
    TensorRef tensor;
    tensor.shape = spec.shape;
    tensor.seed = tensorSeed(seed, spec.name);
    tensor.scale =
        spec.shape.size() == 1 ? 0 : 1 / std::sqrt(double(spec.shape.back()));
    model.tensors.emplace(spec.name, std::move(tensor));
  }
}

void wafer::readSynthetic(const TensorRef &tensor, uint64_t first,
                          uint64_t count, float *out) {
  if (tensor.scale == 0) {
    std::fill_n(out, count, 1.0f);
    return;
  }
  const float step = float(tensor.scale / std::sqrt(kSumVariance));
  const uint64_t seed = tensor.seed;
  uint64_t i = first;
  const uint64_t end = first + count;
  // One hash serves two neighbours: the even one has the low half.
  if (i < end && (i & 1)) {
    *out++ = centredSum(uint32_t(randomAt(seed, i++ >> 1) >> 32)) * step;
  }
  for (; i + 1 < end; i += 2, out += 2) {
    uint64_t bits = randomAt(seed, i >> 1);
    out[0] = centredSum(uint32_t(bits)) * step;
    out[1] = centredSum(uint32_t(bits >> 32)) * step;
  }
  if (i < end) {
    *out = centredSum(uint32_t(randomAt(seed, i >> 1))) * step;
  }
}
