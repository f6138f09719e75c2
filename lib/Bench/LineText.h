// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LineText.h - Collectives of lines as text ----------------*- C++ -*-===//
//
// All-reduces along one axis of a square of cores, in the text form: what each
// core does (tables of the region), the routes, and the streams. Every line of
// the square does the same; a line may consist of several groups that reduce
// each for itself.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_BENCH_LINETEXT_H
#define WAFER_LIB_BENCH_LINETEXT_H

#include "ChainPlan.h"

#include <string>

namespace wafer::bench {

class LineText {
public:
  /// `plan` is that of a group, whose cores divide `side`: one or two levels
  /// with collectors of MiddleSwitched. `colors` are those of the plan, of
  /// which 0 and 2 must be able to switch, and last the one that brings the
  /// sums back. `name` begins the names of configs and parameters.
  LineText(char name, Axis axis, uint32_t side, ChainPlan plan,
           std::vector<unsigned> colors)
      : name(name), axis(axis), side(side), colors(std::move(colors)),
        plan(std::move(plan)) {}

  /// By core of a line: four registers (see LayerWriter::allReduce), then the
  /// colors of the first, the second, the sharing and the output queue. Of a
  /// plan with one level the first table also has what the second has, as a
  /// core needs one of them only.
  std::vector<std::vector<uint32_t>> tables() const;
  std::string routes() const;
  /// The role's parameters NAME0 to NAME3: the registers, from tables `first`
  /// on.
  std::string params(unsigned first) const;
  /// The queues' bindings, to tables from `first` + 4 on. Of a plan with one
  /// level the first and the second are one queue.
  std::string queues(unsigned first, unsigned in0, unsigned in1, unsigned share,
                     unsigned out) const;
  /// "row" or "col".
  const char *tableKind() const { return axis == Axis::X ? "col" : "row"; }

private:
  uint32_t length() const { return uint32_t(plan.cores.size()); }
  std::string config(ChainRoute route) const;
  std::string sharing() const;

  char name;
  Axis axis;
  uint32_t side;
  std::vector<unsigned> colors;
  ChainPlan plan;
};

} // namespace wafer::bench

#endif // WAFER_LIB_BENCH_LINETEXT_H
