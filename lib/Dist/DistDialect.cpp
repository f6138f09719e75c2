// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Dist/Dist.h"

#include "mlir/Bytecode/BytecodeImplementation.h"

using namespace mlir;
using namespace wafer::dist;

#include "wafer/Dist/DistDialect.cpp.inc"

namespace {
/// Version of the bytecode form: major * 1000 + minor.
struct DistVersion : public DialectVersion {
  explicit DistVersion(uint64_t value) : value(value) {}
  uint64_t value;
};
constexpr uint64_t kCurrentVersion = 1;

struct DistBytecodeInterface : public BytecodeDialectInterface {
  DistBytecodeInterface(Dialect *dialect) : BytecodeDialectInterface(dialect) {}

  void writeVersion(DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(kCurrentVersion);
  }
  std::unique_ptr<DialectVersion>
  readVersion(DialectBytecodeReader &reader) const override {
    uint64_t value;
    if (failed(reader.readVarInt(value))) {
      return nullptr;
    }
    if (value > kCurrentVersion) {
      reader.emitError() << "wafer dialect version " << value
                         << " is newer than this tool's version "
                         << kCurrentVersion;
      return nullptr;
    }
    return std::make_unique<DistVersion>(value);
  }
};
} // namespace

void DistDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "wafer/Dist/DistOps.cpp.inc"
      >();
  addInterfaces<DistBytecodeInterface>();
}
