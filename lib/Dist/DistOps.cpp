// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DistOps.cpp - Slicings, tensors, stages, transfers -----------------===//
//
// Verifiers, one function an operation; the comment before a check is the label
// of the constraint in the operation's description.
//
//===----------------------------------------------------------------------===//
#include "DistFormats.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace wafer::dist;

//===----------------------------------------------------------------------===//
// SlicingOp
//===----------------------------------------------------------------------===//

std::pair<int64_t, int64_t> SlicingOp::getRange(int64_t line) {
  ArrayRef<int64_t> runs = getRuns();
  for (size_t i = 0; i + 3 < runs.size(); i += 4) {
    if (line < runs[i]) {
      int64_t shift = line * runs[i + 3];
      return {runs[i + 1] + shift, runs[i + 2] + shift};
    }
    line -= runs[i];
  }
  return {0, 0};
}

int64_t SlicingOp::getMaxWidth() {
  if (getCyclic()) {
    return (int64_t(getSize()) + int64_t(getLines()) - 1) / int64_t(getLines());
  }
  int64_t width = 0;
  ArrayRef<int64_t> runs = getRuns();
  for (size_t i = 0; i + 3 < runs.size(); i += 4) {
    width = std::max(width, runs[i + 2] - runs[i + 1]);
  }
  return width;
}

LogicalResult SlicingOp::verify() {
  // slicing-c1
  int64_t size = getSize(), lines = getLines();
  if (size <= 0 || lines <= 0) {
    return emitOpError()
           << "expected a positive size and number of lines but got " << size
           << " and " << lines;
  }
  // slicing-c2
  ArrayRef<int64_t> runs = getRuns();
  if (runs.size() % 4 != 0) {
    return emitOpError() << "expected runs of four numbers";
  }
  if (getCyclic()) {
    return runs.empty()
               ? success()
               : LogicalResult(emitOpError() << "a cyclic slicing has no runs");
  }
  int64_t total = 0;
  for (size_t i = 0; i < runs.size(); i += 4) {
    int64_t count = runs[i], begin = runs[i + 1], end = runs[i + 2],
            step = runs[i + 3];
    if (count <= 0 || count > lines - total) {
      return emitOpError() << "expected runs for " << lines << " lines but run "
                           << i / 4 << " has " << count;
    }
    total += count;
    // slicing-c3. Both ends of the run suffice: ranges move linearly. The
    // bound on the step keeps the product in range.
    if (step < -size || step > size) {
      return emitOpError() << "step " << step << " leaves the " << size
                           << " elements";
    }
    int64_t last = (count - 1) * step;
    if (begin < 0 || end < begin || end > size || begin + last < 0 ||
        end + last > size) {
      return emitOpError() << "run " << i / 4 << " leaves the " << size
                           << " elements";
    }
  }
  if (total != lines) {
    return emitOpError() << "expected runs for " << lines << " lines but got "
                         << total;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// TensorOp, StageOp, TransferOp
//===----------------------------------------------------------------------===//

LogicalResult TensorOp::verify() {
  // tensor-c1
  LayoutAttr layout = getLayout(getType());
  if (!layout || layout.getPartial() != Partial::None) {
    return emitOpError() << "expected a type with a layout that is not partial";
  }
  // tensor-c2
  size_t rank = cast<RankedTensorType>(getType()).getRank();
  bool needsSource =
      getKind() == TensorKind::Weight || getKind() == TensorKind::Factor;
  if (needsSource || (getSource() && getKind() == TensorKind::State)) {
    if (!getSource() || getSourceStrides().size() != rank) {
      return emitOpError() << "expected a source and " << rank
                           << " strides for a "
                           << stringifyTensorKind(getKind());
    }
  } else if (getSource() || !getSourceStrides().empty()) {
    return emitOpError() << "a tensor of kind '"
                         << stringifyTensorKind(getKind()) << "' has no source";
  }
  // tensor-c3
  auto type = cast<RankedTensorType>(getType());
  bool isTable = getKind() == TensorKind::RopeTable;
  if (isTable != getFrequencies().has_value()) {
    return emitOpError() << "expected frequencies exactly for a rotary table";
  }
  if (isTable && (type.getRank() != 3 || type.getDimSize(1) != 2 ||
                  type.getDimSize(2) != int64_t(getFrequencies()->size()))) {
    return emitOpError() << "expected a table [entries, 2, "
                         << getFrequencies()->size() << "] but got " << type;
  }
  return success();
}

LogicalResult PlacementOp::verify() {
  // placement-c1
  bool positive = llvm::all_of(getStrides(), [](int64_t s) { return s > 0; });
  if (!positive || int64_t(getOffset()) < 0 || int64_t(getFirstLayer()) < 0 ||
      int64_t(getNumLayers()) < 0 || int64_t(getLayerStride()) < 0) {
    return emitOpError() << "expected positive strides and an offset and "
                            "layers that are not negative";
  }
  return success();
}

LogicalResult StageOp::verify() {
  // stage-c1
  ArrayRef<int64_t> rect = getRect();
  if (rect.size() != 4 || rect[0] < 0 || rect[1] < 0 || rect[2] <= 0 ||
      rect[3] <= 0) {
    return emitOpError()
           << "expected a rectangle [x, y, width, height] with positive sides";
  }
  // stage-c2
  bool layers = getKind() == StageKind::Layers;
  if (layers ? int64_t(getNumLayers()) <= 0 : getNumLayers() != 0) {
    return emitOpError() << "expected "
                         << (layers ? "at least one layer" : "no layers")
                         << " in a stage of kind '"
                         << stringifyStageKind(getKind()) << "' but got "
                         << int64_t(getNumLayers());
  }
  // stage-c3
  bool gate = getKind() == StageKind::GateOut || getKind() == StageKind::GateIn;
  if (layers || gate) {
    Block &block = getBody().front();
    auto yield = cast<YieldOp>(block.getTerminator());
    if (block.getNumArguments() != 1 || yield.getNumOperands() != 1 ||
        block.getArgument(0).getType() != yield.getOperand(0).getType()) {
      return emitOpError()
             << "expected one argument and one yielded value of the same type";
    }
  }
  return success();
}

LogicalResult TransferOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // transfer-c1
  auto source =
      symbols.lookupNearestSymbolFrom<StageOp>(*this, getSourceAttr());
  auto target =
      symbols.lookupNearestSymbolFrom<StageOp>(*this, getTargetAttr());
  if (!source || !target) {
    return emitOpError() << "expected two stages but found no stage '"
                         << (source ? getTarget() : getSource()) << "'";
  }
  ArrayRef<int64_t> from = source.getRect(), to = target.getRect();
  bool sameRows = from[1] == to[1];
  // One below the other: equally wide, with columns that both have.
  bool isBelow = from[2] == to[2] && std::abs(from[0] - to[0]) < from[2];
  bool crosses = source.getKind() == StageKind::GateOut &&
                 target.getKind() == StageKind::GateIn;
  if (crosses != (source.getWafer() != target.getWafer())) {
    return emitOpError() << "stages '" << getSource() << "' and '"
                         << getTarget()
                         << "' are no gates of two wafers, and not on one";
  }
  if (crosses && from[3] == to[3]) {
    return success();
  }
  if (from[3] != to[3] || (!sameRows && !isBelow)) {
    return emitOpError() << "stages '" << getSource() << "' and '"
                         << getTarget()
                         << "' have different rows, and not the same width or "
                            "no columns that both have";
  }
  return success();
}

#define GET_OP_CLASSES
#include "wafer/Dist/DistOps.cpp.inc"
