// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Roles, regions and the binding of their queues.
#include "wafer/Emit/Emit.h"

#include "RoleEmitter.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::wpe;

FailureOr<RoleSize> wafer::measureRole(RoleOp role) {
  FailureOr<EmittedCode> code = RoleEmitter(role).run();
  if (failed(code)) {
    return failure();
  }
  return RoleSize{uint32_t(code->role.code.size()),
                  uint32_t(code->role.params.size())};
}

static LogicalResult requireAllocated(RoleOp role) {
  auto missing = [](Operation *op) {
    return op->emitOpError(
        "has no place yet; run wpe-allocate before emission");
  };
  if (!role.getParamOffset()) {
    return missing(role);
  }
  for (auto buffer : role.getOps<BufferOp>()) {
    if (!buffer.getOffset()) {
      return missing(buffer);
    }
  }
  for (auto queue : role.getOps<QueueOp>()) {
    if (!queue.getId()) {
      return missing(queue);
    }
  }
  return success();
}

/// The buffers in order of declaration, then the parameter block.
static void addBuffers(RoleOp op, Role &role) {
  std::string paramsName = "params";
  for (auto buffer : op.getOps<BufferOp>()) {
    role.buffers.push_back({buffer.getSymName().str(),
                            wafer::BufferKind(uint8_t(buffer.getKind())),
                            uint32_t(*buffer.getOffset()),
                            uint32_t(buffer.getBytes())});
    if (buffer.getSymName() == paramsName) {
      paramsName =
          "params.block"; // no symbol of a role has the same name twice
    }
  }
  if (!role.params.empty()) {
    role.buffers.push_back({paramsName, wafer::BufferKind::Params,
                            role.paramOffset,
                            2 * uint32_t(role.params.size())});
  }
}

static_assert(
    unsigned(wpe::BufferKind::Weights) ==
            unsigned(wafer::BufferKind::Weights) &&
        unsigned(wpe::BufferKind::State) ==
            unsigned(wafer::BufferKind::State) &&
        unsigned(wpe::BufferKind::Scratch) ==
            unsigned(wafer::BufferKind::Scratch),
    "kinds of buffers have the same numbers in the IR and in the image");

FailureOr<EmittedCode> wafer::emitRole(RoleOp role) {
  if (failed(requireAllocated(role))) {
    return failure();
  }
  FailureOr<EmittedCode> code = RoleEmitter(role).run();
  if (failed(code)) {
    return failure();
  }
  addBuffers(role, code->role);
  for (auto queue : role.getOps<QueueOp>()) {
    code->queues.push_back(queue.getSymName().str());
    code->queueKinds.push_back(ParamSource::Kind::Constant);
    code->role.queues.push_back({queue.getDirection() == QueueDirection::Input,
                                 uint8_t(*queue.getId()),
                                 ParamSource::constant(kUnboundColor)});
  }
  return code;
}

//===----------------------------------------------------------------------===//
// Queues
//===----------------------------------------------------------------------===//

static LogicalResult checkBound(RegionOp region, const EmittedCode &code,
                                const BoundQueues &bound) {
  if (bound.size() != code.queues.size()) {
    return region.emitOpError("expected colors of ")
           << code.queues.size() << " queues but got " << bound.size();
  }
  for (size_t q = 0; q < bound.size(); ++q) {
    size_t expected = 1;
    if (bound[q].kind == ParamSource::Kind::Row) {
      expected = region.getHeight();
    } else if (bound[q].kind == ParamSource::Kind::Column) {
      expected = region.getWidth();
    }
    if (bound[q].values.size() != expected) {
      return region.emitOpError("expected ")
             << expected << " colors of queue '" << code.queues[q]
             << "' but got " << bound[q].values.size();
    }
  }
  return success();
}

/// The one kind that can hold the colors of queue `q` in all regions.
static FailureOr<ParamSource::Kind> joinKinds(const EmittedCode &code, size_t q,
                                              ArrayRef<RegionOp> regions,
                                              ArrayRef<BoundQueues> bound) {
  using Kind = ParamSource::Kind;
  Kind kind = Kind::Constant;
  bool differ = false;
  RegionOp witness;
  for (size_t r = 0; r < regions.size(); ++r) {
    const BoundQueue &queue = bound[r][q];
    differ |= queue.values.front() != bound[0][q].values.front();
    if (queue.kind == Kind::Constant) {
      continue;
    }
    if (kind != Kind::Constant && kind != queue.kind) {
      InFlightDiagnostic error =
          RegionOp(regions[r]).emitOpError("the color of queue '")
          << code.queues[q] << "' is a function of the "
          << (queue.kind == Kind::Row ? "row" : "column")
          << " here and of the other coordinate in another region of role '"
          << code.role.name << "'";
      error.attachNote(witness.getLoc()) << "other region here";
      return error;
    }
    kind = queue.kind;
    witness = regions[r];
  }
  return kind == Kind::Constant && differ ? Kind::Row : kind;
}

LogicalResult wafer::bindRoleQueues(EmittedCode &code,
                                    ArrayRef<RegionOp> regions,
                                    ArrayRef<BoundQueues> bound) {
  for (size_t r = 0; r < regions.size(); ++r) {
    if (failed(checkBound(regions[r], code, bound[r]))) {
      return failure();
    }
  }
  uint16_t nextRow = uint16_t(code.rowTables.size());
  uint16_t nextColumn = uint16_t(code.columnTables.size());
  for (size_t q = 0; q < code.queues.size() && !regions.empty(); ++q) {
    FailureOr<ParamSource::Kind> kind = joinKinds(code, q, regions, bound);
    if (failed(kind)) {
      return failure();
    }
    code.queueKinds[q] = *kind;
    ParamSource &color = code.role.queues[q].color;
    switch (*kind) {
    case ParamSource::Kind::Constant:
      color = ParamSource::constant(bound[0][q].values.front());
      break;
    case ParamSource::Kind::Row:
      color = ParamSource::row(nextRow++);
      break;
    case ParamSource::Kind::Column:
      color = ParamSource::column(nextColumn++);
      break;
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

FailureOr<wafer::Region> wafer::emitRegion(RegionOp region,
                                           const EmittedCode &code,
                                           uint32_t roleIndex,
                                           const BoundQueues &bound) {
  if (failed(checkBound(region, code, bound))) {
    return failure();
  }
  wafer::Region result;
  result.name = region.getSymName().str();
  result.role = roleIndex;
  result.rect = {int32_t(region.getX()), int32_t(region.getY()),
                 int32_t(region.getWidth()), int32_t(region.getHeight())};
  size_t height = region.getHeight();
  size_t width = region.getWidth();
  for (size_t i = 0; i < code.rowTables.size(); ++i) {
    if (i < code.firstRegionParam) {
      ArrayRef<uint16_t> values =
          cast<TableAttr>(region.getRows().get(code.rowTables[i])).getValues();
      result.rowTables.push_back(values.vec());
    } else {
      auto value = cast<IntegerAttr>(region.getValues().get(code.rowTables[i]));
      result.rowTables.emplace_back(height, uint16_t(value.getInt()));
    }
  }
  for (const std::string &name : code.columnTables) {
    result.columnTables.push_back(
        cast<TableAttr>(region.getColumns().get(name)).getValues().vec());
  }
  for (size_t q = 0; q < bound.size(); ++q) {
    const std::vector<uint16_t> &values = bound[q].values;
    bool isTable = bound[q].kind != ParamSource::Kind::Constant;
    if (code.queueKinds[q] == ParamSource::Kind::Row) {
      result.rowTables.push_back(
          isTable ? values : std::vector<uint16_t>(height, values.front()));
    } else if (code.queueKinds[q] == ParamSource::Kind::Column) {
      result.columnTables.push_back(
          isTable ? values : std::vector<uint16_t>(width, values.front()));
    }
  }
  return result;
}

LogicalResult wafer::emitProgram(ModuleOp module, QueueBinder bind,
                                 Image &image) {
  llvm::DenseMap<StringRef, SmallVector<size_t>> regionsOfRole;
  SmallVector<RegionOp> regions(module.getOps<RegionOp>());
  std::vector<BoundQueues> bound;
  for (size_t r = 0; r < regions.size(); ++r) {
    FailureOr<BoundQueues> queues = bind(regions[r]);
    if (failed(queues)) {
      return failure();
    }
    bound.push_back(std::move(*queues));
    regionsOfRole[regions[r].getRole()].push_back(r);
  }
  std::vector<wafer::Region> emitted(regions.size());
  for (auto role : module.getOps<RoleOp>()) {
    FailureOr<EmittedCode> code = emitRole(role);
    if (failed(code)) {
      return failure();
    }
    SmallVector<RegionOp> own;
    std::vector<BoundQueues> ownBound;
    for (size_t r : regionsOfRole.lookup(role.getSymName())) {
      own.push_back(regions[r]);
      ownBound.push_back(bound[r]);
    }
    if (failed(bindRoleQueues(*code, own, ownBound))) {
      return failure();
    }
    for (size_t r : regionsOfRole.lookup(role.getSymName())) {
      FailureOr<wafer::Region> region =
          emitRegion(regions[r], *code, uint32_t(image.roles.size()), bound[r]);
      if (failed(region)) {
        return failure();
      }
      emitted[r] = std::move(*region);
    }
    image.roles.push_back(std::move(code->role));
  }
  for (wafer::Region &region : emitted) {
    image.regions.push_back(std::move(region));
  }
  return success();
}
