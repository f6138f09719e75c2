// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Partition.h - Stages, rectangles and their cost ----------*- C++ -*-===//
//
// Decides how a transformer is cut into stages and which rectangle each stage
// gets. Minimises the estimated cycles of one token (latency), or those between
// tokens of several requests in flight (throughput). All layer
// stages get equal rectangles, as high as the embedding and the head, in a
// snake of shelves (wafer/Place/Floorplan.h):
//
//   loop | embed | layers 0 | layers 1 |
//          head  | layers 3 | layers 2 |
//
// A hand-over inside a shelf is a straight multicast along a row; one to the
// shelf below costs one sum along a row more, and where stages are higher than
// wide, one level of chains (stageChains). Several wafers share the stages
// evenly and in order, each with a snake of its own; between two of them stand
// gates, a column of cores on either side (docs/design/several-wafers.md).
//
// Search: all heights (thinned geometrically above 64), all numbers of stages,
// and for each the widths from the narrowest one that fits in SRAM up to the
// widest one for which a snake fits. O(heights * stages * widths) evaluations
// of a closed-form cost, each O(stages): some 10^4. Fails when no candidate
// fits; the error gives demand, supply and the biggest consumers of the
// candidate that came closest. Not optimal: equal rectangles, and SRAM
// estimated (the allocator decides).
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_PARTITION_PARTITION_H
#define WAFER_PARTITION_PARTITION_H

#include "wafer/Machine/Machine.h"
#include "wafer/Partition/Slicing.h"
#include "wafer/Support/Result.h"

#include <optional>
#include <string>
#include <vector>

namespace wafer {

/// What a plan is good at: few cycles of a token, or few from one token of any
/// request in flight to the next (of a single request: from one token of its
/// prompt to the next).
enum class Objective : uint8_t { Latency, Throughput };

struct PartitionProblem {
  // The transformer.
  int64_t layers = 0;
  int64_t dim = 0;
  int64_t ffn = 0;
  int64_t heads = 0;
  int64_t kvHeads = 0;
  int64_t headDim = 0;
  int64_t vocab = 0;
  bool qkNorm = false;
  /// Positions that the KV cache must hold.
  int64_t context = 0;
  /// Requests in flight, each with a cache of its own. At most two more than
  /// stages (wafer/Image/TokenCommand.h).
  int64_t requests = 1;
  /// Most tokens of a request that a pass takes. Cycles are then those of a
  /// pass with so many; of one of its tokens they are a share.
  int64_t tokens = 1;
  Objective objective = Objective::Latency;
  /// Bytes of a stored weight or cache element.
  int64_t weightBytes = 2;
  /// Whether products are summed in binary16 inside a core.
  bool halfSums = true;
  /// Whether sums that cores have in binary16 travel so between the cores of a
  /// layer, two a word.
  bool halfMessages = false;
  /// Both by the name of a policy: f16, mixed or f32.
  void sumBy(const std::string &policy) {
    halfSums = policy != "f32";
    halfMessages = policy == "f16" && tokens == 1;
  }
  /// Weights and caches of layers lie evenLayerBytes() apart.
  bool evenLayers = false;

  // The machine; what it says of several wafers is not looked at.
  const Machine *machine = nullptr;
  std::string parameterSet;
  /// Wafers that share the stages.
  int64_t wafers = 1;

  // What the user fixed.
  std::optional<int64_t> stages;
  std::optional<std::pair<int64_t, int64_t>> region; // width, height
  /// Layers reduce as where stages turn (stageChains), also in one shelf.
  bool shelved = false;
  /// Columns of the head, for a part of a program; chosen by cost if not given,
  /// and never fewer than its weights need.
  std::optional<int64_t> headColumns;
  /// Give the plan that comes closest where none fits in SRAM: for looking at
  /// the phases before `allocate`, which refuses it.
  bool allowOverflow = false;

  Status check() const;
};

/// A stage and the sides of its rectangle (its place is chosen later).
struct StageRect {
  std::string name;
  Rect rect;
  int64_t firstLayer = 0;
  int64_t numLayers = 0;
  int64_t wafer = 0;
};

/// One evaluated candidate.
struct PartitionCandidate {
  int64_t width = 0;
  int64_t height = 0;
  int64_t stages = 0;
  int64_t cyclesPerToken = 0;
  int64_t cyclesPerLayer = 0;
  /// Of a token: between stages, and the way back of its id.
  int64_t handOverCycles = 0;
  /// Of one of them, to the shelf below, what it takes beyond one beside; 0
  /// where there is no shelf below.
  int64_t turnCycles = 0;
  /// Of a token: from wafer to wafer, but for the latency of the machine, of
  /// which it has as many as there are wafers (the last one is the way back).
  int64_t crossingCycles = 0;
  /// From one token of any request to the next: of the slowest stage, or while
  /// too few requests are in flight to keep it busy, their share of a token.
  int64_t cyclesBetweenTokens = 0;
  /// Of the slowest stage, embedding and head included: how fast tokens whose
  /// ids are known can follow each other.
  int64_t slowestStageCycles = 0;
  int64_t sramBytes = 0; // of the fullest layer core
  int64_t embedColumns = 0;
  int64_t headColumns = 0;
  /// Fewer columns cannot hold the head.
  int64_t leastHeadColumns = 0;
  int64_t shelves = 1; // of the wafer that has most
  /// Layer stages of each wafer.
  std::vector<int64_t> stagesOfWafer;
};

struct PartitionPlan {
  PartitionCandidate chosen;
  /// The best candidate with another rectangle, if there was one.
  std::optional<PartitionCandidate> runnerUp;
  int64_t evaluated = 0;
  /// Why the plan does not fit (only with allowOverflow).
  std::optional<Diagnostic> overflow;
  StageRect loop;
  StageRect embed;
  std::vector<StageRect> layers;
  StageRect head;
  /// By crossing: the gate of the wafer that words leave, and of the next one.
  std::vector<std::pair<StageRect, StageRect>> gates;

  /// All stages but the loop, in the order in which a token passes them.
  std::vector<const StageRect *> inOrder() const;

  /// Checks the plan against the problem: every layer exactly once, equal
  /// heights, and a snake of the rectangles fits on the machine. Independent of
  /// the search.
  Status verify(const PartitionProblem &problem) const;
};

Result<PartitionPlan> partition(const PartitionProblem &problem);

/// SRAM of a layer core, by consumer, in bytes.
struct SramEstimate {
  int64_t weights = 0;
  int64_t cache = 0;
  int64_t tables = 0;
  int64_t scratch = 0;
  int64_t code = 0;
  int64_t total() const { return weights + cache + tables + scratch + code; }
};
/// `turns` as in stageChains. A few hundred bytes too many at most where
/// weights are binary16 and a pass has one token.
SramEstimate estimateLayerSram(const PartitionProblem &problem, int64_t width,
                               int64_t height, int64_t layersPerStage,
                               bool turns = false);

/// Estimated cycles of one layer on a width x height rectangle at a full cache;
/// `turns` as in stageChains.
int64_t estimateLayerCycles(const PartitionProblem &problem, int64_t width,
                            int64_t height, bool turns = false);

/// What no schedule of this mapping beats: the multiply-adds of a layer at full
/// width on all cores, and five long collectives and one in a KV head at one
/// cycle a hop there and back. No starts, no payload, no special functions.
int64_t boundLayerCycles(const PartitionProblem &problem, int64_t width,
                         int64_t height);

/// Estimated cycles of an all-reduce of `words` words over `lines` cores: a
/// chain to the middle from both sides and a multicast out. With a group size
/// on two levels: chains in groups, then a chain of their collectors; the
/// outermost group has that size, and the others grow (ChainGroups.h).
int64_t estimateAllReduceCycles(const Machine &machine, const ParameterSet &set,
                                int64_t words, int64_t lines,
                                int64_t groupSize = 0);

/// The same over the columns of a KV head, in a row that reduces in groups of
/// `size` (0: on one level): there the sum goes to the end of the run, not to
/// its middle.
int64_t estimateHeadReduceCycles(const Machine &machine,
                                 const ParameterSet &set, int64_t words,
                                 int64_t columns, int64_t size);

/// The same over a row whose columns are `heads` runs, none of whose borders a
/// group crosses.
int64_t estimateRowReduceCycles(const Machine &machine, const ParameterSet &set,
                                int64_t words, int64_t columns, int64_t heads,
                                int64_t size);
/// The longest group in a run of columns that share a KV head.
int64_t mostOfRun(int64_t run, int64_t first);

/// What the products of a core are made of.
enum class ProductTypes : uint8_t {
  Single, // binary32 weights and sums
  Exact,  // binary16 weights, binary32 sums
  Mixed,  // binary16 weights; binary16 sums of at most kHalfTerms products,
          // which are added in binary32
};

/// What the products of the problem's cores are made of.
ProductTypes productTypes(const PartitionProblem &problem);

/// Most products that are made at once; they need a place in SRAM.
inline constexpr int64_t kProductElements = 1024;
/// Most terms of a binary16 sum: its rounding is at most 2^-11 of the sum of
/// the absolute terms for each term, that is 2^-5 in the worst case and about
/// the rounding of one term in the mean.
inline constexpr int64_t kHalfTerms = 64;
/// More sums of values than this are scaled by vector instructions.
inline constexpr int64_t kFewScalars = 16;
/// The vectors of a binary16 sequence begin at multiples of so many bytes.
inline constexpr int64_t kHalfPlaceBytes = 16;
/// A loop over fewer inputs than this is written out.
inline constexpr int64_t kWrittenOut = 16;

/// How a core multiplies its block of weights with its inputs: one multiply-add
/// an input, or all products of some inputs at once and then their sums.
struct ProductPlan {
  /// Inputs whose products are made at once; 0: a multiply-add an input.
  int64_t piece = 0;
  /// Inputs of one binary16 sum; 0: sums are binary32.
  int64_t terms = 0;
  /// Estimated, from the inputs to the binary32 result. The place of the first
  /// sums counts as cleared (a core does that while it waits).
  int64_t cycles = 0;

  /// One multiply-add an input with binary16 sums.
  bool stepsByRow() const { return piece == 0 && terms != 0; }
  /// All of `inputs` are in one binary16 sum, which an all-reduce can take as
  /// it is.
  bool isOneHalfSum(int64_t inputs) const {
    return terms >= inputs && (piece == 0 || piece >= inputs);
  }
};
/// The plan with the least estimated cycles.
ProductPlan planProduct(const Machine &machine, const ParameterSet &set,
                        int64_t inputs, int64_t outputs, ProductTypes types);

/// Whether the rotary embedding of `heads` heads with so many pairs in a core
/// is done by scalars, which take no start of a vector instruction: where that
/// is faster, and for a few pairs only, as all are written out.
bool rotatesByScalars(const Machine &machine, const ParameterSet &set,
                      int64_t pairs, int64_t heads);

/// Byte in a scratch buffer where binary16 sums begin, half a turn of the banks
/// after the rows that are added to them: farthest away, if a step is no longer
/// than that (else 0).
int64_t halfSumOffset(const Machine &machine);
/// Elements from one row of binary16 products to the next: so many that all
/// rows begin in the same bank, where halfSumOffset gains by it.
int64_t apartRow(const Machine &machine, int64_t outputs);
/// The same for rows of weights, which stay in SRAM for good: only where it
/// takes at most a sixteenth more, else such that all begin at whole or half
/// turns, by the same rule.
int64_t weightRow(const Machine &machine, int64_t outputs);
/// Whether rows of binary16 weights begin at whole and half turns of the banks,
/// one after the other. Then the sums go from one place to another one half a
/// turn away and back, and no step of a row meets its own bank.
bool rowsAlternate(const Machine &machine, int64_t row);
/// Bytes of `inputs` rows of weights, filled up so that those of all layers
/// begin in the same bank where rows alternate.
int64_t weightBytes(const Machine &machine, int64_t inputs, int64_t row,
                    int64_t elementBytes);
/// The `bytes` that a core keeps of a layer, filled up so that those of all
/// layers begin in the same bank.
int64_t evenLayerBytes(const Machine &machine, int64_t bytes);

/// The size of the outermost group in which the rows of a rectangle reduce, by
/// least estimated cycles; 0: one level, also where the machine has too few
/// queues.
int64_t chainGroupRows(const Machine &machine, const ParameterSet &set,
                       int64_t rows);
/// The size of the outermost group where a row reduces on two levels: parts of
/// the `heads` runs of columns that share a KV head, so that a run can reduce
/// by itself with the same links. By least estimated cycles; 0: one level.
int64_t rowGroupColumns(const Machine &machine, const ParameterSet &set,
                        int64_t columns, int64_t heads);

/// How layer stages of one size reduce, and hand over to the shelf below.
struct StageChains {
  /// Sizes of the outermost groups, by chainGroupRows and rowGroupColumns; 0:
  /// one level.
  int64_t groupRows = 0;
  int64_t groupColumns = 0;
  /// Rows whose slices go down in one column, each with a color of its own; 0:
  /// a stage cannot lie below another one.
  int64_t turnBlocks = 0;
  /// Columns by which it may be shifted against that one: those that are left
  /// serve all rows.
  int64_t turnSlack = 0;
};
inline constexpr int64_t kMostTurnBlocks = 3;

/// `turns`: whether some stage lies below its predecessor. Row i of it arrives
/// in a column that, in each block of rows, serves this row alone: by the queue
/// that only collectors of a row on two levels use where there are columns
/// without one for all rows; else by one that is left over where rows, or both
/// axes, reduce on one level. `heads`: runs of columns that share a KV head.
StageChains stageChains(const Machine &machine, const ParameterSet &set,
                        int64_t columns, int64_t rows, int64_t heads,
                        bool turns);

/// The size of the outermost group in which the columns of the head reduce; 0:
/// one level.
int64_t headColumnGroups(const Machine &machine, const ParameterSet &set,
                         int64_t columns);
/// Estimated cycles until all cores of the head know the id of the greatest
/// logit: each looks at its share of the column's logits, then two maxima over
/// all cores.
int64_t estimateArgMaxCycles(const Machine &machine, const ParameterSet &set,
                             int64_t columns, int64_t rows, int64_t logits);

/// Estimated cycles of a hand-over of the hidden state and the header to a
/// stage beside, both of that size.
int64_t estimateHandOverCycles(const PartitionProblem &problem, int64_t width,
                               int64_t height);

/// Estimated cycles of a crossing of the hidden state in `height` slices, but
/// for the latency of the machine: rows gather on the channels of an edge, the
/// words go at the machine's rate, and are spread again.
int64_t estimateCrossingCycles(const PartitionProblem &problem, int64_t height);

/// Estimated cycles of the head on `columns` columns: the product, its sums
/// over the rows, and the greatest logit.
int64_t estimateHeadCycles(const PartitionProblem &problem, int64_t height,
                           int64_t columns);

/// The split of the rotary table: position = high * low-size + low.
int64_t ropeLowSize(int64_t context);

} // namespace wafer

#endif // WAFER_PARTITION_PARTITION_H
