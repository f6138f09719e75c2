// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- BytecodeVersion.h - Versions of dialects in bytecode -------*- C++
//-*-===//
//
// Every dialect writes its version, MAJOR.MINOR, into bytecode and refuses
// what a later version wrote. Attributes and types keep their textual form
// there. All dialects stand at their first version, so nothing is upgraded;
// each has a version log in its ODS.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SUPPORT_BYTECODEVERSION_H
#define WAFER_SUPPORT_BYTECODEVERSION_H

#include "mlir/Bytecode/BytecodeImplementation.h"

#include <utility>

namespace wafer {

/// The version that bytecode of a dialect was written with.
struct BytecodeVersion final : public mlir::DialectVersion {
  BytecodeVersion(uint64_t major, uint64_t minor)
      : major(major), minor(minor) {}
  uint64_t major;
  uint64_t minor;
};

/// Add to a dialect with addInterfaces<VersionedBytecode<MAJOR, MINOR>>().
template <uint64_t Major, uint64_t Minor>
class VersionedBytecode final : public mlir::BytecodeDialectInterface {
public:
  explicit VersionedBytecode(mlir::Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  void writeVersion(mlir::DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(Major);
    writer.writeVarInt(Minor);
  }

  std::unique_ptr<mlir::DialectVersion>
  readVersion(mlir::DialectBytecodeReader &reader) const override {
    uint64_t major, minor;
    if (mlir::failed(reader.readVarInt(major)) ||
        mlir::failed(reader.readVarInt(minor))) {
      return nullptr;
    }
    if (std::make_pair(major, minor) > std::make_pair(Major, Minor)) {
      reader.emitError() << "dialect '" << getDialect()->getNamespace()
                         << "' has version " << major << '.' << minor
                         << ", which is newer than the supported " << Major
                         << '.' << Minor;
      return nullptr;
    }
    return std::make_unique<BytecodeVersion>(major, minor);
  }
};

} // namespace wafer

#endif // WAFER_SUPPORT_BYTECODEVERSION_H
