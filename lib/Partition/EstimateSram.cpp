// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- EstimateSram.cpp - SRAM of a core of a layer -----------------------===//
//
// Buffers are counted one by one as the lowering makes them; instructions by
// what the code does, fitted to emitted roles. `allocate` has the last word.
//
//===----------------------------------------------------------------------===//
#include "LocalSizes.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::estimate;

int64_t wafer::ropeLowSize(int64_t context) {
  int64_t low = 1;
  while (low * low < context) {
    low *= 2;
  }
  return low;
}

int64_t wafer::estimate::passLine(const PartitionProblem &p, int64_t group) {
  int64_t lanes = 1;
  for (const char *op : {"fadds", "faddhs", "fmaxs", "faddh"}) {
    lanes = std::max(lanes, int64_t(p.machine->lanesOf(op)));
  }
  return std::max(p.tokens * group, lanes);
}

namespace {
/// Instructions of the layer role by what it does, measured on emitted roles
/// and rounded up. Up to four heads are written out.
constexpr int64_t kLayerInstructions = 560, kHeadInstructions = 52,
                  kMostWrittenOut = 4, kValueInstructions = 5,
                  kRequestsInstructions = 110, kLayersInstructions = 140,
                  kTwoLevelRowInstructions = 130,
                  kTwoLevelColumnInstructions = 50, kTurnInstructions = 100,
                  kByQueryInstructions = 130, kNormInstructions = 100;
/// The same with binary32 weights: other special functions.
constexpr int64_t kSingleInstructions = -140, kSingleNormInstructions = 220;
/// Parameter block (descriptors) of the layer role, likewise.
constexpr int64_t kLayerParameterBytes = 1700, kTurnParameterBytes = 160,
                  kRotationParameterBytes = 350;
/// The same for several tokens a pass.
constexpr int64_t kPassInstructions = 1250, kPassRotation = 155,
                  kPassNorms = 180;
constexpr int64_t kPassParameterBytes = 2200;
/// Places of a sequence on binary16 in a pass.
constexpr int64_t kPiecePlaces = 6;

/// Scratch of a pass of several tokens, buffer by buffer as StageTokens.cpp
/// makes them. Blocks of sums take turns in two buffers in binary16.
int64_t passScratchBytes(const PartitionProblem &p, const LocalSizes &s) {
  bool half = p.weightBytes == 2;
  int64_t n = p.tokens, size = p.weightBytes;
  int64_t heads = s.kvHeads * s.group, line = passLine(p, s.group);
  int64_t projected =
      s.query + 2 * s.key + 1 + (p.qkNorm ? heads + s.kvHeads : 0);
  int64_t lines = s.kvHeads * s.slots * line;
  int64_t scores = lines + (p.qkNorm ? n * (heads + s.kvHeads) : 0);
  int64_t values = s.query + heads, gateUp = 2 * s.ffn + 1;
  int64_t sums =
      half ? std::max({n * projected, n * values, n * gateUp}) +
                 std::max(scores, n * s.dim)
           : n * (projected + values + gateUp + 2 * s.dim + heads) + scores;
  int64_t bytes = 4 * (n * s.dim + sums);
  // The norms in the type of products, twice, and the attention in it.
  bytes += half ? size * n * (2 * s.dim + s.query) : 0;
  bytes += n * 2 * s.pairs * 4;
  int64_t queries = s.kvHeads * line * 2 * s.pairs * size;
  bytes += half ? std::max(queries, n * s.ffn * 2) : queries;
  bytes += s.slots * line * size;
  bytes += 4 * line * (s.kvHeads * (p.qkNorm ? 3 : 2) + 1);
  if (half) {
    int64_t most = std::max(lines, n * 2 * s.ffn);
    bytes += 2 * most + 2 * line;
    bytes += kPiecePlaces * 2 * std::min(kPieceElements, most);
    bytes += 2 * std::max({s.dim, s.query + 2 * s.key, 2 * s.ffn}) * 2;
  } else {
    bytes += 4 * 4 * std::max(lines, s.ffn);
  }
  return bytes + kPassParameterBytes;
}

/// Buffers begin at multiples of so many bytes.
constexpr int64_t kBufferBytes = 16;

/// Buffers of a layer of one token that are neither weights, cache nor tables,
/// one by one as the lowering makes them.
int64_t layerScratchBytes(const PartitionProblem &p, const LocalSizes &s,
                          int64_t layers) {
  bool half = p.weightBytes == 2;
  int64_t heads = s.kvHeads * s.group, scores = heads * s.slots;
  int64_t sums = s.query + heads;
  int64_t bytes = 0;
  auto buffer = [&](int64_t elements, int64_t size) {
    bytes += ceilDiv(elements * size, kBufferBytes) * kBufferBytes;
  };
  // Hidden state with its header, what is added to it, the state of the token.
  buffer(s.dim + 6, 4);
  buffer(s.dim, 4);
  buffer(s.dim, 4);
  buffer(4, 4);
  // Blocks of sums.
  buffer(s.query + 2 * s.key + 1, 4);
  buffer(scores, 4);
  buffer(sums, 4);
  buffer(2 * s.ffn + 1, 4);
  // The rotation, the softmax.
  buffer(s.pairs, 4);
  buffer(s.pairs, 4);
  buffer(2 * s.pairs, 4);
  buffer(sums, 4); // factors
  if (s.dim >= kWrittenOut) {
    buffer(s.dim, 4); // squares
  }
  if (p.qkNorm) {
    buffer(2 * (s.query + s.key) + 4 * heads + 4 * s.kvHeads + 64, 4);
  }
  if (!half) {
    buffer(3 * std::max(scores, s.ffn) + 2 * s.ffn + 4 * heads, 4);
    return bytes;
  }
  buffer(p.requests * layers * heads, 4);
  buffer(heads, 4);
  buffer(heads + 2, 4);
  buffer(1, 4);
  buffer(scores, 2);
  buffer(scores, 2);
  buffer(sums + 4, 2);
  // Inputs of products.
  buffer(s.dim, 2);
  buffer(s.query, 2);
  buffer(sums, 2);
  buffer(s.dim, 2);
  buffer(2 * s.ffn, 2);
  buffer(16, 2); // constants
  // Products at once, the places of special functions there, and their sums.
  const ParameterSet &set = *p.machine->findParameters(p.parameterSet);
  int64_t atOnce = 0, outputs = 0, others = 0;
  auto product = [&](int64_t in, int64_t out) {
    ProductPlan plan = planProduct(*p.machine, set, in, out, productTypes(p));
    atOnce = std::max(
        atOnce, plan.piece * (plan.terms ? apartRow(*p.machine, out) : out));
    outputs = std::max(outputs, plan.terms ? out : 0);
    bool alternate = plan.stepsByRow() &&
                     rowsAlternate(*p.machine, weightRow(*p.machine, out));
    others = std::max(others, alternate ? out : 0);
  };
  product(s.dim, s.query + 2 * s.key);
  product(s.query, s.dim);
  product(s.dim, 2 * s.ffn);
  product(s.ffn, s.dim);
  int64_t row = 2 * s.pairs * s.slots;
  atOnce =
      std::max(atOnce, s.group * row <= kProductElements ? s.group * row : row);
  int64_t place = ceilDiv(2 * std::max(scores, s.ffn), kHalfPlaceBytes);
  atOnce = std::max(atOnce, (4 * place + 1) * kHalfPlaceBytes / 2);
  buffer(atOnce, 2);
  buffer(outputs + 8, 2);
  buffer(others, 2);
  return bytes;
}
} // namespace

SramEstimate wafer::estimateLayerSram(const PartitionProblem &p, int64_t width,
                                      int64_t height, int64_t layersPerStage,
                                      bool turns) {
  LocalSizes s(p, width, height);
  SramEstimate e;
  const ParameterSet &set = *p.machine->findParameters(p.parameterSet);
  auto layerBytes = [&](int64_t bytes) {
    return p.evenLayers ? evenLayerBytes(*p.machine, bytes) : bytes;
  };
  auto product = [&](int64_t inputs, int64_t outputs) {
    bool byRow = planProduct(*p.machine, set, inputs, outputs, productTypes(p))
                     .stepsByRow();
    if (!byRow) {
      return layerBytes(inputs * outputs * p.weightBytes);
    }
    return layerBytes(weightBytes(
        *p.machine, inputs, weightRow(*p.machine, outputs), p.weightBytes));
  };
  int64_t perLayer = product(s.dim, s.query + 2 * s.key) +
                     product(s.query, s.dim) + product(s.dim, 2 * s.ffn) +
                     product(s.ffn, s.dim);
  e.weights = layersPerStage * perLayer;
  e.cache = p.requests * layersPerStage * 2 *
            layerBytes(s.slots * s.key * p.weightBytes);
  if (p.qkNorm) {
    e.cache +=
        p.requests * layersPerStage * layerBytes(s.slots * s.kvHeads * 4);
    e.weights += layersPerStage * 2 * layerBytes(2 * s.pairs * 4);
  }
  int64_t low = ropeLowSize(p.context);
  e.tables = s.pairs * 2 * 4 * (low + ceilDiv(p.context, low));
  if (p.tokens > 1) {
    e.scratch = passScratchBytes(p, s);
    bool scalars = rotatesByScalars(*p.machine, set, s.pairs,
                                    (s.query + s.key) / (2 * s.pairs));
    e.code = (kPassInstructions + (scalars ? kPassRotation : 0) +
              (p.qkNorm ? kPassNorms : 0)) *
             int64_t(p.machine->codeBytesPerInstruction);
    return e;
  }
  e.scratch = layerScratchBytes(p, s, layersPerStage) + kLayerParameterBytes +
              (turns ? kTurnParameterBytes : 0);
  int64_t heads = s.kvHeads * s.group;
  int64_t rotated = (s.query + s.key) / (2 * s.pairs);
  bool scalars = rotatesByScalars(*p.machine, set, s.pairs, rotated);
  if (!scalars) {
    e.scratch +=
        kRotationParameterBytes +
        4 * ceilDiv(rotated * s.pairs * 4, kBufferBytes) * kBufferBytes;
  }
  // Where the products of all queries are too many to be made at once there is
  // code for one after the other.
  bool byQuery = s.group * s.pairs * 2 * s.slots > kProductElements ||
                 s.slots > kHalfTerms;
  bool half = p.weightBytes == 2;
  StageChains chains =
      stageChains(*p.machine, set, width, height, p.kvHeads, turns);
  int64_t count = kLayerInstructions;
  count += kHeadInstructions * std::min(heads, kMostWrittenOut);
  int64_t values = std::min(s.query, kFewScalars);
  count += kValueInstructions * (heads <= kMostWrittenOut ? values : 8);
  count += p.requests > 1 ? kRequestsInstructions : 0;
  count -= layersPerStage == 1 ? kLayersInstructions : 0;
  count += chains.groupRows ? kTwoLevelRowInstructions : 0;
  count += chains.groupColumns ? kTwoLevelColumnInstructions : 0;
  count += turns ? kTurnInstructions : 0;
  count += byQuery ? kByQueryInstructions : 0;
  count += half ? 0 : kSingleInstructions;
  if (p.qkNorm) {
    count += half ? kNormInstructions : kSingleNormInstructions;
  }
  e.code = count * int64_t(p.machine->codeBytesPerInstruction);
  return e;
}
