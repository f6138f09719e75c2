// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Liveness.h - Where values of structured code end ---------*- C++ -*-===//
//
// Code without block arguments (apart from loop counters) needs no dataflow:
// a value lives from its definition to its last use in textual order, and if
// that use lies in a loop which the definition does not, to the end of the
// outermost such loop.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_EMIT_LIVENESS_H
#define WAFER_LIB_EMIT_LIVENESS_H

#include "wafer/WPE/WPE.h"

#include "llvm/ADT/DenseMap.h"

namespace wafer {

/// The value whose register `value` has: what a chain of bitcasts began with.
mlir::Value rootOf(mlir::Value value);

/// The 32 bits of a constant, through bitcasts.
std::optional<uint32_t> constantBits(mlir::Value value);

/// Whether this use of a constant needs no register, because the instruction
/// takes it as an immediate.
bool isImmediateUse(mlir::OpOperand &use);

/// Whether a value has to be in a register at all.
bool needsRegister(mlir::Value value);

class Liveness {
public:
  /// Numbers the operations of a task or subroutine.
  explicit Liveness(mlir::Block &body);

  unsigned begin(mlir::Operation *op) const {
    return positions.lookup(op).first;
  }
  /// After the body of an operation with regions; else begin.
  unsigned end(mlir::Operation *op) const {
    return positions.lookup(op).second;
  }
  /// The values whose register is free from `position` on, in order of
  /// definition.
  llvm::ArrayRef<mlir::Value> deathsAt(unsigned position) const {
    return deaths[position];
  }
  /// The last use of a value; its definition where there is none.
  unsigned lastUse(mlir::Value value) const { return ends.lookup(value); }

private:
  void number(mlir::Block &block);
  unsigned endOf(mlir::Value value) const;
  void record(mlir::Value value);

  llvm::DenseMap<mlir::Operation *, std::pair<unsigned, unsigned>> positions;
  llvm::DenseMap<mlir::Value, unsigned> ends;
  std::vector<std::vector<mlir::Value>> deaths;
  unsigned next = 0;
};

} // namespace wafer

#endif // WAFER_LIB_EMIT_LIVENESS_H
