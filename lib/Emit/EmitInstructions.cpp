// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalars, memory and vector instructions of a role.
#include "RoleEmitter.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::wpe;

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

LogicalResult RoleEmitter::emitConstant(ConstantOp op) {
  if (!needsRegister(op.getResult())) {
    return success();
  }
  ScalarContent content;
  content.kind = ScalarContent::Kind::Constant;
  content.value = op.getBits();
  return knownRegister(op, content, [&](uint8_t reg) {
    append(Opcode::LoadImm, reg, 0, 0, op.getBits());
  });
}

/// The instruction of a cast.
static Opcode opcodeOf(CastOp op) {
  Type from = op.getInput().getType();
  if (from.isF16()) {
    return Opcode::HToF;
  }
  if (from.isInteger(32)) {
    return Opcode::IToF;
  }
  return op.getResult().getType().isF16() ? Opcode::FToH : Opcode::FToI;
}

LogicalResult RoleEmitter::emitParam(ParamValueOp op) {
  ScalarContent content;
  content.kind = ScalarContent::Kind::Param;
  content.name = op.getParam();
  return knownRegister(op, content, [&](uint8_t reg) {
    append(Opcode::LoadHalf, reg, 0, 0, block.addressOf(op));
  });
}

LogicalResult RoleEmitter::emitSimple(Operation *op) {
  uint8_t input = isa<CastOp>(op) ? registerOf(op->getOperand(0)) : uint8_t(0);
  FailureOr<uint8_t> reg = resultRegister(op);
  if (failed(reg)) {
    return failure();
  }
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](CastOp o) { append(opcodeOf(o), *reg, input); })
      .Case([&](ClockOp) { append(Opcode::ReadClock, *reg); });
  return success();
}

/// The instruction of a binary operation.
static Opcode binaryOpcode(Operation *op) {
  return llvm::TypeSwitch<Operation *, Opcode>(op)
      .Case([](AddOp) { return Opcode::Add; })
      .Case([](SubOp) { return Opcode::Sub; })
      .Case([](MulOp) { return Opcode::Mul; })
      .Case([](AndOp) { return Opcode::And; })
      .Case([](OrOp) { return Opcode::Or; })
      .Case([](XorOp) { return Opcode::Xor; })
      .Case([](ShlOp) { return Opcode::Shl; })
      .Case([](ShrOp) { return Opcode::Shr; })
      .Case([](SarOp) { return Opcode::Sar; })
      .Case([](MinOp) { return Opcode::Min; })
      .Case([](MaxOp) { return Opcode::Max; })
      .Case([](FAddOp) { return Opcode::FAdd; })
      .Case([](FSubOp) { return Opcode::FSub; })
      .Case([](FMulOp) { return Opcode::FMul; })
      .Case([](FDivOp) { return Opcode::FDiv; })
      .Case([](FMaxOp) { return Opcode::FMax; })
      .Case([](FMinOp) { return Opcode::FMin; });
}

/// The form of an instruction with an immediate right operand; a difference
/// becomes a sum with the negated constant.
static std::optional<Opcode> immediateOpcode(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<Opcode>>(op)
      .Case<AddOp, SubOp>([](Operation *) { return Opcode::AddImm; })
      .Case([](AndOp) { return Opcode::AndImm; })
      .Case([](ShlOp) { return Opcode::ShlImm; })
      .Case([](ShrOp) { return Opcode::ShrImm; })
      .Case([](SarOp) { return Opcode::SarImm; })
      .Default([](Operation *) { return std::nullopt; });
}

LogicalResult RoleEmitter::emitBinary(Operation *op) {
  std::optional<Opcode> immediate = immediateOpcode(op);
  for (OpOperand &use : op->getOpOperands()) {
    std::optional<uint32_t> bits = constantBits(use.get());
    if (!immediate || !bits || !isImmediateUse(use)) {
      continue;
    }
    uint8_t other = registerOf(op->getOperand(1 - use.getOperandNumber()));
    FailureOr<uint8_t> reg = resultRegister(op);
    if (failed(reg)) {
      return failure();
    }
    append(*immediate, *reg, other, 0, isa<SubOp>(op) ? 0 - *bits : *bits);
    return success();
  }
  uint8_t lhs = registerOf(op->getOperand(0));
  uint8_t rhs = registerOf(op->getOperand(1));
  FailureOr<uint8_t> reg = resultRegister(op);
  if (failed(reg)) {
    return failure();
  }
  append(binaryOpcode(op), *reg, lhs, rhs);
  return success();
}

/// Register and immediate of an address; a constant index joins the immediate.
template <typename AccessOp>
static std::pair<Value, uint32_t> splitAddress(AccessOp op, uint32_t base) {
  uint32_t imm = base + uint32_t(op.getOffset());
  Value index = op.getIndex();
  if (index) {
    if (std::optional<uint32_t> bits = constantBits(index)) {
      return {Value(), imm + *bits};
    }
  }
  return {index, imm};
}

LogicalResult RoleEmitter::emitLoad(LoadOp op) {
  auto [index, imm] = splitAddress(op, bufferBase(op.getBuffer()));
  uint8_t base = index ? registerOf(index) : uint8_t(0);
  FailureOr<uint8_t> reg = resultRegister(op);
  if (failed(reg)) {
    return failure();
  }
  Opcode opcode = Opcode::LoadWord;
  if (elementBytes(names.buffer(op.getBuffer()).getElement()) == 2) {
    opcode = op.getSignExtend() ? Opcode::LoadHalfSigned : Opcode::LoadHalf;
  }
  append(opcode, *reg, base, 0, imm);
  return success();
}

LogicalResult RoleEmitter::emitStore(StoreOp op) {
  auto [index, imm] = splitAddress(op, bufferBase(op.getBuffer()));
  bool isHalf = elementBytes(names.buffer(op.getBuffer()).getElement()) == 2;
  append(isHalf ? Opcode::StoreHalf : Opcode::StoreWord,
         registerOf(op.getValue()), index ? registerOf(index) : uint8_t(0), 0,
         imm);
  return success();
}

//===----------------------------------------------------------------------===//
// Descriptors
//===----------------------------------------------------------------------===//

/// Takes the registers that the uses of a descriptor ask for and fills those
/// that do not hold it yet.
LogicalResult RoleEmitter::placeDsrs(Operation *op, const DsrContent &wanted,
                                     bool steps) {
  Value descriptor = op->getResult(0);
  bool isDest = false;
  bool isSrc0 = false;
  bool isSrc1 = false;
  for (OpOperand &use : descriptor.getUses()) {
    llvm::TypeSwitch<Operation *>(use.getOwner())
        .Case<VecOp, VecAsyncOp>([&](auto vec) {
          isDest |= vec.getDest() == descriptor;
          isSrc0 |= vec.getSrc0() == descriptor;
          isSrc1 |= vec.getSrc1() == descriptor;
        });
  }
  DsrPlace place;
  SmallVector<uint8_t, 2> places;
  if (isDest || isSrc0) {
    DsrFile first = isSrc0 ? DsrFile::Src0 : DsrFile::Dest;
    DsrFile second = isSrc0 ? DsrFile::Dest : DsrFile::Src0;
    FailureOr<uint8_t> dsr = takeDsr(op, wanted, steps, first, second);
    if (failed(dsr)) {
      return failure();
    }
    places.push_back(place.main = *dsr);
  }
  if (isSrc1) {
    FailureOr<uint8_t> dsr =
        takeDsr(op, wanted, steps, DsrFile::Src1, std::nullopt);
    if (failed(dsr)) {
      return failure();
    }
    places.push_back(place.src1 = *dsr);
  }
  dsrs[descriptor] = place;
  return fillDsrs(op, wanted, steps, places);
}

/// Loads and sets what `places` lack of `wanted`.
LogicalResult RoleEmitter::fillDsrs(Operation *op, const DsrContent &wanted,
                                    bool steps, ArrayRef<uint8_t> places) {
  for (uint8_t dsr : places) {
    if (steps || !dsrFile[dsr].canBecome(wanted)) {
      append(Opcode::DsrLoad, dsr, 0, 0, *wanted.address);
      DsrContent loaded;
      loaded.address = wanted.address;
      dsrFile.set(dsr, loaded);
    }
  }
  // The extent first: the register of the offset may be reused for the base.
  for (uint8_t dsr : places) {
    if (dsrFile[dsr].extent != wanted.extent) {
      append(Opcode::DsrLength, dsr, registerOf(wanted.extent));
    }
  }
  if (failed(setBases(op, wanted, places))) {
    return failure();
  }
  for (uint8_t dsr : places) {
    // The base moves with every instruction.
    dsrFile.set(dsr, steps ? DsrContent() : wanted);
  }
  return success();
}

LogicalResult RoleEmitter::setBases(Operation *op, const DsrContent &wanted,
                                    ArrayRef<uint8_t> places) {
  SmallVector<uint8_t, 2> others;
  for (uint8_t dsr : places) {
    if (!dsrFile[dsr].hasBaseOf(wanted)) {
      others.push_back(dsr);
    }
  }
  if (others.empty()) {
    return success();
  }
  FailureOr<uint8_t> reg;
  if (!wanted.offset) {
    ScalarContent content;
    content.kind = ScalarContent::Kind::Address;
    content.name = wanted.buffer;
    content.value = wanted.byte;
    reg = addressRegister(op, content);
  } else {
    uint8_t offset = registerOf(wanted.offset);
    release(liveness->begin(op));
    reg = takeRegister(op, op->getResult(0));
    if (succeeded(reg)) {
      append(Opcode::AddImm, *reg, offset, 0,
             bufferBase(wanted.buffer) + wanted.byte);
      registerFile.give(*reg);
    }
  }
  if (failed(reg)) {
    return failure();
  }
  for (uint8_t dsr : others) {
    append(Opcode::DsrBase, dsr, *reg);
  }
  return success();
}

LogicalResult RoleEmitter::emitMem(MemOp op) {
  FailureOr<uint32_t> address = block.addressOf(op);
  if (failed(address)) {
    return failure();
  }
  DsrContent wanted;
  wanted.address = *address;
  wanted.extent =
      op.getDynamicExtent() ? rootOf(op.getDynamicExtent()) : Value();
  if (Value offset = op.getOffset()) {
    wanted.isBaseSet = true;
    wanted.buffer = op.getBuffer();
    wanted.byte = uint32_t(op.getStaticOffset());
    if (std::optional<uint32_t> bits = constantBits(offset)) {
      wanted.byte += *bits;
    } else {
      wanted.offset = rootOf(offset);
    }
  }
  return placeDsrs(op, wanted, op.getSave());
}

template <typename FabricOp>
LogicalResult RoleEmitter::emitFabric(FabricOp op) {
  DsrContent wanted;
  wanted.address = block.addressOf(op);
  wanted.extent =
      op.getDynamicExtent() ? rootOf(op.getDynamicExtent()) : Value();
  return placeDsrs(op, wanted);
}
template LogicalResult RoleEmitter::emitFabric(FabInOp op);
template LogicalResult RoleEmitter::emitFabric(FabOutOp op);

//===----------------------------------------------------------------------===//
// Vector instructions
//===----------------------------------------------------------------------===//

template <typename VectorOp>
void RoleEmitter::emitVector(VectorOp op, VectorFields fields) {
  uint8_t src0 = uint8_t(kNoOperand);
  uint8_t src1 = uint8_t(kNoOperand);
  if (Value value = op.getSrc0()) {
    src0 = dsrs.lookup(value).main;
  }
  if (Value value = op.getSrc1()) {
    src1 = dsrs.lookup(value).src1;
  }
  if (Value value = op.getScalar()) {
    fields.scalarRegister = registerOf(value);
  }
  append(op.getOpcode(), dsrs.lookup(op.getDest()).main, src0, src1,
         fields.encode());
}

void RoleEmitter::emitVec(VecOp op) { emitVector(op, {}); }

void RoleEmitter::emitVecAsync(VecAsyncOp op) {
  VectorFields fields;
  fields.async = true;
  fields.microthread = uint8_t(op.getMicrothread());
  if (auto task = op.getActivate()) {
    fields.onComplete = OnComplete::Activate;
    fields.task = uint8_t(names.task(*task));
  } else if (auto task = op.getUnblock()) {
    fields.onComplete = OnComplete::Unblock;
    fields.task = uint8_t(names.task(*task));
  }
  emitVector(op, fields);
}
