// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Code.h - Short words for writing the code of a role ------*- C++ -*-===//
//
// A thin layer over the builders of the wpe dialect, so that a lowering reads
// like the program that it makes. It keeps no state but the insertion point and
// the parameters that are held in registers.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_CONVERSION_DISTTOWPE_CODE_H
#define WAFER_LIB_CONVERSION_DISTTOWPE_CODE_H

#include "wafer/WPE/WPE.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

#include "llvm/ADT/StringMap.h"

#include <functional>
#include <string>

namespace wafer {

/// A number of elements: known now, or an i32 value at run time. A run-time
/// count is never zero where it is used (the caller guards).
struct Count {
  int64_t fixed = 0;
  mlir::Value dynamic;

  Count(int64_t n) : fixed(n) {}
  Count(mlir::Value v) : dynamic(v) {}
  wpe::Size size() const {
    return dynamic ? wpe::Size(dynamic) : wpe::Size(fixed);
  }
};

/// A place in a buffer of the role.
struct Place {
  std::string buffer;
  mlir::Type element;
  int64_t offset = 0;  // bytes
  mlir::Value dynamic; // bytes, added to offset; may be null
  /// Scalar access: the words of this f32 buffer are integers.
  bool bits = false;

  Place at(int64_t bytes) const {
    Place p = *this;
    p.offset += bytes;
    return p;
  }
  Place plus(mlir::Value bytes) const {
    Place p = *this;
    p.dynamic = bytes;
    return p;
  }
  Place as(mlir::Type type) const {
    Place p = *this;
    p.element = type;
    return p;
  }
};

class Code {
public:
  explicit Code(mlir::Location loc) : builder(loc, loc.getContext()) {}

  mlir::ImplicitLocOpBuilder builder;

  mlir::Type i16() { return builder.getIntegerType(16); }
  mlir::Type i32() { return builder.getI32Type(); }
  mlir::Type f16() { return builder.getF16Type(); }
  mlir::Type f32() { return builder.getF32Type(); }

  // Scalars.
  mlir::Value constant(int32_t value) {
    return wpe::ConstantOp::create(builder, value);
  }
  mlir::Value constant(float value) {
    return wpe::ConstantOp::create(builder, value);
  }
  /// A binary16 constant by its bits.
  mlir::Value halfConstant(uint16_t bits);
  /// A parameter of the core; from its register where it is held.
  mlir::Value param(llvm::StringRef name);
  /// Reads parameters once, for all code that follows in this block.
  void hold(llvm::ArrayRef<llvm::StringRef> names);
  mlir::Value add(mlir::Value a, mlir::Value b) {
    return wpe::AddOp::create(builder, a, b);
  }
  mlir::Value add(mlir::Value a, int32_t b) { return add(a, constant(b)); }
  mlir::Value sub(mlir::Value a, mlir::Value b) {
    return wpe::SubOp::create(builder, a, b);
  }
  mlir::Value mul(mlir::Value a, int32_t b);
  mlir::Value shl(mlir::Value a, int32_t b) {
    return wpe::ShlOp::create(builder, a, constant(b));
  }
  /// The element at a place. A place read as i32 in a buffer of f32 gives the
  /// bits of the word; `as` says how a place is read.
  mlir::Value load(const Place &place);
  void store(mlir::Value value, const Place &place);

  // Vector operands and instructions.
  mlir::Value mem(const Place &place, Count extent, int64_t stride = 1,
                  bool save = false);
  /// `rows` times `extent` elements; element (r, i) is at r * rowStride + i *
  /// stride.
  mlir::Value mem2d(const Place &place, Count extent, int64_t stride,
                    int64_t rows, int64_t rowStride);
  /// A row of `extent` neighbours; the descriptor steps to the next row, `row`
  /// elements on, by itself.
  mlir::Value row(const Place &place, int64_t extent, int64_t row);
  /// Elements of two bytes travel two to a word.
  mlir::Value fabricIn(llvm::StringRef queue, Count extent, mlir::Type element);
  mlir::Value fabricOut(llvm::StringRef queue, Count extent,
                        mlir::Type element);
  void vec(llvm::StringRef mnemonic, mlir::Value dest, mlir::Value src0 = {},
           mlir::Value src1 = {}, mlir::Value scalar = {});
  /// dest = 0 for `extent` elements.
  void clear(const Place &place, Count extent);

  // Control.
  using Body = std::function<void()>;
  void forever(const Body &body);
  void loop(mlir::Value count, const std::function<void(mlir::Value)> &body,
            bool nonzero = false);
  void loop(int64_t count, const std::function<void(mlir::Value)> &body);
  void when(wpe::Predicate predicate, mlir::Value a, mlir::Value b,
            const Body &then, const Body &otherwise = {});
  void whenSet(llvm::StringRef param, const Body &then,
               const Body &otherwise = {});

private:
  llvm::StringMap<mlir::Value> held;
};

} // namespace wafer

#endif // WAFER_LIB_CONVERSION_DISTTOWPE_CODE_H
