// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Emit.h - From the wpe dialect to roles of an image -------*- C++ -*-===//
//
// Assigns registers and descriptor registers, lays out the parameter block and
// encodes the code of roles. What the code looks like depends on neither the
// size of a region nor on addresses: only immediate fields and parameters do,
// so that the size of a role is known before its SRAM is allocated.
//
// The order of tables in a region, to which the parameters of its role refer:
//   rows:    row parameters in order of declaration, region parameters (each
//            filled with its value), then colors of queues by row
//   columns: column parameters, then colors of queues by column
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_EMIT_EMIT_H
#define WAFER_EMIT_EMIT_H

#include "wafer/Image/Image.h"
#include "wafer/WPE/WPE.h"

#include <string>
#include <vector>

namespace wafer {

/// The colors of one queue in one region: one value (Constant), one a row
/// (Row) or one a column (Column). kUnboundColor leaves the queue unused.
struct BoundQueue {
  ParamSource::Kind kind = ParamSource::Kind::Constant;
  std::vector<uint16_t> values;
};

/// The bound queues of a region, in the order of the queues of its role.
using BoundQueues = std::vector<BoundQueue>;

/// What the size of a role is made of.
struct RoleSize {
  uint32_t instructions = 0;
  uint32_t paramHalfwords = 0;
};

/// A role, and what its tables and queues are called in the IR.
struct EmittedCode {
  Role role;
  /// Names of the parameters behind tables 0, 1, ... of a region.
  std::vector<std::string> rowTables;
  std::vector<std::string> columnTables;
  /// The first of rowTables that is a region parameter.
  size_t firstRegionParam = 0;
  std::vector<std::string> queues;
  /// The file that each queue got: how its color is stored in every region.
  std::vector<ParamSource::Kind> queueKinds;
};

/// The size of a role, allocated or not. Fails with a diagnostic where
/// registers or descriptor registers run out.
mlir::FailureOr<RoleSize> measureRole(wpe::RoleOp role);

/// Emits an allocated role (`wpe-allocate`). Its queues have ids and no colors
/// yet.
mlir::FailureOr<EmittedCode> emitRole(wpe::RoleOp role);

/// Sets the color sources of the queues of a role. A queue that is a constant
/// in one region and a table in another becomes a table in both; rows in one
/// and columns in another is an error. `regions` and `bound` go together.
mlir::LogicalResult bindRoleQueues(EmittedCode &code,
                                   llvm::ArrayRef<wpe::RegionOp> regions,
                                   llvm::ArrayRef<BoundQueues> bound);

/// Emits a region of a role whose queues are bound.
mlir::FailureOr<Region> emitRegion(wpe::RegionOp region,
                                   const EmittedCode &code, uint32_t roleIndex,
                                   const BoundQueues &bound);

/// Emits all roles and regions of a module, in order, behind those of `image`.
/// `bind` gives the colors of a region's queues.
using QueueBinder =
    llvm::function_ref<mlir::FailureOr<BoundQueues>(wpe::RegionOp region)>;
mlir::LogicalResult emitProgram(mlir::ModuleOp module, QueueBinder bind,
                                Image &image);

} // namespace wafer

#endif // WAFER_EMIT_EMIT_H
