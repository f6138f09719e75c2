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

#include "wafer/Image/TokenCommand.h"
#include "wafer/Place/Floorplan.h"

#include <algorithm>
#include <limits>
#include <map>

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
  if (requests <= 0 || requests > int64_t(mostInFlight(unsigned(layers)))) {
    Diagnostic d;
    d.what = "number of requests in flight is out of range";
    d.expected = "1 to " + std::to_string(mostInFlight(unsigned(layers))) +
                 " (a stage for each layer, the embedding and the head)";
    d.found = std::to_string(requests);
    return d;
  }
  int64_t mostTokens = std::min<int64_t>(kMostTokensPerPass, context);
  if (tokens <= 0 || tokens > mostTokens) {
    Diagnostic d;
    d.what = "number of tokens a pass is out of range";
    d.expected = "1 to " + std::to_string(mostTokens) +
                 (mostTokens == context ? " (the positions of the cache)" : "");
    d.found = std::to_string(tokens);
    return d;
  }
  if (stages && requests > int64_t(mostInFlight(unsigned(*stages)))) {
    Diagnostic d;
    d.what = "more requests in flight than there is work for";
    d.expected = "at most " + std::to_string(mostInFlight(unsigned(*stages))) +
                 " with " + std::to_string(*stages) + " layer stages";
    d.found = std::to_string(requests);
    d.hint = "more --stages, or --stages auto";
    return d;
  }
  if (stages && (*stages <= 0 || *stages > layers)) {
    Diagnostic d;
    d.what = "number of stages is out of range";
    d.expected =
        "1 to " + std::to_string(layers) + " (the layers of the model)";
    d.found = std::to_string(*stages);
    return d;
  }
  if (wafers <= 0 || wafers > Machine::kMostWafers || wafers > layers) {
    Diagnostic d;
    d.what = "number of wafers is out of range";
    d.expected =
        "1 to " +
        std::to_string(std::min<int64_t>(Machine::kMostWafers, layers)) +
        " (at least one layer each)";
    d.found = std::to_string(wafers);
    return d;
  }
  if (headColumns && (*headColumns <= 0 || *headColumns > vocab)) {
    return fail("number of columns of the head is out of range",
                std::to_string(*headColumns));
  }
  if (stages && *stages < wafers) {
    Diagnostic d;
    d.what = "every wafer needs a stage";
    d.expected = "at least " + std::to_string(wafers) + " stages";
    d.found = std::to_string(*stages);
    return d;
  }
  if (region && (region->first <= 0 || region->second <= 0 ||
                 region->first > machine->usable.w ||
                 region->second > machine->height())) {
    Diagnostic d;
    d.what = "region does not fit on machine '" + machine->name + "'";
    d.expected = "at most " + std::to_string(machine->usable.w) + "x" +
                 std::to_string(machine->height());
    d.found =
        std::to_string(region->first) + "x" + std::to_string(region->second);
    return d;
  }
  return Status::success();
}

/// Of a row: its slices of the hidden state, one a token, and the header.
static int64_t handOverWords(const PartitionProblem &p, int64_t height) {
  return p.tokens * ceilDiv(p.dim, height) + headerWords(int(p.tokens));
}

int64_t wafer::estimateHandOverCycles(const PartitionProblem &problem,
                                      int64_t width, int64_t height) {
  return width + handOverWords(problem, height) + 20;
}

namespace {
/// Columns of embedding and head for a height, by SRAM and by cost.
struct SideColumns {
  int64_t embed = 0;
  int64_t head = 0;
};

SideColumns sideColumns(const PartitionProblem &p, int64_t height) {
  int64_t dim = ceilDiv(p.dim, height);
  // One slice more for each token beyond the first.
  int64_t budget = int64_t(p.machine->programBytes()) - 4096 -
                   (16 + 4 * (p.tokens - 1)) * dim;
  SideColumns columns;
  int64_t rows =
      std::max<int64_t>(1, budget / std::max<int64_t>(1, dim * p.weightBytes));
  columns.embed = ceilDiv(p.vocab, rows);
  // A logit, its binary16 sum, and its weights, whose rows may be padded.
  int64_t bytes = dim * p.weightBytes + 4 +
                  (productTypes(p) == ProductTypes::Mixed ? 2 : 0);
  budget -= 8 * dim * p.weightBytes;
  int64_t logits = std::max<int64_t>(1, budget / bytes);
  columns.head = std::max(ceilDiv(p.vocab, logits), p.headColumns.value_or(0));
  return columns;
}

/// Whether stages are too many for a wafer in one shelf.
bool needsShelves(const PartitionProblem &p, int64_t width, int64_t stages) {
  return ceilDiv(stages, p.wafers) * width >= p.machine->usable.w;
}

/// The shelf of one candidate.
struct Shelf {
  PartitionCandidate candidate;
  int64_t embedColumns = 0;
  int64_t headColumns = 0;
};

/// Columns of a gate.
constexpr int64_t kGateColumns = 1;

/// The snakes of a candidate, one a wafer, and the layer stages in each.
struct Snakes {
  std::vector<Snake> list;
  std::vector<int64_t> share;

  int64_t turns() const {
    int64_t sum = 0;
    for (const Snake &snake : list) {
      sum += snake.shelves - 1;
    }
    return sum;
  }
  int64_t most() const {
    int64_t shelves = 1;
    for (const Snake &snake : list) {
      shelves = std::max<int64_t>(shelves, snake.shelves);
    }
    return shelves;
  }
};

class Search {
public:
  explicit Search(const PartitionProblem &problem)
      : problem(problem),
        set(*problem.machine->findParameters(problem.parameterSet)) {}

  void run() {
    for (int64_t height : heights()) {
      SideColumns sides = sideColumns(problem, height);
      int64_t firstStages = problem.stages.value_or(std::max<int64_t>(
          problem.wafers, problem.requests - mostInFlight(0)));
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
    // Those that leave no rows over.
    for (int64_t shelves = 1; shelves <= problem.machine->height() / 64;
         ++shelves) {
      list.push_back(std::min(last, problem.machine->height() / shelves));
    }
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    return list;
  }

  int64_t sram(int64_t width, int64_t height, int64_t stages,
               int64_t perStage) const {
    bool turns = problem.shelved || needsShelves(problem, width, stages);
    return estimateLayerSram(problem, width, height, perStage, turns).total();
  }

  void tryWidths(int64_t height, int64_t stages, int64_t perStage,
                 const SideColumns &sides) {
    int64_t supply = problem.machine->programBytes();
    if (problem.region) {
      evaluate(problem.region->first, height, stages, perStage, sides);
      return;
    }
    // No snake has wider stages.
    int64_t columns = problem.machine->usable.w - 1;
    int64_t shelves =
        std::min<int64_t>(problem.machine->height() / height, stages);
    int64_t room =
        problem.wafers * shelves * columns - sides.embed - sides.head;
    int64_t widest = std::min<int64_t>({room / stages, columns - sides.embed,
                                        std::max(problem.ffn, problem.dim)});
    if (widest < 1 || sram(widest, height, stages, perStage) > supply) {
      if (widest >= 1) {
        noteMiss(widest, height, stages, sram(widest, height, stages, perStage),
                 sides);
      }
      return;
    }
    int64_t low = 1, high = widest;
    while (low < high) {
      int64_t middle = (low + high) / 2;
      if (sram(middle, height, stages, perStage) <= supply) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    std::vector<int64_t> widths;
    for (int64_t width = low; width <= widest;
         width += std::max<int64_t>(1, width / 16)) {
      widths.push_back(width);
    }
    // Those that leave no columns over in a shelf without embedding and head.
    for (int64_t inShelf = 1; inShelf <= stages && columns / inShelf >= low;
         ++inShelf) {
      if (columns / inShelf <= widest) {
        widths.push_back(columns / inShelf);
      }
    }
    // Those whose columns hold equally many rotary pairs of a KV head.
    int64_t pairs = problem.headDim / 2;
    for (int64_t each = 1; each <= pairs; ++each) {
      int64_t width = problem.kvHeads * ceilDiv(pairs, each);
      if (low <= width && width <= widest) {
        widths.push_back(width);
      }
    }
    std::sort(widths.begin(), widths.end());
    widths.erase(std::unique(widths.begin(), widths.end()), widths.end());
    for (int64_t width : widths) {
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
    if (auto snakes = snakesFor(width, height, stages, sides)) {
      closestShelf =
          makeShelf(width, height, stages, bytes, sides, sides.head, *snakes);
    }
  }

  /// The snake of a wafer with so many layer stages.
  std::optional<Snake> snakeOf(int64_t wafer, int64_t width, int64_t height,
                               int64_t stages, const SideColumns &sides) const {
    const Machine &machine = *problem.machine;
    StageChains chains =
        stageChains(machine, set, width, height, problem.kvHeads, true);
    bool turns = chains.turnBlocks > 0;
    bool first = wafer == 0, last = wafer + 1 == problem.wafers;
    SnakeProblem shelves;
    shelves.columns = machine.usable.w;
    shelves.firstColumn = first ? 1 : 0;
    shelves.maxShelves =
        turns ? int32_t(std::min<int64_t>(machine.height() / height, stages))
              : 1;
    shelves.blocks.push_back(
        {int32_t(first ? sides.embed : kGateColumns), false});
    for (int64_t i = 0; i < stages; ++i) {
      shelves.blocks.push_back(
          {int32_t(width), i > 0, last ? int32_t(chains.turnSlack) : 0});
    }
    shelves.blocks.push_back(
        {int32_t(last ? sides.head : kGateColumns), false});
    return laySnake(shelves);
  }

  /// The most layer stages that a wafer can have, up to `stages`.
  int64_t mostStages(int64_t wafer, int64_t width, int64_t height,
                     int64_t stages, const SideColumns &sides) const {
    int64_t low = 0, high = stages;
    while (low < high) {
      int64_t middle = (low + high + 1) / 2;
      if (snakeOf(wafer, width, height, middle, sides)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /// The stages of each wafer: as evenly as they fit. Empty where they do not.
  std::vector<int64_t> shareStages(int64_t width, int64_t height,
                                   int64_t stages,
                                   const SideColumns &sides) const {
    const int64_t wafers = problem.wafers;
    if (wafers == 1) {
      return {stages};
    }
    int64_t shelves = std::max<int64_t>(1, problem.machine->height() / height);
    if (stages * width > wafers * shelves * problem.machine->usable.w) {
      return {};
    }
    // Between the first and the last wafer all are alike.
    int64_t atMost = stages - wafers + 1;
    int64_t first = mostStages(0, width, height, atMost, sides);
    int64_t inner =
        wafers > 2 ? mostStages(1, width, height, atMost, sides) : 0;
    int64_t last = mostStages(wafers - 1, width, height, atMost, sides);
    std::vector<int64_t> share(static_cast<size_t>(wafers));
    int64_t left = stages;
    for (int64_t before = -1; left > 0 && left != before;) {
      before = left;
      for (int64_t k = 0; k < wafers && left > 0; ++k) {
        int64_t most = k == 0 ? first : k + 1 == wafers ? last : inner;
        if (share[size_t(k)] < most) {
          ++share[size_t(k)];
          --left;
        }
      }
    }
    bool each = std::find(share.begin(), share.end(), 0) == share.end();
    return left == 0 && each ? share : std::vector<int64_t>();
  }

  /// One a wafer; nothing where a wafer has none.
  std::optional<Snakes> snakesFor(int64_t width, int64_t height, int64_t stages,
                                  const SideColumns &sides) const {
    Snakes snakes;
    snakes.share = shareStages(width, height, stages, sides);
    for (size_t k = 0; k < snakes.share.size(); ++k) {
      std::optional<Snake> snake =
          snakeOf(int64_t(k), width, height, snakes.share[k], sides);
      if (!snake) {
        return std::nullopt;
      }
      snakes.list.push_back(std::move(*snake));
    }
    return snakes.list.empty() ? std::nullopt : std::optional(snakes);
  }

  /// What a hand-over to the shelf below, a sum along a row, takes beyond one
  /// beside.
  int64_t turnCycles(int64_t width, int64_t height) const {
    int64_t turn =
        height +
        estimateRowReduceCycles(
            *problem.machine, set, handOverWords(problem, height), width,
            problem.kvHeads,
            stageChains(*problem.machine, set, width, height, problem.kvHeads,
                        /*turns=*/true)
                .groupColumns);
    return std::max<int64_t>(
        0, turn - estimateHandOverCycles(problem, width, height));
  }

  /// The chain through the columns of the embedding; each further token of a
  /// pass adds its row of the table and its words.
  int64_t embedCycles(int64_t height, int64_t columns) const {
    int64_t slice = ceilDiv(problem.dim, height);
    int64_t row = 2 * int64_t(set.vectorStart) + 16 * int64_t(set.alu) +
                  int64_t(set.branch) + 3 * slice;
    return 6 * columns + (problem.tokens - 1) * row;
  }

  /// While a stage works on one token it takes no other.
  int64_t slowestStage(const PartitionCandidate &c, int64_t headCycles) const {
    int64_t perStage = ceilDiv(problem.layers, c.stages);
    int64_t in =
        estimateHandOverCycles(problem, c.width, c.height) + c.turnCycles;
    int64_t head =
        headCycles + c.headColumns + handOverWords(problem, c.height);
    return std::max({perStage * c.cyclesPerLayer + in, head,
                     embedCycles(c.height, c.embedColumns)});
  }

  /// Cycles that the hand-overs of a token and the way back of its id take.
  int64_t handOverCycles(const PartitionCandidate &c,
                         const Snakes &snakes) const {
    const Snake &last = snakes.list.back();
    int64_t back = last.places.back().x + (last.shelves - 1) * c.height;
    return (c.stages + problem.wafers) *
               estimateHandOverCycles(problem, c.width, c.height) +
           snakes.turns() * c.turnCycles + back + 50;
  }

  Shelf makeShelf(int64_t width, int64_t height, int64_t stages, int64_t bytes,
                  const SideColumns &sides, int64_t mostHead,
                  const Snakes &snakes) const {
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
    c.leastHeadColumns = sides.head;
    c.shelves = snakes.most();
    c.cyclesPerLayer = estimateLayerCycles(problem, width, height,
                                           problem.shelved || c.shelves > 1);
    c.stagesOfWafer = snakes.share;
    c.turnCycles = c.shelves > 1 ? turnCycles(width, height) : 0;
    c.handOverCycles = handOverCycles(c, snakes);
    int64_t head = headCycles(height, shelf.headColumns);
    c.slowestStageCycles = slowestStage(c, head);
    int64_t latencies = 0;
    if (problem.wafers > 1) {
      int64_t crossing = estimateCrossingCycles(problem, height);
      c.crossingCycles = (problem.wafers - 1) * crossing;
      latencies = problem.wafers * int64_t(problem.machine->crossingCycles());
      c.slowestStageCycles = std::max(c.slowestStageCycles, crossing);
    }
    c.cyclesPerToken = problem.layers * c.cyclesPerLayer + c.handOverCycles +
                       c.crossingCycles + latencies +
                       embedCycles(height, shelf.embedColumns) + head;
    c.cyclesBetweenTokens = std::max(
        c.slowestStageCycles, ceilDiv(c.cyclesPerToken, problem.requests));
    return shelf;
  }

  void evaluate(int64_t width, int64_t height, int64_t stages, int64_t perStage,
                const SideColumns &sides) {
    ++evaluated;
    int64_t bytes = sram(width, height, stages, perStage);
    // Where the user fixed everything the allocator decides, which knows the
    // bytes exactly; the estimate only rules out what cannot fit at all.
    int64_t supply = problem.machine->programBytes();
    int64_t slack = problem.region && problem.stages ? supply / 4 : 0;
    std::optional<Snakes> snakes;
    if (bytes <= supply + slack) {
      snakes = snakesFor(width, height, stages, sides);
    }
    if (!snakes) {
      noteMiss(width, height, stages, bytes, sides);
      return;
    }
    shelves.push_back(
        makeShelf(width, height, stages, bytes, sides,
                  problem.headColumns
                      ? sides.head
                      : std::min<int64_t>(sides.head + snakes->list.back().room,
                                          problem.vocab),
                  *snakes));
  }

  /// Of the candidates that the estimate cannot tell from the cheapest one, the
  /// one with the fewest cores; the cheapest of another shape is the runner-up.
  void choose() {
    int64_t least = std::numeric_limits<int64_t>::max();
    for (const Shelf &shelf : shelves) {
      least = std::min(least, cost(shelf));
    }
    auto cores = [](const Shelf &s) {
      return (s.embedColumns + s.headColumns +
              s.candidate.stages * s.candidate.width) *
             s.candidate.height;
    };
    for (const Shelf &shelf : shelves) {
      bool close = cost(shelf) <= least + least / kLeastDifference;
      if (close && (!best || cores(shelf) < cores(*best))) {
        best = shelf;
      }
    }
    for (const Shelf &shelf : shelves) {
      if (!sameShape(shelf.candidate, best->candidate) &&
          (!runnerUp || cost(shelf) < cost(*runnerUp))) {
        runnerUp = shelf;
      }
    }
  }

  int64_t cost(const Shelf &shelf) const {
    const PartitionCandidate &c = shelf.candidate;
    return problem.objective == Objective::Latency ? c.cyclesPerToken
           : problem.requests > 1                  ? c.cyclesBetweenTokens
                                                   : c.slowestStageCycles;
  }

  int64_t bestHeadColumns(int64_t height, int64_t least, int64_t most) const {
    int64_t bestColumns = least;
    int64_t bestCost = headCycles(height, least);
    for (int64_t c = least; c <= most; c += std::max<int64_t>(1, c / 16)) {
      int64_t cost = headCycles(height, c);
      if (cost < bestCost) {
        bestCost = cost;
        bestColumns = c;
      }
    }
    return bestColumns;
  }

  /// Candidates of one height ask for the same few numbers of columns.
  int64_t headCycles(int64_t height, int64_t columns) const {
    auto [it, isNew] = headCyclesOf.try_emplace({height, columns}, 0);
    if (isNew) {
      it->second = estimateHeadCycles(problem, height, columns);
    }
    return it->second;
  }

  static bool sameShape(const PartitionCandidate &a,
                        const PartitionCandidate &b) {
    return a.width == b.width && a.height == b.height && a.stages == b.stages;
  }

  /// A shape that needs fewer cores may cost this share of a token more.
  static constexpr int64_t kLeastDifference = 256;

  const PartitionProblem &problem;
  const ParameterSet &set;
  std::vector<Shelf> shelves;
  /// By height and columns.
  mutable std::map<std::pair<int64_t, int64_t>, int64_t> headCyclesOf;
};

Diagnostic doesNotFit(const PartitionProblem &p, const Search &search) {
  Diagnostic d;
  d.what = "the model does not fit on machine '" + p.machine->name + "'";
  int64_t supply = p.machine->programBytes();
  if (!search.closest) {
    d.what += ": embedding and head alone are wider than the machine";
    d.expected = "at most " + std::to_string(p.machine->usable.w) + " columns";
    return d;
  }
  const PartitionCandidate &c = *search.closest;
  SramEstimate e =
      estimateLayerSram(p, c.width, c.height, ceilDiv(p.layers, c.stages),
                        p.shelved || needsShelves(p, c.width, c.stages));
  std::string shape = std::to_string(c.stages) + " stage" +
                      (c.stages == 1 ? "" : "s") + " of " +
                      std::to_string(c.width) + "x" + std::to_string(c.height);
  if (e.total() <= supply) {
    SideColumns sides = sideColumns(p, c.height);
    int64_t shelves = p.machine->height() / c.height;
    d.expected =
        "at most " + std::to_string(p.machine->usable.w) +
        " columns in each of " + std::to_string(shelves) +
        (shelves == 1 ? " shelf" : " shelves") +
        (p.wafers > 1 ? " on each of " + std::to_string(p.wafers) + " wafers"
                      : "");
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
  d.hint = std::string("more stages, a larger region, a smaller --context") +
           (p.tokens > 1 ? ", fewer --tokens-per-pass" : "") +
           " or more --wafers";
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
  plan.loop = {"loop", {0, 0, 1, 1}};
  plan.embed = {"embed", {0, 0, int32_t(search.best->embedColumns), height}};
  int64_t layer = 0, wafer = 0, before = 0;
  for (int64_t s = 0; s < c.stages; ++s) {
    if (s == before + c.stagesOfWafer[size_t(wafer)]) {
      before = s;
      ++wafer;
      Rect gate{0, 0, int32_t(kGateColumns), height};
      plan.gates.push_back(
          {{"gate_out" + std::to_string(wafer - 1), gate, 0, 0, wafer - 1},
           {"gate_in" + std::to_string(wafer), gate, 0, 0, wafer}});
    }
    int64_t count =
        problem.layers / c.stages + (s < problem.layers % c.stages ? 1 : 0);
    plan.layers.push_back({"layers" + std::to_string(s),
                           {0, 0, int32_t(c.width), height},
                           layer,
                           count,
                           wafer});
    layer += count;
  }
  plan.head = {
      "head", {0, 0, int32_t(search.best->headColumns), height}, 0, 0, wafer};
  if (Status status = plan.verify(problem); !status) {
    return status.takeError();
  }
  return plan;
}

std::vector<const StageRect *> PartitionPlan::inOrder() const {
  std::vector<const StageRect *> all = {&embed};
  for (const StageRect &stage : layers) {
    if (stage.wafer != all.back()->wafer) {
      const auto &[out, in] = gates[size_t(stage.wafer - 1)];
      all.push_back(&out);
      all.push_back(&in);
    }
    all.push_back(&stage);
  }
  all.push_back(&head);
  return all;
}

Status PartitionPlan::verify(const PartitionProblem &problem) const {
  auto fail = [](const std::string &what) {
    Diagnostic d;
    d.what = "internal: partition plan: " + what;
    return Status(std::move(d));
  };
  int64_t next = 0, wafer = 0;
  for (const StageRect &stage : layers) {
    if (stage.firstLayer != next || stage.numLayers <= 0) {
      return fail("layers are not covered in order");
    }
    if (stage.wafer != wafer && stage.wafer != ++wafer) {
      return fail("stages do not follow the wafers");
    }
    next += stage.numLayers;
  }
  if (next != problem.layers) {
    return fail("not every layer has a stage");
  }
  if (wafer + 1 != problem.wafers || int64_t(gates.size()) != wafer ||
      head.wafer != wafer) {
    return fail("not every wafer has its stages");
  }
  if (loop.rect.empty()) {
    return fail("'" + loop.name + "' has no cores");
  }
  const ParameterSet &set =
      *problem.machine->findParameters(problem.parameterSet);
  std::vector<SnakeProblem> wafers(static_cast<size_t>(problem.wafers));
  wafers.front().firstColumn = loop.rect.w;
  for (const StageRect *stage : inOrder()) {
    SnakeProblem &shelves = wafers[size_t(stage->wafer)];
    bool mayTurn = stage->numLayers > 0 && shelves.blocks.size() > 1;
    shelves.blocks.push_back(
        {stage->rect.w, mayTurn,
         mayTurn && stage->wafer == head.wafer
             ? int32_t(stageChains(*problem.machine, set, stage->rect.w,
                                   stage->rect.h, problem.kvHeads, true)
                           .turnSlack)
             : 0});
    if (stage->rect.empty()) {
      return fail("'" + stage->name + "' has no cores");
    }
    if (stage->rect.h != embed.rect.h) {
      return fail("'" + stage->name + "' has other rows than the embedding");
    }
  }
  for (SnakeProblem &shelves : wafers) {
    shelves.columns = problem.machine->usable.w;
    shelves.maxShelves = int32_t(chosen.shelves);
    if (embed.rect.h * chosen.shelves > problem.machine->height() ||
        !laySnake(shelves)) {
      return fail("the shelves do not fit on the machine");
    }
  }
  return Status::success();
}
