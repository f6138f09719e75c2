// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TreeText.h - Collective plans as text --------------------*- C++ -*-===//
//
// A CollectivePlan on every line of a region, in the text form of images: the
// tables in which cores differ, their parameters and queues, the code, the
// routes and the streams. docs/bench.md describes the program.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_BENCH_TREETEXT_H
#define WAFER_LIB_BENCH_TREETEXT_H

#include "wafer/Collectives/CollectiveProblem.h"
#include "wafer/Support/Geometry.h"

#include <string>
#include <vector>

namespace wafer::bench {

/// How the words are added: four bytes a word, or two 16-bit elements.
struct TreeArithmetic {
  const char *add = "fadds";
  const char *move = "mov32";
  /// Two elements travel in a word.
  bool packed = false;
};

class TreeText {
public:
  /// The machine has what plan.resources() says. Lines lie along `axis` of a
  /// region at the north-west corner: `lines` of them.
  TreeText(const Machine &machine, const CollectivePlan &plan, uint32_t words,
           Axis axis, uint32_t lines, TreeArithmetic arithmetic = {});

  static constexpr unsigned kTables = 9;
  /// Row or column tables 0 to kTables - 1 of the region.
  std::string tables() const;
  /// The parameter block, which begins at address 0; buffer `acc` holds the
  /// words of a core, then the sums.
  std::string params() const;
  static uint32_t paramBytes();
  std::string queues() const;
  /// The cores do their part; what follows the code finds the sums in acc and
  /// in r4 the cycle in which the last word of the core was there. Uses r1 to
  /// r4 and DSRs 0 to 3 of each file.
  std::string code() const;
  std::string routes() const;

private:
  std::string add(const char *dest, const char *src0, const char *src1) const;
  std::string rootCode() const;
  std::string treeRoutes() const;
  std::string shareRoutes() const;
  std::string rule(unsigned color, const std::string &runs) const;
  uint32_t bound(uint8_t color) const;
  uint32_t length() const { return plan.tree.size(); }
  unsigned shareColor() const { return colors.back(); }
  const char *tableKind() const { return axis == Axis::X ? "col" : "row"; }
  uint32_t elements() const { return words * (arithmetic.packed ? 2 : 1); }
  bool both() const { return plan.tree.numInputs() == 2; }

  const CollectivePlan &plan;
  uint32_t words;
  Axis axis;
  uint32_t lines;
  TreeArithmetic arithmetic;
  /// Of the tree, then that of the multicast.
  std::vector<unsigned> colors;
  /// Queues: of a side, of the second side of the root, of the multicast.
  unsigned side = 0, east = 0, share = 0, out = 0;
};

} // namespace wafer::bench

#endif // WAFER_LIB_BENCH_TREETEXT_H
