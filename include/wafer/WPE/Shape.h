// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Shape.h - How descriptors are described to builders ------*- C++ -*-===//
//
// The arguments of the builders of `wpe.mem`, `wpe.fabin` and `wpe.fabout`.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_WPE_SHAPE_H
#define WAFER_WPE_SHAPE_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>
#include <type_traits>
#include <variant>

namespace wafer::wpe {

/// An extent or a stride: a number, a parameter of the role (by name), or,
/// for the inner extent alone, an i32 value.
class Size {
public:
  template <typename T, std::enable_if_t<std::is_integral_v<T>, int> = 0>
  Size(T number) : storage(int64_t(number)) {}
  Size(llvm::StringRef param) : storage(param.str()) {}
  Size(const char *param) : storage(std::string(param)) {}
  Size(const std::string &param) : storage(param) {}
  Size(mlir::Value value) : storage(value) {}

  /// The value; null for a number or a parameter.
  mlir::Value value() const {
    const mlir::Value *v = std::get_if<mlir::Value>(&storage);
    return v ? *v : mlir::Value();
  }
  /// The number or parameter as an attribute; null for a value.
  mlir::Attribute attribute(mlir::MLIRContext *context) const;

private:
  std::variant<int64_t, std::string, mlir::Value> storage;
};

/// What `wpe.mem` covers. Offsets are bytes, strides are elements.
struct MemShape {
  Size extent = 1;
  Size stride = 1;
  std::optional<Size> extent1;
  std::optional<Size> stride1;
  mlir::Value offset;
  int64_t staticOffset = 0;
  bool save = false;
};

} // namespace wafer::wpe

#endif // WAFER_WPE_SHAPE_H
