// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Phases.h - The phases of the compiler --------------------*- C++ -*-===//
//
// A model becomes an image in nine phases. Each is a pipeline of passes with a
// verify pass at its end, and a builder that others can call; after each the
// IR can be printed, edited and fed to the next one.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_PIPELINES_PHASES_H
#define WAFER_PIPELINES_PHASES_H

#include "mlir/Pass/PassManager.h"

#include <optional>
#include <string>
#include <vector>

namespace wafer {

enum class Phase {
  Import,
  Optimize,
  Partition,
  Place,
  Remap,
  Lower,
  Route,
  Allocate,
  Emit
};

/// A phase's name and what it does, for help texts.
struct PhaseInfo {
  Phase phase;
  const char *name;
  const char *description;
};
const std::vector<PhaseInfo> &allPhases();
std::optional<Phase> parsePhase(llvm::StringRef name);

struct PipelineOptions {
  /// Name or file of the machine.
  std::string machine = "wse3";
  /// Parameter set of the cost models; empty: the machine's first.
  std::string params;
  /// Element type of stored weights: stored, f16, f32.
  std::string weightsType = "f16";
  /// Sums of products of f16 inside a core: mixed (f16, up to 64 terms), f32.
  std::string accumulate = "mixed";
  int64_t context = 0;
  int64_t stages = 0; // 0: chosen
  int64_t wafers = 1; // 0: as few as hold the model
  int64_t width = 0, height = 0;
  /// Requests in flight.
  int64_t inFlight = 1;
  /// Most tokens of a request that a pass takes.
  int64_t tokensPerPass = 1;
  /// What cores keep of layers lies whole turns of the banks apart, so that all
  /// layers take the same cycles.
  bool evenLayers = false;
  /// latency or throughput.
  std::string objective = "latency";
  /// Lines of the machine that the plan leaves free, to skip defects.
  int64_t reserveColumns = 0, reserveRows = 0;
  /// Make stages as in a program of several shelves, also in one: for a part of
  /// such a program.
  bool shelved = false;
  /// Columns of the head; 0: chosen. For a part of a program too.
  int64_t headColumns = 0;
  /// Warn where no plan fits in SRAM; for looking at the phases before
  /// allocate.
  bool allowOverflow = false;
};

/// Algebra only: gains folded, linears fused, weights converted.
void buildOptimizePhase(mlir::OpPassManager &manager,
                        const PipelineOptions &options);
/// Stages, rectangles, layouts, collectives.
void buildPartitionPhase(mlir::OpPassManager &manager,
                         const PipelineOptions &options);
/// Where the rectangles lie.
void buildPlacePhase(mlir::OpPassManager &manager,
                     const PipelineOptions &options);
/// The map from logical to physical cores.
void buildRemapPhase(mlir::OpPassManager &manager,
                     const PipelineOptions &options);
/// Code of roles, streams.
void buildLowerPhase(mlir::OpPassManager &manager,
                     const PipelineOptions &options);
/// Colors, rules, queue bindings.
void buildRoutePhase(mlir::OpPassManager &manager,
                     const PipelineOptions &options);
/// SRAM.
void buildAllocatePhase(mlir::OpPassManager &manager,
                        const PipelineOptions &options);

/// All phases after import up to and including `last` (emit has no passes).
void buildCompilePipeline(mlir::OpPassManager &manager,
                          const PipelineOptions &options,
                          Phase last = Phase::Allocate);

} // namespace wafer

#endif // WAFER_PIPELINES_PHASES_H
