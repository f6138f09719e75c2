// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "WPEAssembly.h"

#include "mlir/Bytecode/BytecodeImplementation.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace wafer::wpe;

#include "wafer/WPE/WPEDialect.cpp.inc"
#include "wafer/WPE/WPEEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "wafer/WPE/WPEAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "wafer/WPE/WPETypes.cpp.inc"

namespace {
/// The version that the bytecode of this dialect was written with.
struct WPEVersion : DialectVersion {
  static constexpr uint64_t kMajor = 0;
  static constexpr uint64_t kMinor = 1;
  uint64_t major = kMajor;
  uint64_t minor = kMinor;
};

class WPEBytecode : public BytecodeDialectInterface {
public:
  explicit WPEBytecode(Dialect *dialect) : BytecodeDialectInterface(dialect) {}

  void writeVersion(DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(WPEVersion::kMajor);
    writer.writeVarInt(WPEVersion::kMinor);
  }
  std::unique_ptr<DialectVersion>
  readVersion(DialectBytecodeReader &reader) const override {
    auto version = std::make_unique<WPEVersion>();
    if (failed(reader.readVarInt(version->major)) ||
        failed(reader.readVarInt(version->minor))) {
      return nullptr;
    }
    if (version->major != WPEVersion::kMajor ||
        version->minor > WPEVersion::kMinor) {
      reader.emitError() << "wpe bytecode of version " << version->major << "."
                         << version->minor << " is newer than "
                         << WPEVersion::kMajor << "." << WPEVersion::kMinor
                         << " of this program";
      return nullptr;
    }
    return version;
  }
};
} // namespace

void WPEDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "wafer/WPE/WPETypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "wafer/WPE/WPEAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "wafer/WPE/WPEOps.cpp.inc"
      >();
  addInterfaces<WPEBytecode>();
}

Operation *WPEDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                           Type type, Location loc) {
  auto typed = dyn_cast<TypedAttr>(value);
  if (!typed || typed.getType() != type) {
    return nullptr;
  }
  return ConstantOp::create(builder, loc, typed);
}
