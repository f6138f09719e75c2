// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "WFabricSyntax.h"

#include "llvm/ADT/DenseSet.h"

using namespace wafer;
using namespace wafer::wfabric;
using mlir::ArrayAttr;
using mlir::Attribute;
using mlir::failure;
using mlir::FlatSymbolRefAttr;
using mlir::LogicalResult;
using mlir::OpAsmParser;
using mlir::OpAsmPrinter;
using mlir::OpBuilder;
using mlir::Operation;
using mlir::OperationState;
using mlir::ParseResult;
using mlir::StringRef;
using mlir::success;
using mlir::SymbolTableCollection;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// Reads "(BODY)".
template <typename AttrT, typename ValueT>
static ParseResult parseInParens(OpAsmParser &parser, AttrT &attr) {
  llvm::SMLoc loc = parser.getCurrentLocation();
  ValueT value;
  if (parser.parseLParen() || parseBody(parser, value) ||
      parser.parseRParen()) {
    return failure();
  }
  attr = parser.getChecked<AttrT>(loc, parser.getContext(), value);
  return success(attr != nullptr);
}

template <typename ValueT>
static void printInParens(OpAsmPrinter &printer, const ValueT &value) {
  printer << "(";
  printBody(printer, value);
  printer << ")";
}

static ParseResult parseRect(OpAsmParser &parser, RectAttr &rect) {
  return parseInParens<RectAttr, Rect>(parser, rect);
}
static void printRect(OpAsmPrinter &printer, Operation *, RectAttr rect) {
  printInParens(printer, rect.getValue());
}

static ParseResult parseLineAxis(OpAsmParser &parser, LineAxisAttr &axis) {
  llvm::SMLoc loc = parser.getCurrentLocation();
  StringRef name;
  if (parser.parseKeyword(&name)) {
    return failure();
  }
  std::optional<LineAxis> value = symbolizeLineAxis(name);
  if (!value) {
    return parser.emitError(loc, "expected 'x' or 'y', but got '")
           << name << "'";
  }
  axis = LineAxisAttr::get(parser.getContext(), *value);
  return success();
}
static void printLineAxis(OpAsmPrinter &printer, Operation *,
                          LineAxisAttr axis) {
  printer << stringifyLineAxis(axis.getValue());
}

static ParseResult parseEdge(OpAsmParser &parser, EdgeAttr &edge) {
  return parseInParens<EdgeAttr, HostEdge>(parser, edge);
}
static void printEdge(OpAsmPrinter &printer, Operation *, EdgeAttr edge) {
  printInParens(printer, edge.getValue());
}

static ParseResult parseSegments(OpAsmParser &parser, SegmentsAttr &segments) {
  llvm::SMLoc loc = parser.getCurrentLocation();
  mlir::SmallVector<SegmentPattern> patterns;
  if (parser.parseLSquare() || parseBody(parser, patterns) ||
      parser.parseRSquare()) {
    return failure();
  }
  segments = parser.getChecked<SegmentsAttr>(
      loc, parser.getContext(), llvm::ArrayRef<SegmentPattern>(patterns));
  return success(segments != nullptr);
}
static void printSegments(OpAsmPrinter &printer, Operation *,
                          SegmentsAttr segments) {
  printer << "[";
  printBody(printer, segments.getPatterns());
  printer << "]";
}

/// "from(X, Y)" or "from_host(EDGE, ROW)", then "to [RECTS]" or "to_host(...)".
static ParseResult parseEnds(OpAsmParser &parser, CoordAttr &source,
                             EdgeAttr &fromHost, ArrayAttr &sinks,
                             EdgeAttr &toHost) {
  if (succeeded(parser.parseOptionalKeyword("from_host"))) {
    if (parseEdge(parser, fromHost)) {
      return failure();
    }
  } else if (parser.parseKeyword("from", " or 'from_host'") ||
             parseInParens<CoordAttr, Coord>(parser, source)) {
    return failure();
  }
  if (succeeded(parser.parseOptionalKeyword("to_host"))) {
    return parseEdge(parser, toHost);
  }
  mlir::SmallVector<Attribute> rects;
  auto parseSink = [&]() -> ParseResult {
    RectAttr rect;
    if (parser.parseKeyword("rect") || parseRect(parser, rect)) {
      return failure();
    }
    rects.push_back(rect);
    return success();
  };
  if (parser.parseKeyword("to", " or 'to_host'") ||
      parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Square,
                                     parseSink)) {
    return failure();
  }
  sinks = parser.getBuilder().getArrayAttr(rects);
  return success();
}

static void printEnds(OpAsmPrinter &printer, Operation *, CoordAttr source,
                      EdgeAttr fromHost, ArrayAttr sinks, EdgeAttr toHost) {
  if (fromHost) {
    printer << "from_host";
    printInParens(printer, fromHost.getValue());
  }
  if (source) {
    printer << "from";
    printInParens(printer, source.getValue());
  }
  if (sinks) {
    printer << " to [";
    llvm::interleaveComma(sinks.getAsRange<RectAttr>(), printer,
                          [&](RectAttr rect) {
                            printer << "rect";
                            printInParens(printer, rect.getValue());
                          });
    printer << "]";
  }
  if (toHost) {
    printer << " to_host";
    printInParens(printer, toHost.getValue());
  }
}

/// "[RUNS], [RUNS]"
static ParseResult parseClasses(OpAsmParser &parser, ArrayAttr &classes) {
  mlir::SmallVector<Attribute> lists;
  auto parseClass = [&]() -> ParseResult {
    llvm::SMLoc loc = parser.getCurrentLocation();
    RunList runs;
    if (parser.parseLSquare() || parseBody(parser, runs) ||
        parser.parseRSquare()) {
      return failure();
    }
    lists.push_back(parser.getChecked<RunsAttr>(
        loc, parser.getContext(), llvm::ArrayRef<uint32_t>(runs.counts),
        llvm::ArrayRef<RouteAttr>(runs.routes)));
    return success(lists.back() != nullptr);
  };
  if (parser.parseCommaSeparatedList(parseClass)) {
    return failure();
  }
  classes = parser.getBuilder().getArrayAttr(lists);
  return success();
}

static void printClasses(OpAsmPrinter &printer, Operation *,
                         ArrayAttr classes) {
  llvm::interleaveComma(classes.getAsRange<RunsAttr>(), printer,
                        [&](RunsAttr runs) {
                          printer << "[";
                          printBody(printer, runs);
                          printer << "]";
                        });
}

#define GET_OP_CLASSES
#include "wafer/WFabric/WFabricOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Common checks
//===----------------------------------------------------------------------===//

static LogicalResult verifyColorAndWords(Operation *op,
                                         std::optional<int64_t> color,
                                         std::optional<int64_t> words) {
  if (color && (*color < 0 || *color > 31)) {
    return op->emitOpError("expected a color of 0 to 31, but got ") << *color;
  }
  if (words && *words < 1) {
    return op->emitOpError("expected a positive number of words, but got ")
           << *words;
  }
  return success();
}

static LogicalResult verifySkew(Operation *op, int64_t skew) {
  if (!llvm::isInt<32>(skew)) {
    return op->emitOpError("skew ") << skew << " does not fit 32 bits";
  }
  return success();
}

/// The solver's own check, on a grid that holds everything.
static LogicalResult checkAlone(Operation *op, RoutingProblem problem) {
  problem.width = problem.height = RoutingProblem::kMaxSide;
  problem.anyBorders = true;
  problem.limits.colors = 32;
  problem.limits.switchable = ~0u;
  if (Status status = problem.check(); !status) {
    return op->emitOpError() << status.error().str();
  }
  return success();
}

static std::optional<uint8_t> toColor(std::optional<int64_t> color) {
  return color ? std::optional<uint8_t>(uint8_t(*color)) : std::nullopt;
}

static mlir::IntegerAttr optionalInteger(OpBuilder &builder,
                                         std::optional<int64_t> value) {
  return value ? builder.getI64IntegerAttr(*value) : mlir::IntegerAttr();
}

static mlir::UnitAttr optionalUnit(OpBuilder &builder, bool value) {
  return value ? builder.getUnitAttr() : mlir::UnitAttr();
}

//===----------------------------------------------------------------------===//
// FamilyOp
//===----------------------------------------------------------------------===//

void FamilyOp::build(OpBuilder &builder, OperationState &state,
                     const RoutedFamily &family, std::optional<int64_t> words) {
  mlir::MLIRContext *context = builder.getContext();
  build(builder, state, builder.getStringAttr(family.name),
        RectAttr::get(context, family.rect),
        LineAxisAttr::get(context, toLineAxis(family.axis)),
        SegmentsAttr::get(context, family.patterns),
        builder.getI64IntegerAttr(family.skew), optionalInteger(builder, words),
        optionalUnit(builder, family.needsSwitch),
        optionalInteger(builder, family.color));
}

RoutedFamily FamilyOp::getFamily() {
  RoutedFamily family;
  family.name = getSymName().str();
  family.rect = getRect().getValue();
  family.axis = toAxis(getAxis());
  family.skew = int32_t(getSkew());
  family.patterns = getSegments().getPatterns().vec();
  family.color = toColor(getColor());
  family.needsSwitch = getSwitched();
  return family;
}

LogicalResult FamilyOp::verify() {
  // family-c3 and c4 first: they make the numbers fit the solver's types.
  if (failed(verifyColorAndWords(*this, getColor(), getWords())) ||
      failed(verifySkew(*this, getSkew()))) {
    return failure();
  }
  // family-c1, family-c2
  RoutingProblem problem;
  problem.families.push_back(getFamily());
  return checkAlone(*this, std::move(problem));
}

//===----------------------------------------------------------------------===//
// StreamOp
//===----------------------------------------------------------------------===//

void StreamOp::build(OpBuilder &builder, OperationState &state,
                     const RoutedStream &stream, std::optional<int64_t> words) {
  mlir::MLIRContext *context = builder.getContext();
  auto edgeAttr = [&](const std::optional<HostEdge> &edge) {
    return edge ? EdgeAttr::get(context, *edge) : EdgeAttr();
  };
  mlir::SmallVector<Attribute> sinks;
  for (const Rect &rect : stream.sinks) {
    sinks.push_back(RectAttr::get(context, rect));
  }
  build(builder, state, builder.getStringAttr(stream.name),
        stream.fromHost ? CoordAttr() : CoordAttr::get(context, stream.source),
        edgeAttr(stream.fromHost),
        stream.toHost ? ArrayAttr() : builder.getArrayAttr(sinks),
        edgeAttr(stream.toHost), optionalInteger(builder, words),
        optionalUnit(builder, stream.needsSwitch),
        optionalInteger(builder, stream.color));
}

RoutedStream StreamOp::getStream() {
  RoutedStream stream;
  stream.name = getSymName().str();
  if (CoordAttr source = getSourceAttr()) {
    stream.source = source.getValue();
  }
  if (EdgeAttr edge = getFromHostAttr()) {
    stream.fromHost = edge.getValue();
  }
  if (ArrayAttr sinks = getSinksAttr()) {
    for (RectAttr rect : sinks.getAsRange<RectAttr>()) {
      stream.sinks.push_back(rect.getValue());
    }
  }
  if (EdgeAttr edge = getToHostAttr()) {
    stream.toHost = edge.getValue();
  }
  stream.color = toColor(getColor());
  stream.needsSwitch = getSwitched();
  return stream;
}

LogicalResult StreamOp::verify() {
  // stream-c1
  if (bool(getSourceAttr()) == bool(getFromHostAttr())) {
    return emitOpError("expected either a source core or a port of the host");
  }
  if (bool(getSinksAttr()) == bool(getToHostAttr())) {
    return emitOpError("expected either sinks or a port of the host");
  }
  // stream-c3
  if (failed(verifyColorAndWords(*this, getColor(), getWords()))) {
    return failure();
  }
  // stream-c2 and the rest of c1
  RoutingProblem problem;
  problem.streams.push_back(getStream());
  return checkAlone(*this, std::move(problem));
}

//===----------------------------------------------------------------------===//
// HostPortOp and ExclusiveOp
//===----------------------------------------------------------------------===//

void HostPortOp::build(OpBuilder &builder, OperationState &state,
                       StringRef name, PortDirection direction, HostEdge edge,
                       StringRef stream) {
  mlir::MLIRContext *context = builder.getContext();
  build(builder, state, builder.getStringAttr(name),
        PortDirectionAttr::get(context, direction),
        EdgeAttr::get(context, edge), FlatSymbolRefAttr::get(context, stream));
}

LogicalResult HostPortOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // host_port-c1
  auto stream =
      symbols.lookupNearestSymbolFrom<StreamOp>(*this, getStreamAttr());
  if (!stream) {
    return emitOpError("there is no stream ") << getStreamAttr();
  }
  bool input = getDirection() == PortDirection::Input;
  EdgeAttr edge = input ? stream.getFromHostAttr() : stream.getToHostAttr();
  if (edge != getEdge()) {
    mlir::InFlightDiagnostic error =
        emitOpError() << "stream " << getStreamAttr() << " does not "
                      << (input ? "enter" : "leave") << " here";
    error.attachNote(stream.getLoc()) << "the stream";
    return error;
  }
  return success();
}

void CrossingOp::build(OpBuilder &builder, OperationState &state,
                       StringRef name, StringRef source, StringRef target) {
  mlir::MLIRContext *context = builder.getContext();
  build(builder, state, builder.getStringAttr(name),
        FlatSymbolRefAttr::get(context, source),
        FlatSymbolRefAttr::get(context, target));
}

LogicalResult CrossingOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // crossing-c1
  auto source =
      symbols.lookupNearestSymbolFrom<StreamOp>(*this, getSourceAttr());
  auto target =
      symbols.lookupNearestSymbolFrom<StreamOp>(*this, getTargetAttr());
  if (!source || !target) {
    return emitOpError("there is no stream ")
           << (source ? getTargetAttr() : getSourceAttr());
  }
  EdgeAttr from = source.getToHostAttr(), to = target.getFromHostAttr();
  if (!from || !to || from.getValue().wafer == to.getValue().wafer) {
    return emitOpError() << "stream " << getSourceAttr()
                         << " does not leave, or " << getTargetAttr()
                         << " does not enter, at the edges of two wafers";
  }
  return success();
}

LogicalResult ExclusiveOp::verify() {
  // exclusive-c1
  llvm::DenseSet<Attribute> seen;
  for (Attribute name : getStreams()) {
    if (!seen.insert(name).second) {
      return emitOpError() << name << " is named twice";
    }
  }
  if (seen.size() < 2) {
    return emitOpError("expected two streams or more");
  }
  return success();
}

LogicalResult ExclusiveOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // exclusive-c2
  for (auto name : getStreams().getAsRange<FlatSymbolRefAttr>()) {
    Operation *op = symbols.lookupNearestSymbolFrom(*this, name.getAttr());
    if (!mlir::isa_and_nonnull<FamilyOp, StreamOp>(op)) {
      return emitOpError() << name << " is not a family or stream";
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// RuleOp
//===----------------------------------------------------------------------===//

void RuleOp::build(OpBuilder &builder, OperationState &state, const Rule &rule,
                   llvm::ArrayRef<RouteConfig> configs, StringRef owner) {
  mlir::MLIRContext *context = builder.getContext();
  mlir::SmallVector<Attribute> classes;
  for (const std::vector<Run> &runs : rule.classes) {
    classes.push_back(RunsAttr::fromRuns(context, runs, configs));
  }
  build(builder, state, builder.getStringAttr(rule.name),
        builder.getI64IntegerAttr(rule.color),
        RectAttr::get(context, rule.rect),
        LineAxisAttr::get(context, toLineAxis(rule.axis)),
        builder.getI64IntegerAttr(rule.skew), builder.getArrayAttr(classes),
        owner.empty() ? FlatSymbolRefAttr()
                      : FlatSymbolRefAttr::get(context, owner));
}

/// Offsets of the first and last router with a route; first > last if none.
static std::pair<int64_t, int64_t> routedHull(RunsAttr runs) {
  int64_t position = 0, first = runs.getLength(), last = -1;
  for (auto [count, route] : llvm::zip(runs.getCounts(), runs.getRoutes())) {
    if (route) {
      first = std::min(first, position);
      last = position + count - 1;
    }
    position += count;
  }
  return {first, last};
}

LogicalResult RuleOp::verify() {
  // rule-c1
  if (failed(verifyColorAndWords(*this, getColor(), std::nullopt)) ||
      failed(verifySkew(*this, getSkew()))) {
    return failure();
  }
  // rule-c2
  Rect rect = getRect().getValue();
  bool alongX = getAxis() == LineAxis::X;
  int64_t side = alongX ? rect.w : rect.h;
  int64_t lines = alongX ? rect.h : rect.w;
  int64_t slant = (lines - 1) * getSkew();
  if (getClasses().empty() || int64_t(getClasses().size()) > lines) {
    return emitOpError("expected 1 to ")
           << lines << " lists of runs, but got " << getClasses().size();
  }
  for (RunsAttr runs : getClasses().getAsRange<RunsAttr>()) {
    if (runs.getLength() != side) {
      return emitOpError("expected runs of ")
             << side << " routers, but got " << runs.getLength();
    }
    // rule-c3
    auto [first, last] = routedHull(runs);
    if (first <= last && (first + std::min<int64_t>(slant, 0) < 0 ||
                          last + std::max<int64_t>(slant, 0) >= side)) {
      return emitOpError("the skew shifts a route out of the rectangle");
    }
  }
  return success();
}
