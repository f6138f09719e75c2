// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of single operations, in the order of their constraint labels.
#include "WPEAssembly.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::wpe;

/// The declaration `name` of the role around `op`, or an error.
template <typename DeclOp>
static FailureOr<DeclOp> lookup(Operation *op, FlatSymbolRefAttr name,
                                SymbolTableCollection &symbols,
                                StringRef what) {
  auto decl = symbols.lookupNearestSymbolFrom<DeclOp>(op, name);
  if (!decl) {
    return op->emitOpError() << "expected " << what << " of the role but got '"
                             << name.getValue() << "'";
  }
  return decl;
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

LogicalResult TableAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                ArrayRef<uint16_t> values) {
  // table-c1; table-c2 holds by the type of the storage.
  if (values.empty() || values.size() > 65536) {
    return emitError() << "expected a table of 1 to 65536 values but got "
                       << values.size();
  }
  return success();
}

LogicalResult BufferOp::verify() {
  // buffer-c1
  if (int64_t(getSize()) < 1 || int64_t(getSize()) > 65535 ||
      getBytes() > 65535) {
    return emitOpError("expected a size of 1 to 65535 bytes but got ")
           << int64_t(getSize()) << " elements of "
           << elementBytes(getElement()) << " bytes";
  }
  // buffer-c2
  if (getLiveBegin()) {
    if (getKind() != wpe::BufferKind::Scratch) {
      return emitOpError("only scratch buffers have a live range");
    }
    if (!getLiveEnd() || int64_t(*getLiveBegin()) >= int64_t(*getLiveEnd())) {
      return emitOpError("expected a live range that is not empty");
    }
  } else if (getLiveEnd()) {
    return emitOpError("expected a live range that is not empty");
  }
  // buffer-c3
  if (getOffset() && (int64_t(*getOffset()) < 0 ||
                      int64_t(*getOffset()) > 65535 || *getOffset() % 4 != 0)) {
    return emitOpError(
               "expected a byte that is a multiple of 4 in 0 to 65535 but got ")
           << int64_t(*getOffset());
  }
  return success();
}

LogicalResult QueueOp::verify() {
  // queue-c1
  if (getStreams().empty()) {
    return emitOpError("expected at least one stream");
  }
  llvm::SmallDenseSet<Attribute> seen;
  for (Attribute stream : getStreams()) {
    if (!seen.insert(stream).second) {
      return emitOpError("stream ") << stream << " is named twice";
    }
  }
  // queue-c2
  if (getId() && (int64_t(*getId()) < 0 || int64_t(*getId()) > 7)) {
    return emitOpError("expected a queue of 0 to 7 but got ")
           << int64_t(*getId());
  }
  return success();
}

LogicalResult TaskOp::verify() {
  // task-c1
  if (getData() && getControl()) {
    return emitOpError(
        "a task is bound to data or to control wavelets, not to both");
  }
  // task-c2
  if (getActive() && !isLocal()) {
    return emitOpError("only a local task can be active at the start");
  }
  // task-c3
  if (getControl() &&
      (int64_t(*getControl()) < 0 || int64_t(*getControl()) > 63)) {
    return emitOpError("expected a control entry of 0 to 63 but got ")
           << int64_t(*getControl());
  }
  return success();
}

LogicalResult TaskOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // task-c4
  if (!getData()) {
    return success();
  }
  FailureOr<QueueOp> queue =
      lookup<QueueOp>(*this, getDataAttr(), symbols, "an input queue");
  if (failed(queue)) {
    return failure();
  }
  if (queue->getDirection() != QueueDirection::Input) {
    return emitOpError("expected an input queue but got output queue '")
           << queue->getSymName() << "'";
  }
  return success();
}

static LogicalResult verifyTables(RegionOp op, DictionaryAttr tables,
                                  StringRef what, uint64_t side) {
  for (NamedAttribute entry : tables) {
    auto table = dyn_cast<TableAttr>(entry.getValue());
    if (!table || table.size() != side) {
      return op.emitOpError()
             << "expected a table of " << side << " " << what << " for '"
             << entry.getName().getValue() << "' but got "
             << (table ? Twine(table.size()) + " values"
                       : Twine("another attribute"));
    }
  }
  return success();
}

LogicalResult RegionOp::verify() {
  // region-c1
  for (uint64_t side : {getWidth(), getHeight()}) {
    if (int64_t(side) < 1 || int64_t(side) > 65536) {
      return emitOpError("expected sides of 1 to 65536 but got ")
             << int64_t(side);
    }
  }
  for (uint64_t place : {getX(), getY()}) {
    if (int64_t(place) < 0 || int64_t(place) > 65536) {
      return emitOpError("expected a place in the grid but got ")
             << int64_t(place);
    }
  }
  // region-c2
  if (failed(verifyTables(*this, getRows(), "rows", getHeight())) ||
      failed(verifyTables(*this, getColumns(), "columns", getWidth()))) {
    return failure();
  }
  // region-c3
  for (NamedAttribute entry : getValues()) {
    auto number = dyn_cast<IntegerAttr>(entry.getValue());
    if (!number || !number.getType().isInteger(64) || number.getInt() < 0 ||
        number.getInt() > 65535) {
      return emitOpError("expected a value of 0 to 65535 for '")
             << entry.getName().getValue() << "'";
    }
  }
  return success();
}

LogicalResult RegionOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // region-c4
  auto role = symbols.lookupNearestSymbolFrom<RoleOp>(*this, getRoleAttr());
  if (!role) {
    return emitOpError("expected a role but got '") << getRole() << "'";
  }
  size_t counts[3] = {0, 0, 0};
  DictionaryAttr tables[3] = {getRows(), getColumns(), getValues()};
  for (auto param : role.getOps<ParamOp>()) {
    unsigned kind = unsigned(param.getKind());
    ++counts[kind];
    if (!tables[kind].contains(param.getSymName())) {
      return (emitOpError("has no ")
              << (kind == 2 ? "value" : "table") << " for "
              << stringifyParamKind(param.getKind()) << " parameter '"
              << param.getSymName() << "'")
                 .attachNote(param.getLoc())
             << "declared here";
    }
  }
  for (unsigned kind = 0; kind < 3; ++kind) {
    if (tables[kind].size() == counts[kind]) {
      continue;
    }
    for (NamedAttribute entry : tables[kind]) {
      auto param = symbols.lookupSymbolIn<ParamOp>(role, entry.getName());
      if (!param || unsigned(param.getKind()) != kind) {
        return emitOpError("role '")
               << getRole() << "' has no "
               << stringifyParamKind(ParamKind(kind)) << " parameter '"
               << entry.getName().getValue() << "'";
      }
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

LogicalResult ForeverOp::verify() {
  // forever-c1
  if ((*this)->getNextNode()) {
    return emitOpError("expected to be the last operation of its block");
  }
  return success();
}

LogicalResult LoopOp::verify() {
  // loop-c1
  Block &block = getBody().front();
  if (block.getNumArguments() > 1 ||
      (block.getNumArguments() == 1 &&
       !block.getArgument(0).getType().isInteger(32))) {
    return emitOpError(
        "expected a body without arguments or with one of type i32");
  }
  return success();
}

LogicalResult IfOp::verify() {
  // if-c1
  bool isFloat =
      getPredicate() == Predicate::FLt || getPredicate() == Predicate::FGe;
  if (isFloat ? !getLhs().getType().isF32()
              : !getLhs().getType().isInteger(32)) {
    return emitOpError("expected operands of type ")
           << (isFloat ? "f32" : "i32") << " but got " << getLhs().getType();
  }
  return success();
}

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // call-c1
  return lookup<FuncOp>(*this, getCalleeAttr(), symbols, "a subroutine");
}
LogicalResult ActivateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // activate-c1
  return lookup<TaskOp>(*this, getTaskAttr(), symbols, "a task");
}
LogicalResult BlockOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // block-c1
  return lookup<TaskOp>(*this, getTaskAttr(), symbols, "a task");
}
LogicalResult UnblockOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // unblock-c1
  return lookup<TaskOp>(*this, getTaskAttr(), symbols, "a task");
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

LogicalResult ParamValueOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // param_value-c1
  return lookup<ParamOp>(*this, getParamAttr(), symbols, "a parameter");
}

LogicalResult PayloadOp::verify() {
  // payload-c1
  auto task = dyn_cast<TaskOp>((*this)->getParentOp());
  if (!task || task.isLocal()) {
    return emitOpError("expected to stand directly in a data or control task");
  }
  for (auto other : task.getOps<PayloadOp>()) {
    if (other != *this && other->isBeforeInBlock(*this)) {
      return emitOpError("a task reads its payload once");
    }
  }
  return success();
}

LogicalResult CastOp::verify() {
  // cast-c1
  Type from = getInput().getType();
  Type to = getResult().getType();
  if (!(from.isF32() && !to.isF32()) && !(to.isF32() && !from.isF32())) {
    return emitOpError("expected a cast between f32 and f16 or i32 but got ")
           << from << " to " << to;
  }
  return success();
}

/// Checks the type and the place of an element of `buffer`.
static LogicalResult verifyElement(Operation *op, BufferOp buffer, Type type,
                                   bool hasIndex, int64_t offset) {
  Type element = buffer.getElement();
  Type expected =
      element.isInteger(16) ? IntegerType::get(op->getContext(), 32) : element;
  if (type != expected) {
    return op->emitOpError()
           << "expected " << expected << " for buffer '" << buffer.getSymName()
           << "' of " << element << " but got " << type;
  }
  int64_t bytes = elementBytes(element);
  if (offset % bytes != 0) {
    return op->emitOpError() << "expected an offset that is a multiple of "
                             << bytes << " bytes but got " << offset;
  }
  if (!hasIndex && (offset < 0 || offset >= buffer.getBytes())) {
    return op->emitOpError()
           << "byte " << offset << " lies outside buffer '"
           << buffer.getSymName() << "' of " << buffer.getBytes() << " bytes";
  }
  return success();
}

LogicalResult LoadOp::verifySymbolUses(SymbolTableCollection &symbols) {
  FailureOr<BufferOp> buffer =
      lookup<BufferOp>(*this, getBufferAttr(), symbols, "a buffer");
  if (failed(buffer)) {
    return failure();
  }
  // load-c1
  if (getSignExtend() && !buffer->getElement().isInteger(16)) {
    return emitOpError("only i16 elements have a sign to extend");
  }
  // load-c2, load-c3
  return verifyElement(*this, *buffer, getResult().getType(), bool(getIndex()),
                       int64_t(getOffset()));
}

LogicalResult StoreOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // store-c1, store-c2
  FailureOr<BufferOp> buffer =
      lookup<BufferOp>(*this, getBufferAttr(), symbols, "a buffer");
  if (failed(buffer)) {
    return failure();
  }
  return verifyElement(*this, *buffer, getValue().getType(), bool(getIndex()),
                       int64_t(getOffset()));
}

//===----------------------------------------------------------------------===//
// Descriptors
//===----------------------------------------------------------------------===//

/// A number in [low, high], or a name.
static LogicalResult verifySize(Operation *op, StringRef what, Attribute size,
                                int64_t low, int64_t high) {
  auto number = dyn_cast_or_null<IntegerAttr>(size);
  if (number && (number.getInt() < low || number.getInt() > high)) {
    return op->emitOpError() << "expected " << what << " of " << low << " to "
                             << high << " but got " << number.getInt();
  }
  return success();
}

static LogicalResult verifyExtents(Operation *op, Attribute extent,
                                   Value dynamic) {
  if (bool(extent) == bool(dynamic)) {
    return op->emitOpError("expected either a fixed or a dynamic extent");
  }
  return success();
}

static LogicalResult verifyParams(Operation *op, ArrayRef<Attribute> sizes,
                                  SymbolTableCollection &symbols) {
  for (Attribute size : sizes) {
    auto name = dyn_cast_or_null<FlatSymbolRefAttr>(size);
    if (name && failed(lookup<ParamOp>(op, name, symbols, "a parameter"))) {
      return failure();
    }
  }
  return success();
}

LogicalResult MemOp::verify() {
  // mem-c1
  if (failed(verifySize(*this, "an extent", getExtentAttr(), 1, 65535)) ||
      failed(verifySize(*this, "an extent", getExtent1Attr(), 1, 65535))) {
    return failure();
  }
  // mem-c2
  if (failed(verifySize(*this, "a stride", getStrideAttr(), -32768, 32767)) ||
      failed(verifySize(*this, "a stride", getStride1Attr(), -32768, 32767))) {
    return failure();
  }
  // mem-c3
  if (bool(getExtent1Attr()) != bool(getStride1Attr())) {
    return emitOpError("expected extent1 and stride1 together");
  }
  // mem-c4
  int64_t bytes = elementBytes(getElement());
  if (int64_t(getStaticOffset()) % bytes != 0) {
    return emitOpError("expected an offset that is a multiple of ")
           << bytes << " bytes but got " << int64_t(getStaticOffset());
  }
  // mem-c5
  return verifyExtents(*this, getExtentAttr(), getDynamicExtent());
}

/// The first and one past the last byte that a wholly fixed descriptor touches.
static std::optional<std::pair<int64_t, int64_t>> fixedRange(MemOp op) {
  auto extent = dyn_cast_or_null<IntegerAttr>(op.getExtentAttr());
  auto stride = dyn_cast<IntegerAttr>(op.getStrideAttr());
  if (op.getOffset() || op.getSave() || !extent || !stride) {
    return std::nullopt;
  }
  int64_t first = 0;
  int64_t last = 0;
  auto extend = [&](int64_t steps, int64_t by) {
    (by < 0 ? first : last) += steps * by;
  };
  extend(extent.getInt() - 1, stride.getInt());
  if (op.getExtent1Attr()) {
    auto extent1 = dyn_cast<IntegerAttr>(op.getExtent1Attr());
    auto stride1 = dyn_cast<IntegerAttr>(op.getStride1Attr());
    if (!extent1 || !stride1) {
      return std::nullopt;
    }
    extend(extent1.getInt() - 1, stride1.getInt());
  }
  int64_t bytes = elementBytes(op.getElement());
  int64_t offset = int64_t(op.getStaticOffset());
  return std::make_pair(offset + first * bytes, offset + (last + 1) * bytes);
}

LogicalResult MemOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // mem-c6
  FailureOr<BufferOp> buffer =
      lookup<BufferOp>(*this, getBufferAttr(), symbols, "a buffer");
  if (failed(buffer) ||
      failed(verifyParams(*this,
                          {getExtentAttr(), getStrideAttr(), getExtent1Attr(),
                           getStride1Attr()},
                          symbols))) {
    return failure();
  }
  // mem-c7
  if (auto range = fixedRange(*this)) {
    if (range->first < 0 || range->second > buffer->getBytes()) {
      return emitOpError("bytes ")
             << range->first << " to " << range->second - 1
             << " are not all in buffer '" << buffer->getSymName() << "' of "
             << buffer->getBytes() << " bytes";
    }
  }
  return success();
}

template <typename OpTy>
static LogicalResult verifyFabric(OpTy op) {
  if (failed(verifySize(op, "an extent", op.getExtentAttr(), 1, 65535))) {
    return failure();
  }
  if (op.getPacked() && elementBytes(op.getElement()) != 2) {
    return op.emitOpError(
               "only 16-bit elements are packed, but the element is ")
           << op.getElement();
  }
  return verifyExtents(op, op.getExtentAttr(), op.getDynamicExtent());
}

template <typename OpTy>
static LogicalResult verifyQueue(OpTy op, QueueDirection direction,
                                 SymbolTableCollection &symbols) {
  FailureOr<QueueOp> queue =
      lookup<QueueOp>(op, op.getQueueAttr(), symbols, "a queue");
  if (failed(queue)) {
    return failure();
  }
  if (queue->getDirection() != direction) {
    return op.emitOpError("expected an ")
           << stringifyQueueDirection(direction) << " queue but got "
           << stringifyQueueDirection(queue->getDirection()) << " queue '"
           << queue->getSymName() << "'";
  }
  return verifyParams(op, {op.getExtentAttr()}, symbols);
}

// fabin-c1 to fabin-c3
LogicalResult FabInOp::verify() { return verifyFabric(*this); }

LogicalResult FabInOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // fabin-c4
  return verifyQueue(*this, QueueDirection::Input, symbols);
}

LogicalResult FabOutOp::verify() {
  // fabout-c1 to fabout-c3
  if (failed(verifyFabric(*this))) {
    return failure();
  }
  // fabout-c4
  if (getControl() && elementBytes(getElement()) != 4) {
    return emitOpError("expected 32-bit elements for control wavelets but got ")
           << getElement();
  }
  return success();
}

LogicalResult FabOutOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // fabout-c5
  return verifyQueue(*this, QueueDirection::Output, symbols);
}

//===----------------------------------------------------------------------===//
// Vector instructions
//===----------------------------------------------------------------------===//

/// Whether a scalar of `type` can stand for elements of `element`.
static bool isScalarFor(Type type, wafer::ElementType element) {
  switch (element) {
  case wafer::ElementType::F16:
    return type.isF16();
  case wafer::ElementType::F32:
    return type.isF32();
  case wafer::ElementType::B16:
    return type.isF16() || type.isInteger(32);
  case wafer::ElementType::B32:
    return type.isF32() || type.isInteger(32);
  case wafer::ElementType::None:
    return false;
  }
  return false;
}

template <typename OpTy>
static LogicalResult verifyVector(OpTy op) {
  // c1
  std::optional<Opcode> opcode =
      parseMnemonic(std::string_view(op.getMnemonic()));
  if (!opcode || !infoOf(*opcode).isVector) {
    return op.emitOpError("'")
           << op.getMnemonic() << "' is not a vector instruction";
  }
  const OpcodeInfo &info = infoOf(*opcode);
  unsigned given = unsigned(bool(op.getSrc0())) + unsigned(bool(op.getSrc1()));
  bool hasScalar = bool(op.getScalar());
  // c2, c3
  bool takesFactor =
      info.scalar == ScalarUse::Multiplies || info.scalar == ScalarUse::Count;
  if (takesFactor && (given < info.numSources || !hasScalar)) {
    return op.emitOpError("'")
           << op.getMnemonic() << "' expects " << info.numSources
           << (info.numSources == 1 ? " source" : " sources")
           << " and a scalar";
  }
  if (!takesFactor && hasScalar != (given < info.numSources)) {
    return op.emitOpError("'")
           << op.getMnemonic() << "' expects a scalar exactly where one of its "
           << info.numSources << " sources is missing";
  }
  // c4
  if (given > info.numSources || (op.getSrc1() && info.numSources < 2)) {
    return op.emitOpError("'")
           << op.getMnemonic() << "' has " << info.numSources
           << (info.numSources == 1 ? " source" : " sources")
           << " but got more";
  }
  // c5
  if (!hasScalar) {
    return success();
  }
  Type type = op.getScalar().getType();
  bool fits = true;
  if (Type implied =
          impliedScalarType(op.getContext(), info, op.getMnemonic())) {
    fits = type == implied;
  } else {
    fits =
        (op.getSrc0() || isScalarFor(type, info.src0)) &&
        (op.getSrc1() || info.numSources < 2 || isScalarFor(type, info.src1));
  }
  if (!fits) {
    return op.emitOpError("a scalar of type ")
           << type << " does not fit '" << op.getMnemonic() << "'";
  }
  return success();
}

LogicalResult VecOp::verify() { return verifyVector(*this); }

LogicalResult VecAsyncOp::verify() {
  // vec.async-c1 to vec.async-c5
  if (failed(verifyVector(*this))) {
    return failure();
  }
  // vec.async-c6
  if (int64_t(getMicrothread()) < 0 || int64_t(getMicrothread()) > 7) {
    return emitOpError("expected a microthread of 0 to 7 but got ")
           << int64_t(getMicrothread());
  }
  // vec.async-c7
  if (getActivate() && getUnblock()) {
    return emitOpError("activates or unblocks a task, not both");
  }
  return success();
}

LogicalResult VecAsyncOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // vec.async-c8
  for (FlatSymbolRefAttr task : {getActivateAttr(), getUnblockAttr()}) {
    if (task && failed(lookup<TaskOp>(*this, task, symbols, "a task"))) {
      return failure();
    }
  }
  return success();
}
