// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "WFabricSyntax.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace wafer;
using namespace wafer::wfabric;
using mlir::AsmParser;
using mlir::AsmPrinter;
using mlir::Attribute;
using mlir::failure;
using mlir::InFlightDiagnostic;
using mlir::LogicalResult;
using mlir::success;
using mlir::Type;

#include "wafer/WFabric/WFabricEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "wafer/WFabric/WFabricAttrs.cpp.inc"

void WFabricDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "wafer/WFabric/WFabricAttrs.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Hashes
//===----------------------------------------------------------------------===//

llvm::hash_code wafer::hash_value(const Coord &value) {
  return llvm::hash_combine(value.x, value.y);
}

llvm::hash_code wafer::hash_value(const Rect &value) {
  return llvm::hash_combine(value.x, value.y, value.w, value.h);
}

llvm::hash_code wafer::hash_value(const HostEdge &value) {
  return llvm::hash_combine(value.west, value.row, value.wafer);
}

llvm::hash_code wafer::hash_value(const SegmentPattern &value) {
  return llvm::hash_combine(value.source, value.sinkBegin, value.sinkEnd,
                            value.step, value.count);
}

llvm::hash_code wafer::hash_value(const RouteConfig &value) {
  llvm::hash_code hash = llvm::hash_combine(
      value.numPositions, value.currentPosition, value.ring,
      unsigned(value.pop), unsigned(value.filter.kind), value.filter.init,
      value.filter.limit, value.filter.min, value.filter.max);
  for (const SwitchPosition &position : value.positions) {
    hash = llvm::hash_combine(hash, position.rx, position.tx);
  }
  return hash;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// Reads "<BODY>" for an attribute with one parameter.
template <typename AttrT, typename ValueT>
static Attribute parseSingle(AsmParser &parser) {
  llvm::SMLoc loc = parser.getCurrentLocation();
  ValueT value{};
  if (parser.parseLess() || parseBody(parser, value) || parser.parseGreater()) {
    return {};
  }
  return parser.getChecked<AttrT>(loc, parser.getContext(), value);
}

template <typename ValueT>
static void printSingle(AsmPrinter &printer, const ValueT &value) {
  printer << "<";
  printBody(printer, value);
  printer << ">";
}

Attribute RectAttr::parse(AsmParser &parser, Type) {
  return parseSingle<RectAttr, Rect>(parser);
}
void RectAttr::print(AsmPrinter &printer) const {
  printSingle(printer, getValue());
}

Attribute CoordAttr::parse(AsmParser &parser, Type) {
  return parseSingle<CoordAttr, Coord>(parser);
}
void CoordAttr::print(AsmPrinter &printer) const {
  printSingle(printer, getValue());
}

Attribute EdgeAttr::parse(AsmParser &parser, Type) {
  return parseSingle<EdgeAttr, HostEdge>(parser);
}
void EdgeAttr::print(AsmPrinter &printer) const {
  printSingle(printer, getValue());
}

Attribute SegmentsAttr::parse(AsmParser &parser, Type) {
  llvm::SMLoc loc = parser.getCurrentLocation();
  mlir::SmallVector<SegmentPattern> patterns;
  if (parser.parseLess() || parseBody(parser, patterns) ||
      parser.parseGreater()) {
    return {};
  }
  return parser.getChecked<SegmentsAttr>(
      loc, parser.getContext(), llvm::ArrayRef<SegmentPattern>(patterns));
}
void SegmentsAttr::print(AsmPrinter &printer) const {
  printSingle(printer, getPatterns());
}

Attribute RouteAttr::parse(AsmParser &parser, Type) {
  return parseSingle<RouteAttr, RouteConfig>(parser);
}
void RouteAttr::print(AsmPrinter &printer) const {
  printSingle(printer, getConfig());
}

Attribute RunsAttr::parse(AsmParser &parser, Type) {
  llvm::SMLoc loc = parser.getCurrentLocation();
  RunList runs;
  if (parser.parseLess() || parseBody(parser, runs) || parser.parseGreater()) {
    return {};
  }
  return parser.getChecked<RunsAttr>(loc, parser.getContext(),
                                     llvm::ArrayRef<uint32_t>(runs.counts),
                                     llvm::ArrayRef<RouteAttr>(runs.routes));
}
void RunsAttr::print(AsmPrinter &printer) const { printSingle(printer, *this); }

//===----------------------------------------------------------------------===//
// Constraints
//===----------------------------------------------------------------------===//

using EmitError = llvm::function_ref<InFlightDiagnostic()>;
static constexpr int64_t kMaxSide = RoutingProblem::kMaxSide;

LogicalResult RectAttr::verify(EmitError emitError, Rect r) {
  // rect-c1
  if (r.x < 0 || r.y < 0 || r.empty() || int64_t(r.x) + r.w > kMaxSide ||
      int64_t(r.y) + r.h > kMaxSide) {
    return emitError() << "expected a rectangle with positive sides at 0 or "
                          "above, but got ("
                       << r.x << ", " << r.y << ", " << r.w << ", " << r.h
                       << ")";
  }
  return success();
}

LogicalResult CoordAttr::verify(EmitError emitError, Coord c) {
  // coord-c1
  if (c.x < 0 || c.y < 0 || c.x >= kMaxSide || c.y >= kMaxSide) {
    return emitError() << "expected a core at 0 or above, but got (" << c.x
                       << ", " << c.y << ")";
  }
  return success();
}

LogicalResult EdgeAttr::verify(EmitError emitError, HostEdge edge) {
  // edge-c1
  if (edge.row < 0 || edge.row >= kMaxSide) {
    return emitError() << "expected a row at 0 or above, but got " << edge.row;
  }
  // edge-c2
  if (edge.wafer < 0 || edge.wafer >= Machine::kMostWafers) {
    return emitError() << "expected a wafer from 0 to "
                       << Machine::kMostWafers - 1 << ", but got "
                       << edge.wafer;
  }
  return success();
}

LogicalResult SegmentsAttr::verify(EmitError emitError,
                                   llvm::ArrayRef<SegmentPattern> patterns) {
  for (const SegmentPattern &p : patterns) {
    // segments-c1
    if (p.count < 1 || p.step < 0 || (p.count > 1 && p.step < 1)) {
      return emitError() << "a segment pattern needs a positive step and count";
    }
    // segments-c2
    bool onlySource =
        p.sinkBegin == p.source && int64_t(p.sinkEnd) - p.source == 1;
    if (p.sinkBegin >= p.sinkEnd || onlySource) {
      return emitError() << "segment " << p.source << " -> " << p.sinkBegin
                         << " to " << p.sinkEnd << " has no receiver";
    }
  }
  return success();
}

LogicalResult RouteAttr::verify(EmitError emitError, RouteConfig config) {
  // route-c1 (route-c2 is in the types)
  if (config.numPositions < 1 ||
      config.numPositions > config.positions.size() ||
      config.currentPosition >= config.numPositions) {
    return emitError() << "position " << unsigned(config.currentPosition)
                       << " is not one of the " << unsigned(config.numPositions)
                       << " positions of the route";
  }
  for (unsigned i = 0; i < config.positions.size(); ++i) {
    const SwitchPosition &position = config.positions[i];
    if (i < config.numPositions && (!position.rx || !position.tx)) {
      return emitError() << "position " << i << " has no input or no output";
    }
    if (i >= config.numPositions && (position.rx || position.tx)) {
      return emitError() << "position " << i << " is not in use but not empty";
    }
  }
  return success();
}

LogicalResult RunsAttr::verify(EmitError emitError,
                               llvm::ArrayRef<uint32_t> counts,
                               llvm::ArrayRef<RouteAttr> routes) {
  // runs-c1
  int64_t length = 0;
  for (uint32_t count : counts) {
    length += count;
    if (count == 0 || length > kMaxSide) {
      return emitError() << "a line has runs of at least one router, and "
                         << kMaxSide << " routers at most";
    }
  }
  if (counts.empty() || counts.size() != routes.size()) {
    return emitError() << "a line needs a route or 'none' for each run, and at "
                          "least one run";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

RunsAttr RunsAttr::fromRuns(mlir::MLIRContext *context,
                            llvm::ArrayRef<Run> runs,
                            llvm::ArrayRef<RouteConfig> configs) {
  RunList list;
  for (const Run &run : runs) {
    list.counts.push_back(run.count);
    list.routes.push_back(run.config == kNoRoute
                              ? RouteAttr()
                              : RouteAttr::get(context, configs[run.config]));
  }
  return get(context, list.counts, list.routes);
}

int64_t RunsAttr::getLength() const {
  int64_t length = 0;
  for (uint32_t count : getCounts()) {
    length += count;
  }
  return length;
}
