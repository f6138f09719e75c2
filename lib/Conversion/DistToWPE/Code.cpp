// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Code.h"

using namespace mlir;
using namespace wafer;

mlir::Value Code::param(StringRef name) {
  if (mlir::Value value = held.lookup(name)) {
    return value;
  }
  return wpe::ParamValueOp::create(builder, i32(), name);
}

mlir::Value Code::halfConstant(uint16_t bits) {
  llvm::APFloat value(llvm::APFloat::IEEEhalf(), llvm::APInt(16, bits));
  return wpe::ConstantOp::create(builder, builder.getFloatAttr(f16(), value));
}

void Code::hold(ArrayRef<StringRef> names) {
  for (StringRef name : names) {
    held[name] = param(name);
  }
}

mlir::Value Code::mul(mlir::Value a, int32_t b) {
  if (b > 0 && (b & (b - 1)) == 0) {
    return b == 1 ? a : shl(a, int32_t(llvm::Log2_32(uint32_t(b))));
  }
  return wpe::MulOp::create(builder, a, constant(b));
}

mlir::Value Code::load(const Place &place) {
  Type result = place.bits                  ? f32()
                : place.element.isInteger() ? i32()
                                            : place.element;
  mlir::Value value = wpe::LoadOp::create(builder, result, place.buffer,
                                          place.dynamic, place.offset,
                                          /*sign_extend=*/false);
  return place.bits ? wpe::BitcastOp::create(builder, i32(), value) : value;
}

void Code::store(mlir::Value value, const Place &place) {
  if (place.bits) {
    value = wpe::BitcastOp::create(builder, f32(), value);
  }
  wpe::StoreOp::create(builder, value, place.buffer, place.dynamic,
                       place.offset);
}

mlir::Value Code::mem(const Place &place, Count extent, int64_t stride,
                      bool save) {
  wpe::MemShape shape;
  shape.extent = extent.size();
  shape.stride = stride;
  shape.offset = place.dynamic;
  shape.staticOffset = place.offset;
  shape.save = save;
  return wpe::MemOp::create(builder, place.buffer, place.element, shape);
}

mlir::Value Code::mem2d(const Place &place, Count extent, int64_t stride,
                        int64_t rows, int64_t rowStride) {
  wpe::MemShape shape;
  shape.extent = extent.size();
  shape.stride = stride;
  shape.extent1 = wpe::Size(rows);
  shape.stride1 = wpe::Size(rowStride);
  shape.offset = place.dynamic;
  shape.staticOffset = place.offset;
  return wpe::MemOp::create(builder, place.buffer, place.element, shape);
}

mlir::Value Code::row(const Place &place, int64_t extent, int64_t row) {
  if (row == extent) {
    return mem(place, extent, 1, /*save=*/true);
  }
  wpe::MemShape shape;
  shape.extent = extent;
  shape.stride = 1;
  shape.extent1 = wpe::Size(1);
  shape.stride1 = wpe::Size(row);
  shape.offset = place.dynamic;
  shape.staticOffset = place.offset;
  shape.save = true;
  return wpe::MemOp::create(builder, place.buffer, place.element, shape);
}

mlir::Value Code::fabricIn(StringRef queue, Count extent, Type element) {
  return wpe::FabInOp::create(builder, queue, element, extent.size(),
                              /*packed=*/wpe::elementBytes(element) == 2);
}

mlir::Value Code::fabricOut(StringRef queue, Count extent, Type element) {
  return wpe::FabOutOp::create(builder, queue, element, extent.size(),
                               /*packed=*/wpe::elementBytes(element) == 2);
}

void Code::vec(StringRef mnemonic, mlir::Value dest, mlir::Value src0,
               mlir::Value src1, mlir::Value scalar) {
  wpe::VecOp::create(builder, mnemonic, dest, src0, src1, scalar);
}

void Code::clear(const Place &place, Count extent) {
  bool wide = wpe::elementBytes(place.element) == 4;
  vec(wide ? "mov32" : "mov16", mem(place, extent), {}, {}, constant(0));
}

void Code::forever(const Body &body) {
  wpe::ForeverOp::create(builder, [&](OpBuilder &inner, Location) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(inner.getInsertionBlock(),
                              inner.getInsertionPoint());
    body();
  });
}

void Code::loop(mlir::Value count, const std::function<void(mlir::Value)> &body,
                bool nonzero) {
  wpe::LoopOp::create(
      builder, count,
      [&](OpBuilder &inner, Location, mlir::Value counter) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPoint(inner.getInsertionBlock(),
                                  inner.getInsertionPoint());
        body(counter);
      },
      nonzero);
}

void Code::loop(int64_t count, const std::function<void(mlir::Value)> &body) {
  loop(constant(int32_t(count)), body, count > 0);
}

void Code::when(wpe::Predicate predicate, mlir::Value a, mlir::Value b,
                const Body &then, const Body &otherwise) {
  auto enter = [&](const Body &body) {
    return [&](OpBuilder &inner, Location) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(inner.getInsertionBlock(),
                                inner.getInsertionPoint());
      body();
    };
  };
  auto thenBody = enter(then);
  if (otherwise) {
    auto elseBody = enter(otherwise);
    wpe::IfOp::create(builder, predicate, a, b, thenBody, elseBody);
  } else {
    wpe::IfOp::create(builder, predicate, a, b, thenBody);
  }
}

void Code::whenSet(StringRef name, const Body &then, const Body &otherwise) {
  when(wpe::Predicate::Ne, param(name), constant(0), then, otherwise);
}
