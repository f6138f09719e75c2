// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Dist/Dist.h"

#include "mlir/IR/DialectImplementation.h"

using namespace mlir;
using namespace wafer::dist;

#include "wafer/Dist/DistEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "wafer/Dist/DistAttrs.cpp.inc"

void DistDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "wafer/Dist/DistAttrs.cpp.inc"
      >();
}

// layout<[@d, *], partial group @kv>
Attribute LayoutAttr::parse(AsmParser &parser, Type) {
  SmallVector<Attribute> dims;
  auto parseDim = [&]() -> ParseResult {
    if (succeeded(parser.parseOptionalStar())) {
      dims.push_back(parser.getBuilder().getUnitAttr());
      return success();
    }
    StringAttr name;
    if (parser.parseSymbolName(name)) {
      return failure();
    }
    dims.push_back(FlatSymbolRefAttr::get(name));
    return success();
  };
  if (parser.parseLess() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseDim)) {
    return {};
  }
  Partial partial = Partial::None;
  FlatSymbolRefAttr group;
  if (succeeded(parser.parseOptionalComma())) {
    SMLoc loc = parser.getCurrentLocation();
    StringRef axis;
    if (parser.parseKeyword("partial") || parser.parseKeyword(&axis)) {
      return {};
    }
    std::optional<Partial> parsed = symbolizePartial(axis);
    if (!parsed || *parsed == Partial::None) {
      parser.emitError(loc)
          << "expected partial 'rows', 'columns' or 'group' but got '" << axis
          << "'";
      return {};
    }
    partial = *parsed;
    if (partial == Partial::Group) {
      StringAttr name;
      if (parser.parseSymbolName(name)) {
        return {};
      }
      group = FlatSymbolRefAttr::get(name);
    }
  }
  if (parser.parseGreater()) {
    return {};
  }
  return LayoutAttr::getChecked(
      [&] { return parser.emitError(parser.getNameLoc()); },
      parser.getContext(), dims, partial, group);
}

void LayoutAttr::print(AsmPrinter &printer) const {
  printer << "<[";
  llvm::interleaveComma(getDims(), printer, [&](Attribute dim) {
    if (auto symbol = dyn_cast<FlatSymbolRefAttr>(dim)) {
      printer << symbol;
    } else {
      printer << "*";
    }
  });
  printer << "]";
  if (getPartial() != Partial::None) {
    printer << ", partial " << stringifyPartial(getPartial());
    if (getGroup()) {
      printer << " " << getGroup();
    }
  }
  printer << ">";
}

LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<Attribute> dims, Partial partial,
                                 FlatSymbolRefAttr group) {
  for (Attribute dim : dims) {
    if (!isa<FlatSymbolRefAttr, UnitAttr>(dim)) {
      return emitError() << "expected a slicing symbol or '*' but got " << dim;
    }
  }
  // layout-c2
  if ((partial == Partial::Group) != bool(group)) {
    return emitError()
           << "expected a group exactly if the value is partial over a group";
  }
  return success();
}

LogicalResult
LayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                           function_ref<InFlightDiagnostic()> emitError) const {
  // layout-c1
  if (shape.size() != getDims().size()) {
    return emitError() << "layout has " << getDims().size()
                       << " dimensions but the tensor has " << shape.size();
  }
  return success();
}

LayoutAttr wafer::dist::getLayout(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? dyn_cast_or_null<LayoutAttr>(tensor.getEncoding())
                : LayoutAttr();
}

RankedTensorType wafer::dist::withLayout(RankedTensorType type,
                                         LayoutAttr layout) {
  return RankedTensorType::get(type.getShape(), type.getElementType(), layout);
}

LayoutAttr wafer::dist::withoutPartial(LayoutAttr layout) {
  return LayoutAttr::get(layout.getContext(), layout.getDims(), Partial::None,
                         FlatSymbolRefAttr());
}

FlatSymbolRefAttr wafer::dist::getSlicing(LayoutAttr layout, unsigned dim) {
  return dyn_cast<FlatSymbolRefAttr>(layout.getDims()[dim]);
}
