// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Rules.h - Route tables of colored streams ----------------*- C++ -*-===//
//
// From a routing problem and its colors to the rules that an image carries, in
// closed form: one rule for a family, and for a stream one for its trunk and
// one for each group of equal branches. The number of rules does not depend on
// the number of cores.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_ROUTE_RULES_H
#define WAFER_ROUTE_RULES_H

#include "wafer/Route/RoutingProblem.h"

#include <vector>

namespace wafer {

/// Rules and the configurations that their runs name. Rules of one color may
/// have rectangles that overlap; at a router at most one of them has a route.
struct RouteTables {
  std::vector<Rule> rules;
  /// Without duplicates, in the order of first use.
  std::vector<RouteConfig> configs;
  /// owners[i]: the id of the stream that rules[i] belongs to.
  std::vector<unsigned> owners;
};

/// A configuration with one position and neither switch nor filter.
RouteConfig baseRoute(uint8_t rx, uint8_t tx);

/// `colors` by id, as from colorStreams. Rules come in the order of ids,
/// named after their stream, with ".line" for a family and ".trunk", ".north"
/// or
/// ".south" for a stream (and a number where it has several branches).
RouteTables deriveRules(const RoutingProblem &problem,
                        const std::vector<uint8_t> &colors);

} // namespace wafer

#endif // WAFER_ROUTE_RULES_H
