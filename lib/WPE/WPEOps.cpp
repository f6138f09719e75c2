// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builders and queries of the operations.
#include "WPEAssembly.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::wpe;

#define GET_OP_CLASSES
#include "wafer/WPE/WPEOps.cpp.inc"

using BodyBuilder = llvm::function_ref<void(OpBuilder &, Location)>;

bool wpe::isElementType(Type type) {
  return type.isInteger(16) || type.isInteger(32) || type.isF16() ||
         type.isF32();
}

unsigned wpe::elementBytes(Type type) {
  return type.getIntOrFloatBitWidth() / 8;
}

Attribute Size::attribute(MLIRContext *context) const {
  if (const int64_t *number = std::get_if<int64_t>(&storage)) {
    return IntegerAttr::get(IntegerType::get(context, 64), *number);
  }
  if (const std::string *name = std::get_if<std::string>(&storage)) {
    return FlatSymbolRefAttr::get(context, *name);
  }
  return {};
}

/// Adds a block to a region of the operation under construction and lets `body`
/// fill it.
static void fillRegion(OpBuilder &builder, OperationState &state,
                       BodyBuilder body) {
  Region *region = state.addRegion();
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(region);
  if (body) {
    body(builder, state.location);
  }
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

void RoleOp::build(OpBuilder &builder, OperationState &state, StringRef name) {
  state.getOrAddProperties<Properties>().sym_name = builder.getStringAttr(name);
  fillRegion(builder, state, nullptr);
}

void BufferOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                     int64_t size, Type element, wpe::BufferKind kind) {
  build(builder, state, builder.getStringAttr(name),
        builder.getI64IntegerAttr(size), TypeAttr::get(element),
        BufferKindAttr::get(builder.getContext(), kind), IntegerAttr(),
        IntegerAttr(), IntegerAttr());
}

int64_t BufferOp::getBytes() { return getSize() * elementBytes(getElement()); }

void QueueOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                    QueueDirection direction, ArrayRef<StringRef> streams) {
  SmallVector<Attribute> names;
  for (StringRef stream : streams) {
    names.push_back(FlatSymbolRefAttr::get(builder.getContext(), stream));
  }
  build(builder, state, builder.getStringAttr(name),
        QueueDirectionAttr::get(builder.getContext(), direction),
        builder.getArrayAttr(names), IntegerAttr());
}

void FuncOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                   BodyBuilder body) {
  state.getOrAddProperties<Properties>().sym_name = builder.getStringAttr(name);
  fillRegion(builder, state, body);
}

void TaskOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                   bool active, BodyBuilder body) {
  auto &properties = state.getOrAddProperties<Properties>();
  properties.sym_name = builder.getStringAttr(name);
  if (active) {
    properties.active = builder.getUnitAttr();
  }
  fillRegion(builder, state, body);
}

void RegionOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                     StringRef role, int64_t x, int64_t y, int64_t width,
                     int64_t height, ArrayRef<NamedAttribute> rows,
                     ArrayRef<NamedAttribute> columns,
                     ArrayRef<NamedAttribute> values) {
  build(builder, state, name, role, uint64_t(x), uint64_t(y), uint64_t(width),
        uint64_t(height), builder.getDictionaryAttr(rows),
        builder.getDictionaryAttr(columns), builder.getDictionaryAttr(values));
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

void ForeverOp::build(OpBuilder &builder, OperationState &state,
                      BodyBuilder body) {
  fillRegion(builder, state, body);
}

void LoopOp::build(OpBuilder &builder, OperationState &state, Value count,
                   llvm::function_ref<void(OpBuilder &, Location, Value)> body,
                   bool nonzero) {
  state.addOperands(count);
  if (nonzero) {
    state.getOrAddProperties<Properties>().nonzero = builder.getUnitAttr();
  }
  Region *region = state.addRegion();
  OpBuilder::InsertionGuard guard(builder);
  Block *block =
      builder.createBlock(region, {}, {builder.getI32Type()}, {state.location});
  if (body) {
    body(builder, state.location, block->getArgument(0));
  }
}

Value LoopOp::getCounter() {
  Block &block = getBody().front();
  return block.getNumArguments() ? Value(block.getArgument(0)) : Value();
}

void IfOp::build(OpBuilder &builder, OperationState &state, Predicate predicate,
                 Value lhs, Value rhs, BodyBuilder thenBody,
                 BodyBuilder elseBody) {
  state.addOperands({lhs, rhs});
  state.getOrAddProperties<Properties>().predicate =
      PredicateAttr::get(builder.getContext(), predicate);
  fillRegion(builder, state, thenBody);
  if (elseBody) {
    fillRegion(builder, state, elseBody);
  } else {
    state.addRegion();
  }
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

void ConstantOp::build(OpBuilder &builder, OperationState &state,
                       int32_t value) {
  build(builder, state, builder.getI32IntegerAttr(value));
}

void ConstantOp::build(OpBuilder &builder, OperationState &state, float value) {
  build(builder, state, builder.getF32FloatAttr(value));
}

uint32_t ConstantOp::getBits() {
  if (auto number = dyn_cast<IntegerAttr>(getValue())) {
    return uint32_t(number.getValue().getZExtValue());
  }
  return uint32_t(
      cast<FloatAttr>(getValue()).getValue().bitcastToAPInt().getZExtValue());
}

//===----------------------------------------------------------------------===//
// Vectors
//===----------------------------------------------------------------------===//

void MemOp::build(OpBuilder &builder, OperationState &state, StringRef buffer,
                  Type element, const MemShape &shape) {
  MLIRContext *context = builder.getContext();
  auto attribute = [&](const std::optional<Size> &size) {
    return size ? size->attribute(context) : Attribute();
  };
  build(builder, state, DsdType::get(context),
        FlatSymbolRefAttr::get(context, buffer), shape.offset,
        builder.getI64IntegerAttr(shape.staticOffset), shape.extent.value(),
        shape.extent.attribute(context), shape.stride.attribute(context),
        attribute(shape.extent1), attribute(shape.stride1),
        TypeAttr::get(element),
        shape.save ? builder.getUnitAttr() : UnitAttr());
}

void FabInOp::build(OpBuilder &builder, OperationState &state, StringRef queue,
                    Type element, Size extent, bool packed) {
  MLIRContext *context = builder.getContext();
  build(builder, state, DsdType::get(context),
        FlatSymbolRefAttr::get(context, queue), extent.value(),
        extent.attribute(context), TypeAttr::get(element),
        packed ? builder.getUnitAttr() : UnitAttr());
}

void FabOutOp::build(OpBuilder &builder, OperationState &state, StringRef queue,
                     Type element, Size extent, bool packed, bool advanceSwitch,
                     bool control) {
  MLIRContext *context = builder.getContext();
  auto flag = [&](bool set) {
    return set ? builder.getUnitAttr() : UnitAttr();
  };
  build(builder, state, DsdType::get(context),
        FlatSymbolRefAttr::get(context, queue), extent.value(),
        extent.attribute(context), TypeAttr::get(element), flag(packed),
        flag(control), flag(advanceSwitch));
}

template <typename OpTy>
static void buildVector(OpBuilder &builder, OperationState &state,
                        StringRef mnemonic, Value dest, Value src0, Value src1,
                        Value scalar) {
  auto &properties = state.getOrAddProperties<typename OpTy::Properties>();
  properties.mnemonic = builder.getStringAttr(mnemonic);
  properties.operandSegmentSizes = {1, int32_t(bool(src0)), int32_t(bool(src1)),
                                    int32_t(bool(scalar))};
  for (Value operand : {dest, src0, src1, scalar}) {
    if (operand) {
      state.addOperands(operand);
    }
  }
}

void VecOp::build(OpBuilder &builder, OperationState &state, StringRef mnemonic,
                  Value dest, Value src0, Value src1, Value scalar) {
  buildVector<VecOp>(builder, state, mnemonic, dest, src0, src1, scalar);
}

Opcode VecOp::getOpcode() {
  return *parseMnemonic(std::string_view(getMnemonic()));
}

void VecAsyncOp::build(OpBuilder &builder, OperationState &state,
                       StringRef mnemonic, int64_t microthread,
                       StringRef activate, Value dest, Value src0, Value src1,
                       Value scalar) {
  buildVector<VecAsyncOp>(builder, state, mnemonic, dest, src0, src1, scalar);
  auto &properties = state.getOrAddProperties<Properties>();
  properties.microthread = builder.getI64IntegerAttr(microthread);
  if (!activate.empty()) {
    properties.activate =
        FlatSymbolRefAttr::get(builder.getContext(), activate);
  }
}

Opcode VecAsyncOp::getOpcode() {
  return *parseMnemonic(std::string_view(getMnemonic()));
}
