// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Partition.cpp - Search for stages and rectangles -------------------===//
//
// 1. Fix what does not depend on the rectangle (the columns of embedding and
//    head for a height).
// 2. For each height and number of stages find the narrowest width that fits
//    in SRAM (SRAM falls with the width, so by bisection), and try it and some
//    wider ones.
// 3. Keep the cheapest candidate and the cheapest one of another shape.
//
//===----------------------------------------------------------------------===//
#include "wafer/Partition/Partition.h"

#include "wafer/Partition/ChainGroups.h"

#include "wafer/Place/Floorplan.h"

#include <algorithm>
#include <limits>

using namespace wafer;

static int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

Status PartitionProblem::check() const {
  auto fail = [](std::string what, std::string found) {
    Diagnostic d;
    d.what = std::move(what);
    d.found = std::move(found);
    return Status(std::move(d));
  };
  if (layers <= 0 || dim <= 0 || ffn <= 0 || heads <= 0 || kvHeads <= 0 ||
      headDim <= 0 || vocab <= 0 || context <= 0) {
    return fail("a dimension of the model is not positive", "");
  }
  if (heads % kvHeads != 0 || headDim % 2 != 0) {
    return fail(
        "heads must be a multiple of the KV heads and the head size even",
        std::to_string(heads) + ", " + std::to_string(kvHeads) + ", " +
            std::to_string(headDim));
  }
  if (stages && (*stages <= 0 || *stages > layers)) {
    Diagnostic d;
    d.what = "number of stages is out of range";
    d.expected =
        "1 to " + std::to_string(layers) + " (the layers of the model)";
    d.found = std::to_string(*stages);
    return d;
  }
  if (region && (region->first <= 0 || region->second <= 0 ||
                 region->first > machine->width() ||
                 region->second > machine->height())) {
    Diagnostic d;
    d.what = "region does not fit on machine '" + machine->name + "'";
    d.expected = "at most " + std::to_string(machine->width()) + "x" +
                 std::to_string(machine->height());
    d.found =
        std::to_string(region->first) + "x" + std::to_string(region->second);
    return d;
  }
  return Status::success();
}

int64_t wafer::ropeLowSize(int64_t context) {
  int64_t low = 1;
  while (low * low < context) {
    low *= 2;
  }
  return low;
}

namespace {
/// Sizes of what one core of a layer stage holds.
struct LocalSizes {
  int64_t dim, ffn, kvHeads, group, pairs, slots;
  int64_t query, key;

  LocalSizes(const PartitionProblem &p, int64_t width, int64_t height) {
    HeadSlicing slicing = sliceHeads(p.kvHeads, p.headDim / 2, width);
    dim = ceilDiv(p.dim, height);
    ffn = ceilDiv(p.ffn, width);
    kvHeads = slicing.heads.maxWidth();
    pairs = slicing.pairs.maxWidth();
    group = p.heads / p.kvHeads;
    slots = ceilDiv(p.context, height);
    query = kvHeads * group * pairs * 2;
    key = kvHeads * pairs * 2;
  }
};

/// Instructions of the layer role; measured on the emitted role, rounded up.
constexpr int64_t kLayerInstructions = 1010;
/// Parameter block (descriptors) and small buffers of the layer role, likewise.
constexpr int64_t kLayerParameterBytes = 2816;
} // namespace

SramEstimate wafer::estimateLayerSram(const PartitionProblem &p, int64_t width,
                                      int64_t height, int64_t layersPerStage) {
  LocalSizes s(p, width, height);
  SramEstimate e;
  const ParameterSet &set = *p.machine->findParameters(p.parameterSet);
  auto product = [&](int64_t inputs, int64_t outputs) {
    bool byRow = planProduct(*p.machine, set, inputs, outputs, productTypes(p))
                     .stepsByRow();
    return inputs * (byRow ? weightRow(*p.machine, outputs) : outputs);
  };
  int64_t perLayer = product(s.dim, s.query + 2 * s.key) +
                     product(s.query, s.dim) + product(s.dim, 2 * s.ffn) +
                     product(s.ffn, s.dim);
  e.weights = layersPerStage * perLayer * p.weightBytes;
  e.cache = layersPerStage * s.slots * 2 * s.key * p.weightBytes;
  if (p.qkNorm) {
    e.cache += layersPerStage * s.slots * s.kvHeads * 4;
    e.weights += layersPerStage * 4 * s.pairs * 4;
  }
  int64_t low = ropeLowSize(p.context);
  e.tables = s.pairs * 2 * 4 * (low + ceilDiv(p.context, low));
  int64_t scores = s.slots * s.kvHeads * s.group;
  int64_t attention = 4 * (s.query + 2 * s.key) * 2 + scores * 4 * 4;
  int64_t feedForward = s.ffn * 4 * 6;
  // Products that are made at once; small ones are among the small buffers.
  // Where those of all queries are too many there is code for one after the
  // other.
  constexpr int64_t kSmallProducts = 900, kByQueryInstructions = 130;
  constexpr int64_t kNormInstructions = 130, kNormBytes = 700;
  int64_t products = s.group * s.pairs * 2 * s.slots;
  int64_t productBytes = 2 * std::min(kProductElements, products);
  bool byQuery = products > kProductElements || s.slots > kHalfTerms;
  e.scratch = s.dim * 10 + attention + feedForward + kLayerParameterBytes +
              std::max<int64_t>(0, productBytes - kSmallProducts) +
              (p.qkNorm ? kNormBytes : 0);
  e.code = (kLayerInstructions + (byQuery ? kByQueryInstructions : 0) +
            (p.qkNorm ? kNormInstructions : 0)) *
           int64_t(p.machine->codeBytesPerInstruction);
  return e;
}

/// A word that is received, added and sent on: 1 + 2 ramps + 1 hop.
static int64_t hopWordCycles(const Machine &machine) {
  return 2 + 2 * int64_t(machine.rampCycles);
}

static int64_t stepsOf(const Machine &machine, int64_t elements,
                       const char *op) {
  return ceilDiv(elements, std::max<int64_t>(1, machine.lanesOf(op)));
}

/// An instruction whose operands are loaded into descriptor registers first. Of
/// three, one is still there from an instruction before, in the mean over a
/// layer.
static int64_t vectorCycles(const Machine &machine, const ParameterSet &set,
                            int64_t elements, const char *op) {
  return int64_t(set.vectorStart) + 2 * int64_t(set.dsrLoad) +
         stepsOf(machine, elements, op);
}

/// An all-reduce on two levels, whose chains take `chain` cycles and whose
/// multicast goes over `back` hops: inside the groups, then over the
/// collectors. Two more instructions than on one, each behind a branch; the
/// start of one is in the chain (GroupGrowth::start).
static int64_t twoLevelCycles(const Machine &machine, const ParameterSet &set,
                              int64_t words, int64_t chain, int64_t back) {
  return 4 * vectorCycles(machine, set, words, "fadds") +
         4 * int64_t(set.branch + set.load) + chain + back + 2 * words;
}

int64_t wafer::estimateAllReduceCycles(const Machine &machine,
                                       const ParameterSet &set, int64_t words,
                                       int64_t lines, int64_t groupSize) {
  int64_t instruction = vectorCycles(machine, set, words, "fadds");
  int64_t half = lines / 2;
  if (!groupSize) {
    return 3 * instruction + hopWordCycles(machine) * half + half + words;
  }
  GroupGrowth growth = groupGrowth(machine, set, groupSize);
  return twoLevelCycles(machine, set, words, growth.cyclesOver(half, half),
                        half);
}

/// Longer groups at the end of a line are never best: those behind them wait.
static constexpr int64_t kMostOutermost = 32;

int64_t wafer::chainGroupRows(const Machine &machine, const ParameterSet &set,
                              int64_t rows) {
  // Three for the rows, two for the columns, one for groups and hand-overs.
  constexpr unsigned kInputs = 6;
  if (machine.inputQueues.numUsable() < kInputs) {
    return 0;
  }
  // The words of a short message; they count alike for all sizes.
  constexpr int64_t kWords = 16;
  int64_t best = 0;
  int64_t least = estimateAllReduceCycles(machine, set, kWords, rows);
  for (int64_t size = 2; size <= std::min(rows / 4, kMostOutermost); ++size) {
    int64_t cycles = estimateAllReduceCycles(machine, set, kWords, rows, size);
    if (cycles < least) {
      least = cycles;
      best = size;
    }
  }
  return best;
}

int64_t wafer::estimateHeadReduceCycles(const Machine &machine,
                                        const ParameterSet &set, int64_t words,
                                        int64_t columns, int64_t size) {
  if (!size) {
    return estimateAllReduceCycles(machine, set, words, columns);
  }
  int64_t most = mostOfRun(columns, size);
  if (most >= columns) {
    return estimateAllReduceCycles(machine, set, words, 2 * columns);
  }
  // Near the root all groups are as long as they may be.
  GroupGrowth growth = groupGrowth(machine, set, most);
  growth.most = most;
  return twoLevelCycles(machine, set, words,
                        growth.cyclesOver(columns, columns), columns);
}

int64_t wafer::estimateRowReduceCycles(const Machine &machine,
                                       const ParameterSet &set, int64_t words,
                                       int64_t columns, int64_t heads,
                                       int64_t size) {
  if (!size) {
    return estimateAllReduceCycles(machine, set, words, columns);
  }
  GroupGrowth growth = groupGrowth(machine, set, size);
  int64_t run = ceilDiv(columns, std::clamp<int64_t>(heads, 1, columns));
  growth.most = mostOfRun(run, size);
  return twoLevelCycles(machine, set, words,
                        growth.cyclesOver((columns + 1) / 2, run), columns / 2);
}

int64_t wafer::mostOfRun(int64_t run, int64_t first) {
  return std::max(first, run / 3);
}

int64_t wafer::rowGroupColumns(const Machine &machine, const ParameterSet &set,
                               int64_t columns, int64_t heads) {
  constexpr unsigned kInputs = 7;
  constexpr int64_t kWords = 16;
  heads = std::min(heads, columns);
  // The root ends a run, which should be near the middle.
  if (machine.inputQueues.numUsable() < kInputs || heads < 2) {
    return 0;
  }
  // A layer reduces two sums over rows, and one over the columns of a head.
  int64_t run = ceilDiv(columns, heads);
  auto cost = [&](int64_t size) {
    return 2 * estimateRowReduceCycles(machine, set, kWords, columns, heads,
                                       size) +
           estimateHeadReduceCycles(machine, set, kWords, run, size);
  };
  int64_t best = 0, least = cost(0);
  for (int64_t size = 2; size <= std::min({run, columns / 4, kMostOutermost});
       ++size) {
    if (cost(size) < least) {
      least = cost(size);
      best = size;
    }
  }
  return best;
}

bool wafer::canTurn(const Machine &machine, const ParameterSet &set,
                    int64_t columns, int64_t rows, int64_t groups) {
  if (int64_t size = rowGroupColumns(machine, set, columns, groups)) {
    int64_t runs = std::min(columns, groups);
    return columns - runs * ceilDiv(ceilDiv(columns, runs), size) >= rows;
  }
  // Two or three for the rows, two for the columns, one for the groups, one
  // more.
  unsigned inputs = (chainGroupRows(machine, set, rows) ? 3 : 2) + 2 + 1 + 1;
  return machine.inputQueues.numUsable() >= inputs && columns >= rows;
}

int64_t wafer::headColumnGroups(const Machine &machine, const ParameterSet &set,
                                int64_t columns) {
  // Three for the rows, three for the columns, one for the hand-over.
  constexpr unsigned kInputs = 7;
  return machine.inputQueues.numUsable() < kInputs
             ? 0
             : chainGroupRows(machine, set, columns);
}

int64_t wafer::estimateArgMaxCycles(const Machine &machine,
                                    const ParameterSet &set, int64_t columns,
                                    int64_t rows, int64_t logits) {
  // A turn: load two, compare, address; the loop.
  int64_t turn =
      2 * int64_t(set.load) + 3 * int64_t(set.alu) + 2 * int64_t(set.branch);
  int64_t maxima =
      estimateAllReduceCycles(machine, set, 1, rows,
                              chainGroupRows(machine, set, rows)) +
      estimateAllReduceCycles(machine, set, 1, columns,
                              headColumnGroups(machine, set, columns));
  return ceilDiv(logits, rows) * turn + 2 * maxima;
}

/// Cycles of the steps of an instruction that reads two vectors, in the mean
/// over their places: per step the reads touch `banks` banks together.
static int64_t readCycles(const Machine &machine, int64_t elements,
                          const char *op, int64_t banks) {
  int64_t modulus = std::max<int64_t>(1, machine.readConflictModulus);
  int64_t conflicts = std::min(modulus, banks - 1);
  return stepsOf(machine, elements, op) * (modulus + conflicts) / modulus;
}

ProductTypes wafer::productTypes(const PartitionProblem &problem) {
  return problem.weightBytes != 2 ? ProductTypes::Single
         : problem.halfSums       ? ProductTypes::Mixed
                                  : ProductTypes::Exact;
}

/// Bytes after which banks repeat for reads.
static int64_t bankTurn(const Machine &machine) {
  return int64_t(machine.readConflictModulus) * machine.bankWidthBytes;
}

int64_t wafer::halfSumOffset(const Machine &machine) {
  int64_t turn = bankTurn(machine);
  return turn > 0 && 2 * machine.lanesOf("fmach") <= turn / 2 ? turn / 2 : 0;
}

int64_t wafer::apartRow(const Machine &machine, int64_t outputs) {
  if (!halfSumOffset(machine)) {
    return outputs;
  }
  int64_t elements = std::max<int64_t>(1, bankTurn(machine) / 2);
  return ceilDiv(outputs, elements) * elements;
}

int64_t wafer::weightRow(const Machine &machine, int64_t outputs) {
  int64_t row = apartRow(machine, outputs);
  return 16 * (row - outputs) <= outputs ? row : outputs;
}

namespace {
/// The cycles of the parts of a product.
class ProductCosts {
public:
  ProductCosts(const Machine &machine, const ParameterSet &set, int64_t inputs,
               int64_t outputs)
      : machine(machine), set(set), inputs(inputs), outputs(outputs) {}

  /// Instructions without their steps.
  int64_t starts(int64_t count) const {
    return count * vectorCycles(machine, set, 0, "fmuls");
  }
  int64_t clear() const { return vectorCycles(machine, set, outputs, "mov32"); }
  /// binary16 sums to the binary32 result.
  int64_t widen() const {
    return vectorCycles(machine, set, outputs, "faddhs");
  }
  /// `count` multiply-adds, one an input: the scalar, its address, the end of
  /// the loop, the instruction.
  int64_t loop(const char *op, int64_t count, int64_t sumBytes,
               int64_t weightBytes) const {
    int64_t address =
        inputs < kWrittenOut ? 0 : 2 * int64_t(set.alu) + int64_t(set.branch);
    return 3 * int64_t(set.dsrLoad) +
           count * (int64_t(set.load) + address + int64_t(set.vectorStart) +
                    sumSteps(op, outputs, sumBytes, weightBytes,
                             weightRow(machine, outputs)));
  }
  int64_t multiply() const {
    return readCycles(machine, inputs * outputs, "fmulh",
                      banksOf("fmulh", 2) + 1);
  }
  /// A sum of `elements` to others that stay where they are.
  int64_t sumSteps(const char *op, int64_t elements, int64_t sumBytes,
                   int64_t addedBytes, int64_t row) const {
    bool apart = sumBytes == 2 && row == apartRow(machine, outputs) &&
                 halfSumOffset(machine) != 0;
    // A step over the end of a row is in two banks of either.
    int64_t over = outputs % std::max<int64_t>(1, machine.lanesOf(op)) != 0
                       ? elements / outputs - 1
                       : 0;
    return apart ? stepsOf(machine, elements, op) + over
                 : readCycles(machine, elements, op,
                              banksOf(op, sumBytes) + banksOf(op, addedBytes));
  }

private:
  int64_t banksOf(const char *op, int64_t bytes) const {
    return ceilDiv(machine.lanesOf(op) * bytes, machine.bankWidthBytes);
  }

  const Machine &machine;
  const ParameterSet &set;
  int64_t inputs, outputs;
};
} // namespace

ProductPlan wafer::planProduct(const Machine &machine, const ParameterSet &set,
                               int64_t inputs, int64_t outputs,
                               ProductTypes types) {
  ProductCosts costs(machine, set, inputs, outputs);
  bool half = types != ProductTypes::Single;
  ProductPlan best;
  best.cycles = costs.clear() +
                costs.loop(half ? "fmachs" : "fmacs", inputs, 4, half ? 2 : 4);
  if (!half) {
    return best;
  }
  auto consider = [&](const ProductPlan &plan) {
    if (plan.cycles < best.cycles) {
      best = plan;
    }
  };
  // A sum over rows must not meet one of its elements twice in a step.
  int64_t piece =
      std::min(inputs, kProductElements / std::max<int64_t>(1, outputs));
  if (piece > 0 && outputs >= machine.lanesOf("faddhs")) {
    int64_t pieces = ceilDiv(inputs, piece);
    consider({piece, 0,
              costs.clear() + costs.starts(2 * pieces) + costs.multiply() +
                  costs.sumSteps("faddhs", inputs * outputs, 4, 2, outputs)});
  }
  if (types != ProductTypes::Mixed) {
    return best;
  }
  int64_t runs = ceilDiv(inputs, kHalfTerms);
  consider({0, std::min(inputs, kHalfTerms),
            costs.loop("fmach", inputs, 2, 2) + runs * costs.widen()});
  int64_t row = apartRow(machine, outputs);
  piece = std::min(
      {inputs, kHalfTerms, kProductElements / std::max<int64_t>(1, row)});
  if (piece > 0 && outputs >= machine.lanesOf("faddh")) {
    int64_t pieces = ceilDiv(inputs, piece);
    consider({piece, piece,
              costs.starts(3 * pieces) + costs.multiply() +
                  // the sums are cleared first
                  pieces * stepsOf(machine, outputs, "mov16") +
                  costs.sumSteps("faddh", inputs * outputs, 2, 2, row) +
                  pieces * costs.widen()});
  }
  return best;
}

int64_t wafer::estimateLayerCycles(const PartitionProblem &p, int64_t width,
                                   int64_t height) {
  const Machine &m = *p.machine;
  LocalSizes s(p, width, height);
  const ParameterSet &set = *m.findParameters(p.parameterSet);
  auto vector = [&](int64_t elements, const char *op) {
    return vectorCycles(m, set, elements, op);
  };
  auto product = [&](int64_t inputs, int64_t outputs) {
    return planProduct(m, set, inputs, outputs, productTypes(p)).cycles;
  };
  int64_t groupRows = chainGroupRows(m, set, height);
  int64_t headColumns = ceilDiv(width, std::min(width, p.kvHeads));
  int64_t groupColumns = rowGroupColumns(m, set, width, p.kvHeads);
  auto overRows = [&](int64_t words) {
    return estimateAllReduceCycles(m, set, words, height, groupRows);
  };
  auto overColumns = [&](int64_t words) {
    return estimateRowReduceCycles(m, set, words, width, p.kvHeads,
                                   groupColumns);
  };
  auto overHead = [&](int64_t words) {
    return estimateHeadReduceCycles(m, set, words, headColumns, groupColumns);
  };
  auto norm = [&](int64_t elements) {
    int64_t squares =
        elements < kWrittenOut
            ? elements * int64_t(set.load + 2 * set.fp)
            : vector(elements, "fmuls") + 2 * vector(elements, "fmuls");
    return squares + vector(elements, "fs2h");
  };
  int64_t slots = s.slots;
  int64_t heads = s.kvHeads * s.group;
  int64_t positions = slots * heads;
  int64_t width2 = 2 * s.pairs;
  // Addresses of a head's vectors and the turn of its loop.
  int64_t turn =
      4 * int64_t(set.dsrSet) + 12 * int64_t(set.alu) + int64_t(set.branch);
  // Special functions are in binary16 where their results go into products of
  // it: instructions of one element a step, and all others.
  bool half = p.weightBytes == 2;
  auto special = [&](int64_t elements, int64_t slow, int64_t fast) {
    return slow * vector(elements, "sll16") + fast * vector(elements, "faddh");
  };
  int64_t softmax = vector(positions, "fsubs");
  softmax += half ? vector(positions, "fs2h") + special(positions, 2, 9) +
                        vector(positions, "faddhs")
                  : 5 * vector(positions, "fmuls") +
                        7 * vector(positions, "fadds") +
                        2 * vector(positions, "sll16");
  int64_t silu =
      half ? vector(2 * s.ffn, "fs2h") + special(s.ffn, 3, 17)
           : 15 * vector(s.ffn, "fmuls") + 10 * vector(s.ffn, "fadds");
  int64_t cycles = norm(s.dim) + product(s.dim, s.query + 2 * s.key) +
                   overRows(s.query + 2 * s.key + 1);
  cycles += vector(s.query + 2 * s.key, "fmuls") +
            6 * vector((s.query + s.key) / 2, "fmuls") +
            vector(s.query, "fs2h");
  if (p.qkNorm) {
    cycles += 2 * (vector(s.query + s.key, "fmuls") * 2 +
                   heads * (vector(width2, "fmacs") + turn)) +
              heads * (2 * vector(slots, "fmuls") + 4 * turn);
  }
  // Scores of the queries of a KV head at once, of all slots: the products,
  // their sums by halves, and to binary32; else of one query after the other.
  int64_t block = s.group * width2 * s.slots;
  if (productTypes(p) == ProductTypes::Mixed && block <= kProductElements &&
      width2 <= kHalfTerms) {
    int64_t score =
        vector(block, "fmulh") + vector(s.group * s.slots, "faddhs");
    for (int64_t left = width2; left > 1; left -= left / 2) {
      score += vector(left / 2 * s.group * s.slots, "faddh");
    }
    cycles += s.kvHeads * (score + turn);
  } else {
    cycles += vector(positions, "mov32") +
              heads * (2 * vector(0, "fmulh") + turn +
                       slots * width2 / m.lanesOf("fmulh") +
                       slots * width2 * 3 / (2 * m.lanesOf("faddhs")));
  }
  cycles += overHead(positions);
  cycles += vector(positions, "fmaxs");
  // A reference for each head of a row, or one for all rows.
  cycles += half ? heads * (8 * int64_t(set.alu) + 2 * int64_t(set.fp) +
                            2 * int64_t(set.load) + 2 * int64_t(set.store))
                 : 2 * vector(heads, "mov32") + overRows(heads);
  cycles += softmax;
  // All queries of a KV head with one element of the values, or all elements
  // with one query.
  bool together = productTypes(p) == ProductTypes::Mixed && s.group >= width2 &&
                  s.group * width2 * s.slots <= kProductElements &&
                  s.slots <= kHalfTerms;
  int64_t scaled = (s.query + heads) * int64_t(set.load + set.fp + set.store);
  cycles +=
      together
          ? s.kvHeads *
                    (width2 * (vector(0, "fmulh") +
                               slots * s.group * 3 / (2 * m.lanesOf("fmulh"))) +
                     vector(slots * s.group * width2, "faddh")) +
                scaled
          : heads * (2 * vector(0, "fmulh") + turn +
                     slots * width2 / m.lanesOf("fmulh") + slots * width2) +
                (half ? vector(s.query, "fmuls") : vector(s.query, "mov32"));
  cycles += overRows(s.query + heads);
  cycles += heads * (16 * int64_t(set.fp) + int64_t(set.load)) +
            vector(s.query, "fmuls") + vector(s.query, "fs2h");
  cycles += product(s.query, s.dim) + overColumns(s.dim) +
            vector(s.dim, "fadds") + norm(s.dim);
  cycles += product(s.dim, 2 * s.ffn) + overRows(2 * s.ffn + 1) +
            vector(2 * s.ffn, "fmuls");
  cycles += silu;
  cycles += product(s.ffn, s.dim) + overColumns(s.dim) + vector(s.dim, "fadds");
  return cycles;
}

int64_t wafer::boundLayerCycles(const PartitionProblem &p, int64_t width,
                                int64_t height) {
  int64_t query = p.heads * p.headDim, key = p.kvHeads * p.headDim;
  int64_t macs = p.dim * (query + 2 * key) + query * p.dim + 3 * p.dim * p.ffn +
                 2 * p.context * query;
  int64_t lanes = p.machine->lanesOf(p.weightBytes == 2 ? "fmach" : "fmacs");
  int64_t hops = 3 * height + 2 * width + 2 * (width / p.kvHeads);
  return ceilDiv(macs, width * height * lanes) +
         hops * int64_t(p.machine->hopCycles);
}

namespace {
/// Columns of embedding and head for a height, by SRAM and by cost.
struct SideColumns {
  int64_t embed = 0;
  int64_t head = 0;
};

SideColumns sideColumns(const PartitionProblem &p, int64_t height) {
  int64_t dim = ceilDiv(p.dim, height);
  int64_t budget = int64_t(p.machine->programBytes()) - 4096 - 16 * dim;
  SideColumns columns;
  int64_t rows =
      std::max<int64_t>(1, budget / std::max<int64_t>(1, dim * p.weightBytes));
  columns.embed = ceilDiv(p.vocab, rows);
  // A logit, its binary16 sum, and its weights, whose rows may be padded.
  int64_t bytes = dim * p.weightBytes + 4 +
                  (productTypes(p) == ProductTypes::Mixed ? 2 : 0);
  budget -= 8 * dim * p.weightBytes;
  int64_t logits = std::max<int64_t>(1, budget / bytes);
  columns.head = ceilDiv(p.vocab, logits);
  return columns;
}

/// Cycles of the head on `columns` columns.
int64_t headCycles(const PartitionProblem &p, int64_t height, int64_t columns) {
  const ParameterSet &set = *p.machine->findParameters(p.parameterSet);
  int64_t dim = ceilDiv(p.dim, height);
  int64_t logits = ceilDiv(p.vocab, columns);
  const Machine &machine = *p.machine;
  return planProduct(machine, set, dim, logits, productTypes(p)).cycles +
         estimateAllReduceCycles(machine, set, logits + 1, height,
                                 chainGroupRows(machine, set, height)) +
         2 * vectorCycles(machine, set, logits, "fmuls") +
         estimateArgMaxCycles(machine, set, columns, height, logits);
}

/// The shelf of one candidate.
struct Shelf {
  PartitionCandidate candidate;
  int64_t embedColumns = 0;
  int64_t headColumns = 0;
};

class Search {
public:
  explicit Search(const PartitionProblem &problem)
      : problem(problem),
        set(*problem.machine->findParameters(problem.parameterSet)) {}

  void run() {
    for (int64_t height : heights()) {
      SideColumns sides = sideColumns(problem, height);
      int64_t firstStages = problem.stages.value_or(1);
      int64_t lastStages = problem.stages.value_or(problem.layers);
      int64_t lastPerStage = 0;
      for (int64_t stages = firstStages; stages <= lastStages; ++stages) {
        int64_t perStage = ceilDiv(problem.layers, stages);
        if (!problem.stages && perStage == lastPerStage) {
          continue; // more stages with as many layers in the fullest one
        }
        lastPerStage = perStage;
        tryWidths(height, stages, perStage, sides);
      }
    }
    if (!shelves.empty()) {
      choose();
    }
  }

  std::optional<Shelf> best;
  std::optional<Shelf> runnerUp;
  int64_t evaluated = 0;
  /// The candidate that came closest to fitting, for the error.
  std::optional<PartitionCandidate> closest;
  /// Its shelf, where that is not wider than the machine.
  std::optional<Shelf> closestShelf;

private:
  std::vector<int64_t> heights() const {
    if (problem.region) {
      return {problem.region->second};
    }
    std::vector<int64_t> list;
    int64_t last = std::min<int64_t>(problem.machine->height(), problem.dim);
    for (int64_t h = 1; h <= last; h = h < 64 ? h + 1 : h + h / 16) {
      list.push_back(h);
    }
    if (list.back() != last) {
      list.push_back(last);
    }
    return list;
  }

  int64_t sram(int64_t width, int64_t height, int64_t perStage) const {
    return estimateLayerSram(problem, width, height, perStage).total();
  }

  void tryWidths(int64_t height, int64_t stages, int64_t perStage,
                 const SideColumns &sides) {
    int64_t supply = problem.machine->programBytes();
    if (problem.region) {
      evaluate(problem.region->first, height, stages, perStage, sides);
      return;
    }
    // No snake has wider stages.
    int64_t shelves =
        std::min<int64_t>(problem.machine->height() / height, stages);
    int64_t room =
        shelves * (problem.machine->width() - 1) - sides.embed - sides.head;
    int64_t widest = std::min<int64_t>(
        {room / stages, problem.machine->width() - 1 - sides.embed,
         std::max(problem.ffn, problem.dim)});
    if (widest < 1 || sram(widest, height, perStage) > supply) {
      if (widest >= 1) {
        noteMiss(widest, height, stages, sram(widest, height, perStage), sides);
      }
      return;
    }
    int64_t low = 1, high = widest;
    while (low < high) {
      int64_t middle = (low + high) / 2;
      if (sram(middle, height, perStage) <= supply) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    for (int64_t width = low; width <= widest;
         width += std::max<int64_t>(1, width / 16)) {
      evaluate(width, height, stages, perStage, sides);
    }
  }

  void noteMiss(int64_t width, int64_t height, int64_t stages, int64_t bytes,
                const SideColumns &sides) {
    if (closest && bytes >= closest->sramBytes) {
      return;
    }
    closest = PartitionCandidate();
    closest->width = width;
    closest->height = height;
    closest->stages = stages;
    closest->sramBytes = bytes;
    closestShelf.reset();
    if (std::optional<Snake> snake = snakeFor(width, height, stages, sides)) {
      closestShelf =
          makeShelf(width, height, stages, bytes, sides, sides.head, *snake);
    }
  }

  std::optional<Snake> snakeFor(int64_t width, int64_t height, int64_t stages,
                                const SideColumns &sides) const {
    const Machine &machine = *problem.machine;
    bool turns = canTurn(machine, set, width, height, problem.kvHeads);
    SnakeProblem shelves;
    shelves.columns = machine.width();
    shelves.firstColumn = 1;
    shelves.maxShelves =
        turns ? int32_t(std::min<int64_t>(machine.height() / height, stages))
              : 1;
    shelves.blocks.push_back({int32_t(sides.embed), false});
    for (int64_t i = 0; i < stages; ++i) {
      shelves.blocks.push_back({int32_t(width), i > 0});
    }
    shelves.blocks.push_back({int32_t(sides.head), false});
    return laySnake(shelves);
  }

  /// Cycles that the hand-overs of a token and the way back of its id take.
  int64_t handOverCycles(int64_t width, int64_t height, int64_t stages,
                         const Snake &snake) const {
    int64_t words = ceilDiv(problem.dim, height);
    int64_t turns = snake.shelves - 1;
    int64_t turn =
        height +
        estimateRowReduceCycles(
            *problem.machine, set, words, width, problem.kvHeads,
            rowGroupColumns(*problem.machine, set, width, problem.kvHeads));
    int64_t back = snake.places.back().x + turns * height;
    return (stages + 1 - turns) * (width + words + 20) + turns * turn + back +
           50;
  }

  Shelf makeShelf(int64_t width, int64_t height, int64_t stages, int64_t bytes,
                  const SideColumns &sides, int64_t mostHead,
                  const Snake &snake) const {
    Shelf shelf;
    shelf.embedColumns = sides.embed;
    shelf.headColumns = bestHeadColumns(height, sides.head, mostHead);
    PartitionCandidate &c = shelf.candidate;
    c.width = width;
    c.height = height;
    c.stages = stages;
    c.sramBytes = bytes;
    c.embedColumns = shelf.embedColumns;
    c.headColumns = shelf.headColumns;
    c.cyclesPerLayer = estimateLayerCycles(problem, width, height);
    c.shelves = snake.shelves;
    c.handOverCycles = handOverCycles(width, height, stages, snake);
    c.cyclesPerToken = problem.layers * c.cyclesPerLayer + c.handOverCycles +
                       6 * shelf.embedColumns +
                       headCycles(problem, height, shelf.headColumns);
    return shelf;
  }

  void evaluate(int64_t width, int64_t height, int64_t stages, int64_t perStage,
                const SideColumns &sides) {
    ++evaluated;
    int64_t bytes = sram(width, height, perStage);
    // Where the user fixed everything the allocator decides, which knows the
    // bytes exactly; the estimate only rules out what cannot fit at all.
    int64_t supply = problem.machine->programBytes();
    int64_t slack = problem.region && problem.stages ? supply / 4 : 0;
    std::optional<Snake> snake;
    if (bytes <= supply + slack) {
      snake = snakeFor(width, height, stages, sides);
    }
    if (!snake) {
      noteMiss(width, height, stages, bytes, sides);
      return;
    }
    shelves.push_back(makeShelf(
        width, height, stages, bytes, sides,
        std::min<int64_t>(sides.head + snake->room, problem.vocab), *snake));
  }

  /// Of the candidates that the estimate cannot tell from the cheapest one, the
  /// one with the fewest cores; the cheapest of another shape is the runner-up.
  void choose() {
    int64_t least = std::numeric_limits<int64_t>::max();
    for (const Shelf &shelf : shelves) {
      least = std::min(least, shelf.candidate.cyclesPerToken);
    }
    auto cores = [](const Shelf &s) {
      return (s.embedColumns + s.headColumns +
              s.candidate.stages * s.candidate.width) *
             s.candidate.height;
    };
    for (const Shelf &shelf : shelves) {
      bool close = shelf.candidate.cyclesPerToken <=
                   least + least / 100 * kAccuracyPercent;
      if (close && (!best || cores(shelf) < cores(*best))) {
        best = shelf;
      }
    }
    for (const Shelf &shelf : shelves) {
      if (!sameShape(shelf.candidate, best->candidate) &&
          (!runnerUp || shelf.candidate.cyclesPerToken <
                            runnerUp->candidate.cyclesPerToken)) {
        runnerUp = shelf;
      }
    }
  }

  int64_t bestHeadColumns(int64_t height, int64_t least, int64_t most) const {
    int64_t bestColumns = least;
    int64_t bestCost = headCycles(problem, height, least);
    for (int64_t c = least; c <= most; c += std::max<int64_t>(1, c / 16)) {
      int64_t cost = headCycles(problem, height, c);
      if (cost < bestCost) {
        bestCost = cost;
        bestColumns = c;
      }
    }
    return bestColumns;
  }

  static bool sameShape(const PartitionCandidate &a,
                        const PartitionCandidate &b) {
    return a.width == b.width && a.height == b.height && a.stages == b.stages;
  }

  /// What a shape may cost that needs fewer cores; the estimate is not good
  /// for more.
  static constexpr int64_t kAccuracyPercent = 1;

  const PartitionProblem &problem;
  const ParameterSet &set;
  std::vector<Shelf> shelves;
};

Diagnostic doesNotFit(const PartitionProblem &p, const Search &search) {
  Diagnostic d;
  d.what = "the model does not fit on machine '" + p.machine->name + "'";
  int64_t supply = p.machine->programBytes();
  if (!search.closest) {
    d.what += ": embedding and head alone are wider than the machine";
    d.expected = "at most " + std::to_string(p.machine->width()) + " columns";
    return d;
  }
  const PartitionCandidate &c = *search.closest;
  SramEstimate e =
      estimateLayerSram(p, c.width, c.height, ceilDiv(p.layers, c.stages));
  std::string shape = std::to_string(c.stages) + " stage" +
                      (c.stages == 1 ? "" : "s") + " of " +
                      std::to_string(c.width) + "x" + std::to_string(c.height);
  if (e.total() <= supply) {
    SideColumns sides = sideColumns(p, c.height);
    int64_t shelves = p.machine->height() / c.height;
    d.expected = "at most " + std::to_string(p.machine->width()) +
                 " columns in each of " + std::to_string(shelves) +
                 (shelves == 1 ? " shelf" : " shelves");
    d.found =
        std::to_string(1 + sides.embed + c.stages * c.width + sides.head) +
        " columns for " + shape + ", " + std::to_string(sides.embed) +
        " of them embedding and " + std::to_string(sides.head) + " head";
    d.hint = "fewer stages or a narrower region";
    return d;
  }
  d.expected = "at most " + std::to_string(supply) + " bytes of SRAM in a core";
  d.found = std::to_string(e.total()) + " bytes with " + shape + ": weights " +
            std::to_string(e.weights) + ", KV cache " +
            std::to_string(e.cache) + ", scratch " + std::to_string(e.scratch) +
            ", code " + std::to_string(e.code) + ", rope tables " +
            std::to_string(e.tables);
  d.hint = "more stages, a larger region or a smaller --context";
  return d;
}
} // namespace

Result<PartitionPlan> wafer::partition(const PartitionProblem &problem) {
  if (Status status = problem.check(); !status) {
    return status.takeError();
  }
  Search search(problem);
  search.run();
  PartitionPlan plan;
  if (!search.best) {
    Diagnostic overflow = doesNotFit(problem, search);
    if (!problem.allowOverflow || !search.closestShelf) {
      return overflow;
    }
    plan.overflow = overflow;
    search.best = search.closestShelf;
  }
  plan.chosen = search.best->candidate;
  plan.evaluated = search.evaluated;
  if (search.runnerUp) {
    plan.runnerUp = search.runnerUp->candidate;
  }
  const PartitionCandidate &c = plan.chosen;
  int32_t height = int32_t(c.height);
  plan.loop = {"loop", {0, 0, 1, 1}, 0, 0};
  plan.embed = {
      "embed", {0, 0, int32_t(search.best->embedColumns), height}, 0, 0};
  int64_t layer = 0;
  for (int64_t s = 0; s < c.stages; ++s) {
    int64_t count =
        problem.layers / c.stages + (s < problem.layers % c.stages ? 1 : 0);
    plan.layers.push_back({"layers" + std::to_string(s),
                           {0, 0, int32_t(c.width), height},
                           layer,
                           count});
    layer += count;
  }
  plan.head = {"head", {0, 0, int32_t(search.best->headColumns), height}, 0, 0};
  if (Status status = plan.verify(problem); !status) {
    return status.takeError();
  }
  return plan;
}

Status PartitionPlan::verify(const PartitionProblem &problem) const {
  auto fail = [](const std::string &what) {
    Diagnostic d;
    d.what = "internal: partition plan: " + what;
    return Status(std::move(d));
  };
  std::vector<const StageRect *> all = {&loop, &embed};
  int64_t next = 0;
  for (const StageRect &stage : layers) {
    if (stage.firstLayer != next || stage.numLayers <= 0) {
      return fail("layers are not covered in order");
    }
    next += stage.numLayers;
    all.push_back(&stage);
  }
  all.push_back(&head);
  if (next != problem.layers) {
    return fail("not every layer has a stage");
  }
  SnakeProblem shelves;
  shelves.columns = problem.machine->width();
  shelves.firstColumn = loop.rect.w;
  shelves.maxShelves = int32_t(chosen.shelves);
  for (const StageRect *stage : all) {
    if (stage != &loop) {
      bool mayTurn = stage != &embed && stage != &head && stage != &layers[0];
      shelves.blocks.push_back({stage->rect.w, mayTurn});
    }
    if (stage->rect.empty()) {
      return fail("'" + stage->name + "' has no cores");
    }
    if (stage != &loop && stage->rect.h != embed.rect.h) {
      return fail("'" + stage->name + "' has other rows than the embedding");
    }
  }
  if (embed.rect.h * chosen.shelves > problem.machine->height() ||
      !laySnake(shelves)) {
    return fail("the shelves do not fit on the machine");
  }
  return Status::success();
}
