// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WGraphDialect.cpp - Registration and bytecode version --------------===//
#include "wafer/WGraph/WGraph.h"

#include "mlir/Bytecode/BytecodeImplementation.h"

using namespace wafer;
using namespace wafer::wgraph;

#include "wafer/WGraph/WGraphDialect.cpp.inc"

namespace {

struct Version final : public mlir::DialectVersion {
  Version(uint64_t major, uint64_t minor) : major(major), minor(minor) {}
  uint64_t major;
  uint64_t minor;
};

/// Attributes and types keep their textual form inside bytecode; the version
/// is what lets a later release tell how to read it.
class WGraphBytecode final : public mlir::BytecodeDialectInterface {
public:
  explicit WGraphBytecode(mlir::Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  void writeVersion(mlir::DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(kVersionMajor);
    writer.writeVarInt(kVersionMinor);
  }

  std::unique_ptr<mlir::DialectVersion>
  readVersion(mlir::DialectBytecodeReader &reader) const override {
    uint64_t major, minor;
    if (failed(reader.readVarInt(major)) || failed(reader.readVarInt(minor))) {
      return nullptr;
    }
    if (std::make_pair(major, minor) >
        std::make_pair(kVersionMajor, kVersionMinor)) {
      reader.emitError("dialect 'wgraph' has version ")
          << major << '.' << minor << ", which is newer than the supported "
          << kVersionMajor << '.' << kVersionMinor;
      return nullptr;
    }
    return std::make_unique<Version>(major, minor);
  }

  LogicalResult
  upgradeFromVersion(Operation *, const mlir::DialectVersion &) const override {
    // 0.1 is the first version: there is nothing older to upgrade.
    return success();
  }
};

} // namespace

void WGraphDialect::registerBytecode() { addInterfaces<WGraphBytecode>(); }

void WGraphDialect::initialize() {
  registerAttributes();
  registerBytecode();
  addOperations<
#define GET_OP_LIST
#include "wafer/WGraph/WGraphOps.cpp.inc"
      >();
}
