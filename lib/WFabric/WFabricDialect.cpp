// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WFabricDialect.cpp - Registration and bytecode version
//--------------===//
#include "wafer/WFabric/WFabric.h"

#include "mlir/Bytecode/BytecodeImplementation.h"

using namespace wafer::wfabric;

#include "wafer/WFabric/WFabricDialect.cpp.inc"

namespace {
struct Version final : public mlir::DialectVersion {
  Version(uint64_t major, uint64_t minor) : major(major), minor(minor) {}
  uint64_t major;
  uint64_t minor;
};

/// Attributes keep their textual form inside bytecode; the version tells a
/// later release how to read it.
class WFabricBytecode final : public mlir::BytecodeDialectInterface {
public:
  explicit WFabricBytecode(mlir::Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  void writeVersion(mlir::DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(kVersionMajor);
    writer.writeVarInt(kVersionMinor);
  }

  std::unique_ptr<mlir::DialectVersion>
  readVersion(mlir::DialectBytecodeReader &reader) const override {
    uint64_t major, minor;
    if (mlir::failed(reader.readVarInt(major)) ||
        mlir::failed(reader.readVarInt(minor))) {
      return nullptr;
    }
    if (std::make_pair(major, minor) >
        std::make_pair(kVersionMajor, kVersionMinor)) {
      reader.emitError("dialect 'wfabric' has version ")
          << major << '.' << minor << ", which is newer than the supported "
          << kVersionMajor << '.' << kVersionMinor;
      return nullptr;
    }
    return std::make_unique<Version>(major, minor);
  }

  mlir::LogicalResult
  upgradeFromVersion(mlir::Operation *,
                     const mlir::DialectVersion &) const override {
    // 0.1 is the first version: there is nothing older to upgrade.
    return mlir::success();
  }
};
} // namespace

void WFabricDialect::registerBytecode() { addInterfaces<WFabricBytecode>(); }

void WFabricDialect::initialize() {
  registerAttributes();
  registerBytecode();
  addOperations<
#define GET_OP_LIST
#include "wafer/WFabric/WFabricOps.cpp.inc"
      >();
}
