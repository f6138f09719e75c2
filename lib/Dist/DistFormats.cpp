// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DistFormats.cpp - Hand-written pieces of the text form -------------===//
//
// Run-length lists of ranges, and enums without quotes: the two things that
// the declarative format cannot say.
//
//===----------------------------------------------------------------------===//
#include "DistFormats.h"

using namespace mlir;
using namespace wafer::dist;

// {12 x [0, 5) step 5, 1 x [60, 64) step 0}, as quadruples
// (count, begin, end, step). Absent when empty.
ParseResult wafer::dist::parseSliceRuns(OpAsmParser &parser,
                                        DenseI64ArrayAttr &runs) {
  SmallVector<int64_t> flat;
  if (succeeded(parser.parseOptionalLBrace())) {
    auto parseRun = [&]() -> ParseResult {
      int64_t count, begin, end, step;
      if (parser.parseInteger(count) || parser.parseKeyword("x") ||
          parser.parseLSquare() || parser.parseInteger(begin) ||
          parser.parseComma() || parser.parseInteger(end) ||
          parser.parseRParen() || parser.parseKeyword("step") ||
          parser.parseInteger(step)) {
        return failure();
      }
      flat.append({count, begin, end, step});
      return success();
    };
    if (parser.parseCommaSeparatedList(parseRun) || parser.parseRBrace()) {
      return failure();
    }
  }
  runs = parser.getBuilder().getDenseI64ArrayAttr(flat);
  return success();
}

void wafer::dist::printSliceRuns(OpAsmPrinter &printer, Operation *,
                                 DenseI64ArrayAttr runs) {
  ArrayRef<int64_t> flat = runs.asArrayRef();
  if (flat.empty()) {
    return;
  }
  printer << "{";
  for (size_t i = 0; i + 3 < flat.size(); i += 4) {
    printer << (i ? ", " : "") << flat[i] << " x [" << flat[i + 1] << ", "
            << flat[i + 2] << ") step " << flat[i + 3];
  }
  printer << "}";
}

ParseResult wafer::dist::parseLayerEnd(OpAsmParser &parser,
                                       IntegerAttr &numLayers,
                                       IntegerAttr firstLayer) {
  int64_t end;
  if (parser.parseInteger(end)) {
    return failure();
  }
  numLayers = parser.getBuilder().getI64IntegerAttr(end - firstLayer.getInt());
  return success();
}

void wafer::dist::printLayerEnd(OpAsmPrinter &printer, Operation *,
                                IntegerAttr numLayers, IntegerAttr firstLayer) {
  printer << firstLayer.getInt() + numLayers.getInt();
}
