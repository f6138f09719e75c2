// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program for one wafer with defects: plans leave more and more lines of the
// machine free, until the program fits the wafer and more of them gain nothing.
// Then numbers between the best one and the one before it are tried, by halves.
//
//===----------------------------------------------------------------------===//
#include "CompileJob.h"

#include "wafer/Remap/Remap.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

using namespace wafer;

/// Cycles of a token by the plan; the most there can be where it says nothing.
static uint64_t predictedCycles(const CompiledImage &compiled) {
  mlir::ModuleOp module = *compiled.source.module;
  auto cycles = module->getAttrOfType<mlir::IntegerAttr>(
      "wafer.predicted_cycles_per_token");
  return cycles ? uint64_t(cycles.getInt()) : uint64_t(1) << 40;
}

namespace {

class WaferCompile {
public:
  WaferCompile(const CompileRequest &request, CompilerSession &session,
               CommandContext &context, const Machine &machine,
               const DefectMap &defects)
      : request(request), session(session), context(context), machine(machine),
        defects(defects) {}

  std::unique_ptr<CompiledImage> run(std::unique_ptr<CompiledImage> perfect) {
    uint64_t perfectCycles = predictedCycles(*perfect);
    consider(std::move(perfect));
    widen(perfectCycles);
    if (!best) {
      context.fail(*refusal);
      return nullptr;
    }
    refine();
    Image &image = best->compiled->emitted.image;
    applyFit(image, best->fit,
             best->cycles - std::min(best->cycles, perfectCycles));
    return std::move(best->compiled);
  }

private:
  /// The best plan so far.
  struct Fitted {
    std::unique_ptr<CompiledImage> compiled;
    Remapped fit;
    uint64_t cycles = 0;
  };

  /// More lines free each time, by half as many again.
  void widen(uint64_t perfectCycles) {
    constexpr unsigned kPatience = 2;
    unsigned worse = 0;
    int64_t most = std::min(machine.width(), machine.height()) / 2;
    for (int64_t reserve = 1; reserve <= most && worse < kPatience;
         reserve += std::max<int64_t>(1, reserve / 2)) {
      if (best && best->cycles <= perfectCycles) {
        return;
      }
      if (reserve <= freeLines()) {
        continue;
      }
      bool hadFit = best.has_value();
      switch (attempt(reserve)) {
      case Attempt::Impossible:
        return;
      case Attempt::Better:
        worse = 0;
        break;
      case Attempt::Worse:
        worse += hadFit;
        break;
      case Attempt::Same:
        break;
      }
    }
  }

  /// Between the best number of free lines and the next smaller one that was
  /// tried.
  void refine() {
    int64_t low = 0;
    for (int64_t tried : reserves) {
      low = tried < best->compiled->reserve ? std::max(low, tried) : low;
    }
    while (best->compiled->reserve - low > 1) {
      int64_t reserve = (low + best->compiled->reserve) / 2;
      if (attempt(reserve) != Attempt::Better) {
        low = reserve;
      }
    }
  }

  enum class Attempt : uint8_t { Better, Worse, Same, Impossible };

  Attempt attempt(int64_t reserve) {
    CompileRequest smaller = request;
    smaller.pipeline.reserveColumns = reserve;
    smaller.pipeline.reserveRows = reserve;
    // A plan that does not fit any more is no error of the user's.
    session.setQuiet(true);
    std::unique_ptr<CompiledImage> compiled =
        compilePerfect(smaller, session, context);
    session.setQuiet(false);
    return compiled ? consider(std::move(compiled)) : Attempt::Impossible;
  }

  Attempt consider(std::unique_ptr<CompiledImage> compiled) {
    int64_t reserve = compiled->reserve;
    reserves.push_back(reserve);
    std::vector<StageInfo> stages = compiled->emitted.image.stages;
    if (isSame(stages, lastStages)) {
      return Attempt::Same;
    }
    lastStages = std::move(stages);
    Footprint footprint(compiled->emitted.image, machine);
    Result<Remapped> fit = remapProgram(footprint, machine, defects);
    if (!fit) {
      remark(reserve, "refused: " + fit.error().str());
      refusal = refusal ? refusal : fit.error();
      return Attempt::Worse;
    }
    uint64_t planned = predictedCycles(*compiled);
    uint64_t cycles = planned + fit->cost.cyclesAdded;
    const RemapCost &cost = fit->cost;
    remark(reserve, fmt::format("{} cycles a token and {} for {} rows, {} "
                                "columns, {} tracks",
                                planned, cost.cyclesAdded, cost.rowsSkipped,
                                cost.columnsSkipped, cost.holeTracks));
    if (best && best->cycles <= cycles) {
      return Attempt::Worse;
    }
    best = Fitted{std::move(compiled), std::move(*fit), cycles};
    return Attempt::Better;
  }

  /// Lines that the last plan leaves free anyway: to ask for so many changes
  /// nothing.
  int64_t freeLines() const {
    int32_t endX = 0, endY = 0;
    for (const StageInfo &stage : lastStages) {
      endX = std::max(endX, stage.rect.endX());
      endY = std::max(endY, stage.rect.endY());
    }
    return std::min(machine.width() - endX, machine.height() - endY);
  }

  /// More lines to leave free may still give the same plan.
  static bool isSame(const std::vector<StageInfo> &a,
                     const std::vector<StageInfo> &b) {
    return !a.empty() && std::equal(a.begin(), a.end(), b.begin(), b.end(),
                                    [](const StageInfo &x, const StageInfo &y) {
                                      return x.rect == y.rect &&
                                             x.numLayers == y.numLayers;
                                    });
  }

  void remark(int64_t reserve, const std::string &text) const {
    if (session.hasRemarks()) {
      context.remark({fmt::format("defects: a plan that leaves {} lines free: "
                                  "{}",
                                  reserve, text),
                      "", "", "", ""});
    }
  }

  const CompileRequest &request;
  CompilerSession &session;
  CommandContext &context;
  const Machine &machine;
  const DefectMap &defects;
  std::optional<Fitted> best;
  std::optional<Diagnostic> refusal;
  std::vector<int64_t> reserves;
  std::vector<StageInfo> lastStages;
};

} // namespace

std::unique_ptr<CompiledImage>
wafer::compileImage(const CompileRequest &request, CompilerSession &session,
                    CommandContext &context) {
  std::unique_ptr<CompiledImage> perfect =
      compilePerfect(request, session, context);
  if (!perfect || request.defects.empty()) {
    return perfect;
  }
  const Machine machine = perfect->machine;
  Result<DefectMap> defects = DefectMap::load(request.defects, machine);
  if (!defects) {
    context.fail(defects.error());
    return nullptr;
  }
  return WaferCompile(request, session, context, machine, *defects)
      .run(std::move(perfect));
}
