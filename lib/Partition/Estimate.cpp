// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Estimate.cpp - Cycles of a layer -----------------------------------===//
//
// What the search for rectangles goes by. Instructions, their starts and their
// steps are counted as the lowering makes them; collectives by the chains of
// ChainGroups.h. `wsec bench decode` prints it beside the simulated cycles.
//
//===----------------------------------------------------------------------===//
#include "LocalSizes.h"

#include "wafer/Machine/Lanes.h"
#include "wafer/Partition/ChainGroups.h"
#include "wafer/Partition/Partition.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::estimate;

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

/// Cycles of the rotary embedding by vector instructions.
static int64_t vectorRotation(const Machine &machine, const ParameterSet &set,
                              int64_t pairs) {
  return 6 * vectorCycles(machine, set, pairs, "fmuls");
}

/// The same by scalars, of `heads` heads with `pairs` each.
static int64_t scalarRotation(const ParameterSet &set, int64_t pairs,
                              int64_t heads) {
  int64_t load = set.load, fp = set.fp, store = set.store;
  int64_t turn = 2 * int64_t(set.alu) + int64_t(set.branch);
  return pairs * (2 * load + heads * (2 * load + 6 * fp + 2 * store + turn));
}

bool wafer::rotatesByScalars(const Machine &machine, const ParameterSet &set,
                             int64_t pairs, int64_t heads) {
  constexpr int64_t kFewPairs = 2; // each is written out
  return pairs <= kFewPairs && scalarRotation(set, pairs, heads) <
                                   vectorRotation(machine, set, heads * pairs);
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
  int64_t half = lines / 2;
  if (!groupSize) {
    return 3 * vectorCycles(machine, set, words, "fadds") +
           hopWordCycles(machine) * half + half + words;
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
  int64_t half = rows / 2;
  // Only the chains depend on the size.
  int64_t least = estimateAllReduceCycles(machine, set, kWords, rows) -
                  twoLevelCycles(machine, set, kWords, 0, half);
  for (int64_t size = 2; size <= std::min(rows / 4, kMostOutermost); ++size) {
    int64_t chain = groupGrowth(machine, set, size).cyclesOver(half, half);
    if (chain < least) {
      least = chain;
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

/// What the sums of a layer over columns take with groups of `size`: two over
/// rows, and one over the columns of a head.
static int64_t rowSumsCycles(const Machine &machine, const ParameterSet &set,
                             int64_t columns, int64_t heads, int64_t size) {
  constexpr int64_t kWords = 16;
  return 2 * estimateRowReduceCycles(machine, set, kWords, columns, heads,
                                     size) +
         estimateHeadReduceCycles(machine, set, kWords, ceilDiv(columns, heads),
                                  size);
}

static int64_t longestOutermost(int64_t columns, int64_t heads) {
  return std::min({ceilDiv(columns, heads), columns / 4, kMostOutermost});
}

int64_t wafer::rowGroupColumns(const Machine &machine, const ParameterSet &set,
                               int64_t columns, int64_t heads) {
  constexpr unsigned kInputs = 7;
  heads = std::min(heads, columns);
  // The root ends a run, which should be near the middle.
  if (machine.inputQueues.numUsable() < kInputs || heads < 2) {
    return 0;
  }
  int64_t best = 0, least = rowSumsCycles(machine, set, columns, heads, 0);
  for (int64_t size = 2; size <= longestOutermost(columns, heads); ++size) {
    int64_t cycles = rowSumsCycles(machine, set, columns, heads, size);
    if (cycles < least) {
      least = cycles;
      best = size;
    }
  }
  return best;
}

/// At most so many columns of a row on two levels are collectors.
static int64_t mostCollectors(int64_t columns, int64_t heads, int64_t size) {
  heads = std::min(heads, columns);
  return heads * ceilDiv(ceilDiv(columns, heads), size);
}

/// The group size, from that of least cost on, with which collectors leave a
/// column to each row; 0 where reducing on one level is faster.
static int64_t groupsForTurn(const Machine &machine, const ParameterSet &set,
                             int64_t columns, int64_t rows, int64_t heads,
                             int64_t size) {
  int64_t last = longestOutermost(columns, std::min(heads, columns));
  while (size <= last &&
         columns - mostCollectors(columns, heads, size) < rows) {
    ++size;
  }
  bool faster =
      size <= last && rowSumsCycles(machine, set, columns, heads, size) <
                          rowSumsCycles(machine, set, columns, heads, 0);
  return faster ? size : 0;
}

StageChains wafer::stageChains(const Machine &machine, const ParameterSet &set,
                               int64_t columns, int64_t rows, int64_t heads,
                               bool turns) {
  StageChains chains;
  chains.groupRows = chainGroupRows(machine, set, rows);
  chains.groupColumns = rowGroupColumns(machine, set, columns, heads);
  if (!turns) {
    return chains;
  }
  if (chains.groupColumns) {
    chains.groupColumns =
        groupsForTurn(machine, set, columns, rows, heads, chains.groupColumns);
    if (chains.groupColumns) {
      chains.turnBlocks = 1;
      chains.turnSlack =
          columns - rows - mostCollectors(columns, heads, chains.groupColumns);
      return chains;
    }
  }
  int64_t blocks = ceilDiv(rows, columns);
  if (blocks > kMostTurnBlocks) {
    return chains;
  }
  // Two or three for the rows, two for the columns, one for the groups, one
  // more.
  constexpr unsigned kOthers = 2 + 1 + 1;
  unsigned queues = machine.inputQueues.numUsable();
  if (queues < 3 + kOthers) {
    chains.groupRows = 0;
  }
  chains.turnBlocks = queues < 2 + kOthers ? 0 : blocks;
  chains.turnSlack = columns - ceilDiv(rows, blocks);
  return chains;
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
  int64_t offset = halfSumOffset(machine) / 2;
  for (int64_t elements : {2 * offset, offset}) {
    int64_t row = elements ? ceilDiv(outputs, elements) * elements : outputs;
    if (16 * (row - outputs) <= outputs) {
      return row;
    }
  }
  return outputs;
}

bool wafer::rowsAlternate(const Machine &machine, int64_t row) {
  int64_t offset = halfSumOffset(machine);
  return offset != 0 && 2 * row % (2 * offset) == offset;
}

int64_t wafer::weightBytes(const Machine &machine, int64_t inputs, int64_t row,
                           int64_t elementBytes) {
  int64_t bytes = inputs * row * elementBytes;
  return elementBytes == 2 && rowsAlternate(machine, row)
             ? evenLayerBytes(machine, bytes)
             : bytes;
}

int64_t wafer::evenLayerBytes(const Machine &machine, int64_t bytes) {
  int64_t turn = std::max<int64_t>(1, bankTurn(machine));
  return ceilDiv(bytes, turn) * turn;
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
    bool apart =
        sumBytes == 2 && halfSumOffset(machine) != 0 &&
        (row == apartRow(machine, outputs) ||
         (row == weightRow(machine, outputs) && rowsAlternate(machine, row)));
    return apart ? elements / outputs * stepsOf(machine, outputs, op)
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
              costs.starts(2 * pieces) + costs.multiply() +
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
    consider(
        {piece, piece,
         costs.starts(3 * pieces - 1) + costs.multiply() +
             // the sums are cleared first, all but those of the first piece
             (pieces - 1) * stepsOf(machine, outputs, "mov16") +
             costs.sumSteps("faddh", inputs * outputs, 2, 2, row) +
             pieces * costs.widen()});
  }
  return best;
}

/// A layer of a pass of several tokens (StageTokens.cpp): norms, products and
/// rotations are those of one token, as often as there are tokens; what is
/// element for element is one instruction for all of them; sums have the words
/// of all. Queries of all tokens meet a key at once, one element of it after
/// the other.
static int64_t estimatePassCycles(const PartitionProblem &p,
                                  const LocalSizes &s, int64_t width,
                                  int64_t height, bool turns) {
  const Machine &m = *p.machine;
  const ParameterSet &set = *m.findParameters(p.parameterSet);
  const auto [groupRows, groupColumns, turnBlocks, turnSlack] =
      stageChains(m, set, width, height, p.kvHeads, turns);
  const int64_t n = p.tokens, heads = s.kvHeads * s.group;
  const int64_t alu = set.alu, fp = set.fp, load = set.load, store = set.store;
  const int64_t turn = 4 * alu + int64_t(set.branch);
  const bool half = p.weightBytes == 2;
  // The extents of two operands come from the number of tokens.
  const int64_t extents = 2 * int64_t(set.dsrSet) + 2 * alu;
  auto vector = [&](int64_t elements, const char *op) {
    return vectorCycles(m, set, elements, op) + extents;
  };
  auto product = [&](int64_t inputs, int64_t outputs) {
    ProductPlan plan = planProduct(m, set, inputs, outputs, productTypes(p));
    int64_t clear = plan.piece ? vectorCycles(m, set, outputs, "mov16") : 0;
    return n * (turn + plan.cycles + clear);
  };
  auto overRows = [&](int64_t words) {
    return estimateAllReduceCycles(m, set, words, height, groupRows) +
           2 * extents;
  };
  auto overColumns = [&](int64_t words) {
    return estimateRowReduceCycles(m, set, words, width, p.kvHeads,
                                   groupColumns) +
           2 * extents;
  };
  auto overHead = [&](int64_t words) {
    return estimateHeadReduceCycles(m, set, words,
                                    ceilDiv(width, std::min(width, p.kvHeads)),
                                    groupColumns);
  };
  auto special = [&](int64_t elements, int64_t slow, int64_t fast) {
    int64_t pieces = ceilDiv(elements, kPieceElements);
    return pieces * (slow * vector(0, "sll16") + fast * vector(0, "faddh")) +
           slow * stepsOf(m, elements, "sll16") +
           fast * stepsOf(m, elements, "faddh");
  };
  const int64_t root = load + 14 * fp + 4 * alu;
  auto norm = [&](int64_t elements) {
    int64_t squares = elements < kWrittenOut
                          ? elements * (load + 2 * fp) + store
                          : 3 * vector(elements, "fmuls");
    return n * (squares + turn) + vector(n * elements, "fs2h");
  };
  auto scale = [&](int64_t elements) {
    return n * (vector(elements, "fmuls") + root + turn);
  };
  const int64_t width2 = 2 * s.pairs, line = passLine(p, s.group);
  const int64_t lines = s.slots * line; // of a KV head
  const int64_t beside = p.qkNorm ? n * (heads + s.kvHeads) : 0;
  int64_t rotated = (s.query + s.key) / width2;
  int64_t rotation = rotatesByScalars(m, set, s.pairs, rotated)
                         ? scalarRotation(set, s.pairs, rotated)
                         : vectorRotation(m, set, rotated * s.pairs);
  int64_t cycles = norm(s.dim) + product(s.dim, s.query + 2 * s.key) +
                   overRows(n * (s.query + 2 * s.key + 1)) +
                   scale(s.query + 2 * s.key) + n * (rotation + turn);
  // Appending, by rows that own tokens.
  cycles += ceilDiv(n, height) * 2 * (vector(s.key, "fs2h") + turn);
  if (p.qkNorm) {
    cycles += n * (2 * vector(s.query + s.key, "fmuls") +
                   (heads + s.kvHeads) * (vector(width2, "fadds") + turn) +
                   2 * vector(s.query + s.key, "fmuls") +
                   heads * (root + store + turn)) +
              s.kvHeads * 2 * vector(lines, "fmuls");
  }
  const char *multiply = half ? "fmulh" : "fmuls";
  const char *add = half ? "faddhs" : "fadds";
  cycles += s.kvHeads * (vector(n * s.group * width2, "fs2h") +
                         width2 * (vector(0, multiply) + vector(0, add) +
                                   readCycles(m, lines, multiply, 2) +
                                   readCycles(m, lines, add, 2) + turn));
  cycles += overHead(s.kvHeads * lines + beside);
  // References, differences, exponentials and their sums.
  cycles += s.kvHeads *
            (vector(lines, "fmaxs") + vector(lines, half ? "fmacs" : "fsubs"));
  cycles +=
      half
          ? n * (heads * (10 * alu + 5 * fp + 2 * load + 2 * store) + turn) +
                vector(s.kvHeads * lines, "fmaxs") +
                special(s.kvHeads * lines, 0, 6)
          : 2 * s.kvHeads * vector(n * s.group, "mov32") + overRows(n * heads) +
                s.kvHeads *
                    (5 * vector(lines, "fmuls") + 7 * vector(lines, "fadds") +
                     2 * vector(lines, "sll16"));
  // A sum of lines over positions, to the tokens.
  bool halfSums =
      productTypes(p) == ProductTypes::Mixed && s.slots <= kHalfTerms;
  int64_t sum = vector(line, "mov32") +
                (halfSums ? vector(lines, "faddh") + vector(line, "faddhs")
                          : vector(lines, "fadds") +
                                (half ? vector(lines, "faddhs") : 0)) +
                vector(n * s.group, "fmuls");
  cycles += s.kvHeads * (sum + width2 * (vector(0, multiply) + sum + turn +
                                         readCycles(m, lines, multiply, 2)));
  cycles += overRows(n * (s.query + heads));
  cycles += n * (heads * (16 * fp + load + turn) + vector(s.query, "fmuls")) +
            vector(n * s.query, "fs2h");
  cycles += product(s.query, s.dim) + overColumns(n * s.dim) +
            vector(n * s.dim, "fadds") + norm(s.dim);
  cycles += product(s.dim, 2 * s.ffn) + overRows(n * (2 * s.ffn + 1)) +
            scale(2 * s.ffn);
  cycles +=
      half ? vector(2 * n * s.ffn, "fs2h") + special(n * s.ffn, 1, 15)
           : n * (15 * vector(s.ffn, "fmuls") + 10 * vector(s.ffn, "fadds"));
  cycles += product(s.ffn, s.dim) + overColumns(n * s.dim) +
            vector(n * s.dim, "fadds");
  return cycles;
}

int64_t wafer::estimateLayerCycles(const PartitionProblem &p, int64_t width,
                                   int64_t height, bool turns) {
  const Machine &m = *p.machine;
  LocalSizes s(p, width, height);
  if (p.tokens > 1) {
    return estimatePassCycles(p, s, width, height, turns);
  }
  const ParameterSet &set = *m.findParameters(p.parameterSet);
  auto vector = [&](int64_t elements, const char *op) {
    return vectorCycles(m, set, elements, op);
  };
  auto product = [&](int64_t inputs, int64_t outputs) {
    return planProduct(m, set, inputs, outputs, productTypes(p)).cycles;
  };
  // Sums that go into an all-reduce in binary16.
  auto lastProduct = [&](int64_t inputs, int64_t outputs) {
    ProductPlan plan = planProduct(m, set, inputs, outputs, productTypes(p));
    return plan.cycles -
           (plan.isOneHalfSum(inputs) ? vector(outputs, "faddhs") : 0);
  };
  // Sums of a product and of squares beside it, and the words of their message.
  auto travelsHalf = [&](int64_t inputs, int64_t outputs) {
    return p.halfMessages &&
           planProduct(m, set, inputs, outputs, productTypes(p))
               .isOneHalfSum(inputs);
  };
  auto normProduct = [&](int64_t inputs, int64_t outputs) {
    return travelsHalf(inputs, outputs)
               ? lastProduct(inputs, outputs) + 2 * int64_t(set.fp) +
                     2 * int64_t(set.store) + int64_t(set.load)
               : product(inputs, outputs);
  };
  auto normWords = [&](int64_t inputs, int64_t outputs) {
    return travelsHalf(inputs, outputs) ? ceilDiv(outputs + 2, 2) : outputs + 1;
  };
  auto lastWords = [&](int64_t inputs, int64_t outputs) {
    return travelsHalf(inputs, outputs) ? ceilDiv(outputs, 2) : outputs;
  };
  // What the root does with its own copy while its multicast is on its way.
  auto behindMulticast = [&](int64_t cycles, int64_t lines) {
    return std::max<int64_t>(0, cycles - lines / 2);
  };
  const auto [groupRows, groupColumns, turnBlocks, turnSlack] =
      stageChains(m, set, width, height, p.kvHeads, turns);
  int64_t headColumns = ceilDiv(width, std::min(width, p.kvHeads));
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
  // Of the fast ones some read two vectors, which meet in their banks where a
  // step reaches all of them.
  auto special = [&](int64_t elements, int64_t slow, int64_t fast,
                     int64_t two) {
    int64_t conflicts = halfSumOffset(m) ? 0 : stepsOf(m, elements, "faddh");
    return slow * vector(elements, "sll16") + fast * vector(elements, "faddh") +
           two * conflicts;
  };
  // Sums of weights over positions: of all heads, or of one after the other
  // where a step would meet one twice.
  int64_t weightSums = heads >= m.lanesOf("faddh")
                           ? vector(positions, "faddh")
                           : heads * (vector(slots, "faddh") + turn / 2);
  int64_t softmax = vector(positions, half ? "fmacs" : "fsubs");
  softmax += half ? vector(positions, "fmaxs") + special(positions, 0, 6, 3) +
                        weightSums
                  : 5 * vector(positions, "fmuls") +
                        7 * vector(positions, "fadds") +
                        2 * vector(positions, "sll16");
  int64_t silu =
      half ? special(s.ffn, 1, 15, 10)
           : 15 * vector(s.ffn, "fmuls") + 10 * vector(s.ffn, "fadds");
  int64_t rotated = (s.query + s.key) / width2;
  bool scalars = rotatesByScalars(m, set, s.pairs, rotated);
  int64_t rotation = scalars ? scalarRotation(set, s.pairs, rotated)
                             : vectorRotation(m, set, rotated * s.pairs);
  int64_t cycles = norm(s.dim) + normProduct(s.dim, s.query + 2 * s.key) +
                   overRows(normWords(s.dim, s.query + 2 * s.key));
  cycles += behindMulticast(vector(s.query + 2 * s.key, "fmuls"), height) +
            rotation + (scalars ? 0 : vector(s.query, "fs2h"));
  if (p.qkNorm) {
    cycles += 2 * (vector(s.query + s.key, "fmuls") * 2 +
                   heads * (vector(width2, "fmacs") + turn)) +
              heads * (2 * vector(slots, "fmuls") + 4 * turn);
  }
  // Scores of the queries of a KV head at once, of all slots: the products,
  // their sums by halves, and to binary32; else of one query after the other.
  int64_t block = s.group * width2 * s.slots, scoreWords = positions;
  if (productTypes(p) == ProductTypes::Mixed && block <= kProductElements &&
      width2 <= kHalfTerms) {
    if (p.halfMessages && s.kvHeads == 1 && !p.qkNorm) {
      scoreWords = ceilDiv(positions, 2);
    }
    int64_t score = vector(block, "fmulh") +
                    (s.kvHeads > 1 ? vector(s.group * s.slots, "faddhs") : 0);
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
  cycles += overHead(scoreWords);
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
  // The weights of a head lie `heads` elements apart.
  auto weigh = [&](int64_t elements) {
    int64_t lanes = lanesForStride(int(heads), m.lanesOf("fmulh"));
    return readCycles(m, elements * m.lanesOf("fmulh") / lanes, "fmulh", 3);
  };
  int64_t scaled = (s.query + heads) * int64_t(set.load + set.fp + set.store);
  cycles +=
      together
          ? s.kvHeads *
                    (width2 * (vector(0, "fmulh") +
                               slots * s.group * 3 / (2 * m.lanesOf("fmulh"))) +
                     vector(slots * s.group * width2, "faddh")) +
                scaled
          : heads * (2 * vector(0, "fmulh") + turn + weigh(slots * width2) +
                     // into the same few sums: an element a step, each of
                     // which reads what the last one wrote
                     2 * slots * width2) +
                (half ? vector(s.query, "fmuls") : vector(s.query, "mov32"));
  cycles += overRows(s.query + heads);
  cycles +=
      heads * (16 * int64_t(set.fp) + int64_t(set.load)) +
      (half ? behindMulticast(
                  vector(s.query, "fmuls") + vector(s.query, "fs2h"), height)
            : vector(s.query, "fmuls"));
  cycles += lastProduct(s.query, s.dim) +
            overColumns(lastWords(s.query, s.dim)) +
            behindMulticast(vector(s.dim, "fadds"), width) + norm(s.dim);
  cycles += normProduct(s.dim, 2 * s.ffn) +
            overRows(normWords(s.dim, 2 * s.ffn)) +
            behindMulticast(vector(2 * s.ffn, "fmuls") +
                                (half ? vector(2 * s.ffn, "fs2h") : 0),
                            height);
  cycles += silu;
  cycles += lastProduct(s.ffn, s.dim) + overColumns(lastWords(s.ffn, s.dim)) +
            behindMulticast(vector(s.dim, "fadds"), width);
  return cycles;
}

int64_t wafer::boundLayerCycles(const PartitionProblem &p, int64_t width,
                                int64_t height) {
  int64_t query = p.heads * p.headDim, key = p.kvHeads * p.headDim;
  int64_t macs = p.dim * (query + 2 * key) + query * p.dim + 3 * p.dim * p.ffn +
                 2 * p.context * query;
  macs *= p.tokens;
  int64_t lanes = p.machine->lanesOf(p.weightBytes == 2 ? "fmach" : "fmacs");
  int64_t hops = 3 * height + 2 * width + 2 * (width / p.kvHeads);
  return ceilDiv(macs, width * height * lanes) +
         hops * int64_t(p.machine->hopCycles);
}

int64_t wafer::estimateCrossingCycles(const PartitionProblem &p,
                                      int64_t height) {
  const Machine &machine = *p.machine;
  const ParameterSet &set = *machine.findParameters(p.parameterSet);
  int64_t slice = p.tokens * ceilDiv(p.dim, height);
  // A gate's rows lie half on either side of their channel.
  int64_t rows = std::min<int64_t>(machine.host.rowStep, height);
  int64_t chain = (rows / 2 + 1) * (2 * int64_t(set.vectorStart) + slice + 8);
  int64_t rate = (height * slice * int64_t(machine.crossingWordTime())) >>
                 Machine::kWordTimeBits;
  return 2 * chain + std::max(rate, rows * slice);
}

int64_t wafer::estimateHeadCycles(const PartitionProblem &p, int64_t height,
                                  int64_t columns) {
  const ParameterSet &set = *p.machine->findParameters(p.parameterSet);
  int64_t dim = ceilDiv(p.dim, height);
  int64_t logits = ceilDiv(p.vocab, columns);
  const Machine &machine = *p.machine;
  return planProduct(machine, set, dim, logits, productTypes(p)).cycles +
         estimateAllReduceCycles(machine, set, logits + 1, height,
                                 chainGroupRows(machine, set, height)) +
         estimateArgMaxCycles(machine, set, columns, height, logits);
}
