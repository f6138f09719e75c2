// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- VerifyRouting.h - Route tables against their intent ------*- C++ -*-===//
//
// The checker of routes. It shares no code with the colorer or with the rules'
// derivation: it paints the rules into tables, sends a wavelet from every
// source through them and compares who got it with who should have.
//
// Rows (columns) between two places where some rule or stream begins or ends
// are alike, so one of each kind stands for all: the cost is, for each color,
// the kinds of rows times the kinds of columns, and the routers of the streams'
// representative lines.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_ROUTE_VERIFYROUTING_H
#define WAFER_ROUTE_VERIFYROUTING_H

#include "wafer/Route/RoutingProblem.h"

#include <vector>

namespace wafer {

/// Reports at most `maxErrors` faults; none means that the tables are right:
///   - rules are well formed, and no router has two routes of one color;
///   - every route has one input port;
///   - every source reaches exactly its sinks, each once, and the host where it
///     should; nothing leaves the grid elsewhere or stops under way;
///   - no two streams of one color share a router, and no router has a route
///     that no stream uses.
std::vector<Diagnostic> verifyRouting(const RoutingProblem &problem,
                                      const std::vector<uint8_t> &colors,
                                      const std::vector<Rule> &rules,
                                      const std::vector<RouteConfig> &configs,
                                      unsigned maxErrors = 16);

} // namespace wafer

#endif // WAFER_ROUTE_VERIFYROUTING_H
