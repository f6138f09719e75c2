// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RoutingProblemBuilder.h - From a module to the router ----*- C++ -*-===//
//
// Passes only translate: this is the translation from the families and streams
// of a module to the problem that lib/Route solves.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_WFABRIC_ROUTINGPROBLEMBUILDER_H
#define WAFER_WFABRIC_ROUTINGPROBLEMBUILDER_H

#include "wafer/Machine/Machine.h"
#include "wafer/Route/QueueBinding.h"
#include "wafer/Route/Rules.h"
#include "wafer/WFabric/WFabric.h"

#include "llvm/ADT/DenseMap.h"

namespace wafer::wfabric {

/// Name of the module attribute (a string) that names the machine.
inline constexpr llvm::StringLiteral kMachineAttrName = "wafer.machine";

/// The machine that `nameOrFile` names, or the module's attribute where that is
/// empty. Emits an error where neither does or the machine cannot be loaded.
mlir::FailureOr<Machine> loadMachine(mlir::ModuleOp module,
                                     llvm::StringRef nameOrFile = {});

/// The families and streams of a module as a problem that passed its check.
struct ModuleRouting {
  RoutingProblem problem;
  /// ops[id] is a FamilyOp or a StreamOp.
  std::vector<mlir::Operation *> ops;
  llvm::DenseMap<mlir::StringAttr, unsigned> ids;

  /// The id of a family or stream.
  std::optional<unsigned> lookup(mlir::StringAttr name) const;
};

/// Families first, then streams, each by name: whatever is made of the problem
/// does not depend on the order of the module. Colors that
/// operations have become given colors. Emits an error for a problem that does
/// not fit the machine.
mlir::FailureOr<ModuleRouting> buildRoutingProblem(mlir::ModuleOp module,
                                                   const Machine &machine);

/// The colors of all families and streams by id; emits an error where one has
/// none.
mlir::FailureOr<std::vector<uint8_t>> colorsOf(const ModuleRouting &routing);

/// All rules of the module with one table of configurations.
RouteTables collectRules(mlir::ModuleOp module, const ModuleRouting &routing);

/// Binds a queue of a region to the named families and streams (see
/// QueueBinding.h). Emits an error at `loc` for a name that is not there and
/// where no binding exists.
mlir::FailureOr<QueueColors>
bindQueue(const ModuleRouting &routing, const std::vector<uint8_t> &colors,
          const Rect &region, llvm::ArrayRef<mlir::StringAttr> streams,
          QueueDirection direction, mlir::Location loc);

/// Emits a solver's diagnostic.
mlir::InFlightDiagnostic emitDiagnostic(mlir::Location loc,
                                        const Diagnostic &diagnostic);

} // namespace wafer::wfabric

#endif // WAFER_WFABRIC_ROUTINGPROBLEMBUILDER_H
