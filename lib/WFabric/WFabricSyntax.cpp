// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "WFabricSyntax.h"

using namespace wafer;
using namespace wafer::wfabric;
using mlir::AsmParser;
using mlir::AsmPrinter;
using mlir::failed;
using mlir::failure;
using mlir::ParseResult;
using mlir::success;

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

ParseResult wfabric::parseBody(AsmParser &p, Rect &r) {
  return failure(p.parseInteger(r.x) || p.parseComma() || p.parseInteger(r.y) ||
                 p.parseComma() || p.parseInteger(r.w) || p.parseComma() ||
                 p.parseInteger(r.h));
}

void wfabric::printBody(AsmPrinter &p, const Rect &r) {
  p << r.x << ", " << r.y << ", " << r.w << ", " << r.h;
}

ParseResult wfabric::parseBody(AsmParser &p, Coord &c) {
  return failure(p.parseInteger(c.x) || p.parseComma() || p.parseInteger(c.y));
}

void wfabric::printBody(AsmPrinter &p, const Coord &c) {
  p << c.x << ", " << c.y;
}

ParseResult wfabric::parseBody(AsmParser &p, HostEdge &edge) {
  edge.west = succeeded(p.parseOptionalKeyword("west"));
  if (!edge.west && p.parseKeyword("east", " or 'west'")) {
    return failure();
  }
  if (p.parseComma() || p.parseInteger(edge.row)) {
    return failure();
  }
  return failure(succeeded(p.parseOptionalComma()) &&
                 (p.parseKeyword("wafer") || p.parseInteger(edge.wafer)));
}

void wfabric::printBody(AsmPrinter &p, const HostEdge &edge) {
  p << (edge.west ? "west" : "east") << ", " << edge.row;
  if (edge.wafer != 0) {
    p << ", wafer " << edge.wafer;
  }
}

//===----------------------------------------------------------------------===//
// Segments
//===----------------------------------------------------------------------===//

ParseResult
wfabric::parseBody(AsmParser &p,
                   mlir::SmallVectorImpl<SegmentPattern> &patterns) {
  return p.parseCommaSeparatedList([&]() -> ParseResult {
    SegmentPattern s;
    if (p.parseInteger(s.source) || p.parseArrow() ||
        p.parseInteger(s.sinkBegin) || p.parseKeyword("to") ||
        p.parseInteger(s.sinkEnd)) {
      return failure();
    }
    if (succeeded(p.parseOptionalKeyword("step")) &&
        (p.parseInteger(s.step) || p.parseKeyword("count") ||
         p.parseInteger(s.count))) {
      return failure();
    }
    patterns.push_back(s);
    return success();
  });
}

void wfabric::printBody(AsmPrinter &p,
                        mlir::ArrayRef<SegmentPattern> patterns) {
  llvm::interleaveComma(patterns, p, [&](const SegmentPattern &s) {
    p << s.source << " -> " << s.sinkBegin << " to " << s.sinkEnd;
    if (s.step != 0 || s.count != 1) {
      p << " step " << s.step << " count " << s.count;
    }
  });
}

//===----------------------------------------------------------------------===//
// Routes
//===----------------------------------------------------------------------===//

static constexpr llvm::StringLiteral kPortLetters = "WESNR";
static constexpr llvm::StringLiteral kPopNames[] = {
    "never", "always", "on_advance", "on_advance_nop"};

static ParseResult parsePorts(AsmParser &p, uint8_t &mask) {
  llvm::SMLoc loc = p.getCurrentLocation();
  mlir::StringRef letters;
  if (p.parseKeyword(&letters)) {
    return failure();
  }
  mask = 0;
  for (char letter : letters) {
    size_t port = kPortLetters.find(letter);
    if (port == mlir::StringRef::npos || (mask >> port) & 1u) {
      return p.emitError(loc, "expected ports out of W, E, S, N and R, each "
                              "once, but got '")
             << letters << "'";
    }
    mask |= uint8_t(1u << port);
  }
  return success();
}

static void printPorts(AsmPrinter &p, uint8_t mask) {
  for (size_t port = 0; port < kPortLetters.size(); ++port) {
    if ((mask >> port) & 1u) {
      p << kPortLetters[port];
    }
  }
}

static ParseResult parsePositions(AsmParser &p, RouteConfig &config) {
  config.numPositions = 0;
  return p.parseCommaSeparatedList([&]() -> ParseResult {
    if (config.numPositions == config.positions.size()) {
      return p.emitError(p.getCurrentLocation(),
                         "a route has at most 4 positions");
    }
    SwitchPosition &position = config.positions[config.numPositions++];
    return failure(parsePorts(p, position.rx) || p.parseArrow() ||
                   parsePorts(p, position.tx));
  });
}

static ParseResult parsePop(AsmParser &p, PopMode &pop) {
  llvm::SMLoc loc = p.getCurrentLocation();
  mlir::StringRef name;
  if (p.parseLParen() || p.parseKeyword(&name) || p.parseRParen()) {
    return failure();
  }
  const auto *it = llvm::find(kPopNames, name);
  if (it == std::end(kPopNames)) {
    return p.emitError(loc, "unknown pop mode '") << name << "'";
  }
  pop = PopMode(it - std::begin(kPopNames));
  return success();
}

ParseResult wfabric::parseBody(AsmParser &p, RouteConfig &config) {
  if (parsePositions(p, config)) {
    return failure();
  }
  if (succeeded(p.parseOptionalKeyword("at")) &&
      (p.parseLParen() || p.parseInteger(config.currentPosition) ||
       p.parseRParen())) {
    return failure();
  }
  config.ring = succeeded(p.parseOptionalKeyword("ring"));
  if (succeeded(p.parseOptionalKeyword("pop")) && parsePop(p, config.pop)) {
    return failure();
  }
  Filter &filter = config.filter;
  if (succeeded(p.parseOptionalKeyword("counter"))) {
    filter.kind = FilterKind::Counter;
    return failure(p.parseLParen() || p.parseInteger(filter.init) ||
                   p.parseComma() || p.parseInteger(filter.limit) ||
                   p.parseComma() || p.parseInteger(filter.max) ||
                   p.parseRParen());
  }
  if (succeeded(p.parseOptionalKeyword("range"))) {
    filter.kind = FilterKind::Range;
    return failure(p.parseLParen() || p.parseInteger(filter.min) ||
                   p.parseComma() || p.parseInteger(filter.max) ||
                   p.parseRParen());
  }
  return success();
}

void wfabric::printBody(AsmPrinter &p, const RouteConfig &config) {
  for (unsigned i = 0; i < config.numPositions; ++i) {
    p << (i ? ", " : "");
    printPorts(p, config.positions[i].rx);
    p << " -> ";
    printPorts(p, config.positions[i].tx);
  }
  if (config.currentPosition != 0) {
    p << " at(" << unsigned(config.currentPosition) << ")";
  }
  p << (config.ring ? " ring" : "");
  if (config.pop != PopMode::Never) {
    p << " pop(" << kPopNames[unsigned(config.pop)] << ")";
  }
  const Filter &filter = config.filter;
  if (filter.kind == FilterKind::Counter) {
    p << " counter(" << filter.init << ", " << filter.limit << ", "
      << filter.max << ")";
  } else if (filter.kind == FilterKind::Range) {
    p << " range(" << filter.min << ", " << filter.max << ")";
  }
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

namespace {
/// Repeats of lists are found up to this length, and no line is longer than
/// kMaxRouters.
constexpr size_t kMaxPeriod = 16;
constexpr int64_t kMaxRouters = RoutingProblem::kMaxSide;
} // namespace

/// `depth` counts the lists around the run.
static ParseResult parseRun(AsmParser &p, RunList &runs, unsigned depth);

/// "[...]" after "COUNT x".
static ParseResult parseRepeat(AsmParser &p, llvm::SMLoc loc, uint32_t count,
                               RunList &runs, unsigned depth) {
  constexpr unsigned kMaxDepth = 8;
  if (depth == kMaxDepth) {
    return p.emitError(loc, "lists of runs are nested too deeply");
  }
  RunList part;
  if (p.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                [&] { return parseRun(p, part, depth + 1); })) {
    return failure();
  }
  if (part.counts.empty() ||
      uint64_t(count) * part.counts.size() > uint64_t(kMaxRouters)) {
    return p.emitError(loc, "a repeated list is empty or too long");
  }
  for (uint32_t i = 0; i < count; ++i) {
    runs.counts.append(part.counts);
    runs.routes.append(part.routes);
  }
  return success();
}

static ParseResult parseRun(AsmParser &p, RunList &runs, unsigned depth) {
  llvm::SMLoc loc = p.getCurrentLocation();
  if (runs.counts.size() > size_t(kMaxRouters)) {
    return p.emitError(loc, "a list of runs is too long");
  }
  uint32_t count = 0;
  if (p.parseInteger(count) || p.parseKeyword("x")) {
    return failure();
  }
  if (succeeded(p.parseOptionalKeyword("none"))) {
    runs.counts.push_back(count);
    runs.routes.push_back({});
    return success();
  }
  if (failed(p.parseOptionalLParen())) {
    return parseRepeat(p, loc, count, runs, depth);
  }
  RouteConfig config;
  if (parseBody(p, config) || p.parseRParen()) {
    return failure();
  }
  RouteAttr route = p.getChecked<RouteAttr>(loc, p.getContext(), config);
  if (!route) {
    return failure();
  }
  runs.counts.push_back(count);
  runs.routes.push_back(route);
  return success();
}

ParseResult wfabric::parseBody(AsmParser &p, RunList &runs) {
  return p.parseCommaSeparatedList(
      [&] { return parseRun(p, runs, /*depth=*/0); });
}

/// The best way to print the runs from `at` on: `times` times the next `period`
/// runs.
struct Repeat {
  size_t period = 1;
  size_t times = 1;
};
static Repeat findRepeat(RunsAttr runs, size_t at) {
  mlir::ArrayRef<uint32_t> counts = runs.getCounts();
  mlir::ArrayRef<RouteAttr> routes = runs.getRoutes();
  Repeat best;
  for (size_t period = 1; period <= kMaxPeriod; ++period) {
    size_t end = at + period;
    while (end < counts.size() && counts[end] == counts[end - period] &&
           routes[end] == routes[end - period]) {
      ++end;
    }
    size_t times = end <= counts.size() ? (end - at) / period : 0;
    if (times > 1 && times * period > best.times * best.period) {
      best = {period, times};
    }
  }
  return best;
}

static void printRun(AsmPrinter &p, RunsAttr runs, size_t at) {
  p << runs.getCounts()[at] << " x ";
  RouteAttr route = runs.getRoutes()[at];
  if (!route) {
    p << "none";
    return;
  }
  p << "(";
  printBody(p, route.getConfig());
  p << ")";
}

void wfabric::printBody(AsmPrinter &p, RunsAttr runs) {
  for (size_t at = 0; at < runs.getCounts().size();) {
    p << (at ? ", " : "");
    Repeat repeat = findRepeat(runs, at);
    if (repeat.times == 1) {
      printRun(p, runs, at++);
      continue;
    }
    p << repeat.times << " x [";
    for (size_t i = 0; i < repeat.period; ++i) {
      p << (i ? ", " : "");
      printRun(p, runs, at + i);
    }
    p << "]";
    at += repeat.times * repeat.period;
  }
}
