// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ParamBlock.h - The parameter block of a role -------------*- C++ -*-===//
//
//   paramOffset          one halfword for each parameter that code reads
//   (next multiple of 4) descriptors of 16 bytes, equal ones shared
//
// The layout does not depend on addresses: a descriptor of memory is told from
// others by buffer and offset.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_EMIT_PARAMBLOCK_H
#define WAFER_LIB_EMIT_PARAMBLOCK_H

#include "wafer/Emit/Emit.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"

#include <map>

namespace wafer {

/// What the names of a role stand for.
class RoleNames {
public:
  explicit RoleNames(wpe::RoleOp role);

  /// The source of a parameter: a table of the region.
  ParamSource param(llvm::StringRef name) const { return params.lookup(name); }
  wpe::BufferOp buffer(llvm::StringRef name) const {
    return buffers.lookup(name);
  }
  wpe::QueueOp queue(llvm::StringRef name) const { return queues.lookup(name); }
  unsigned task(llvm::StringRef name) const { return tasks.lookup(name); }

  std::vector<std::string> rowTables;
  std::vector<std::string> columnTables;
  size_t firstRegionParam = 0;

private:
  llvm::DenseMap<llvm::StringRef, ParamSource> params;
  llvm::DenseMap<llvm::StringRef, wpe::BufferOp> buffers;
  llvm::DenseMap<llvm::StringRef, wpe::QueueOp> queues;
  llvm::DenseMap<llvm::StringRef, unsigned> tasks;
};

class ParamBlock {
public:
  ParamBlock(wpe::RoleOp role, const RoleNames &names);

  /// SRAM byte of a parameter that the code reads.
  uint32_t addressOf(wpe::ParamValueOp op) const;
  /// SRAM byte of the descriptor of `op`, which is added if it is new. Fails
  /// where its base does not fit 16 bits.
  mlir::FailureOr<uint32_t> addressOf(wpe::MemOp op);
  uint32_t addressOf(wpe::FabInOp op);
  uint32_t addressOf(wpe::FabOutOp op);

  std::vector<ParamSource> halfwords() const;
  std::vector<Label> labels() const;

private:
  struct Entry {
    /// Memory with a fixed base: the buffer and the offset in it.
    std::string buffer;
    int64_t offset = 0;
    std::array<ParamSource, Descriptor::kHalfwords> halfwords;
    std::string label;
  };
  uint32_t add(Entry entry);
  ParamSource sourceOf(mlir::Attribute size) const;
  uint32_t firstDescriptor() const;

  const RoleNames &names;
  uint32_t base = 0;
  /// Parameters that code reads, in order of their first use.
  llvm::MapVector<llvm::StringRef, uint32_t> scalars;
  std::vector<Entry> entries;
  std::map<std::string, uint32_t> index;
};

} // namespace wafer

#endif // WAFER_LIB_EMIT_PARAMBLOCK_H
