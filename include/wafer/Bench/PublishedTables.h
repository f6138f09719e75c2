// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- PublishedTables.h - Published figures, and ours beside ---*- C++ -*-===//
//
// What papers report of programs on a wafer, next to what the compiler's cost
// models say of its own programs for the same task on a machine, at each of its
// parameter sets. `wsec bench tables` prints them.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_BENCH_PUBLISHEDTABLES_H
#define WAFER_BENCH_PUBLISHEDTABLES_H

#include "wafer/Machine/Machine.h"
#include "wafer/Support/Result.h"

#include <optional>
#include <string>
#include <vector>

namespace wafer {

struct PublishedRow {
  std::string name;
  /// What was published, or the value of a published formula.
  double published = 0;
  /// Where it differs by row: the grid, the algorithm.
  std::string how;
  /// One for each parameter set; none where the task does not fit the machine.
  std::vector<std::optional<double>> ours;
};

/// Lower is better in all of them; values are cycles.
struct PublishedTable {
  std::string name;
  std::string title;
  /// Who published it, of which machine.
  std::string source;
  /// What has to be known to compare the columns.
  std::string note;
  std::vector<PublishedRow> rows;
};

/// A table by its name, and all names in order.
const std::vector<std::string> &publishedTableNames();
/// Fails on an unknown name. Cost: one search for each row and set.
Result<PublishedTable> makePublishedTable(const std::string &name,
                                          const Machine &machine);

/// Documents of a table; `machine` names the columns.
std::string textOf(const PublishedTable &table, const Machine &machine);
std::string markdownOf(const PublishedTable &table, const Machine &machine);
/// A bar for each figure.
std::string svgOf(const PublishedTable &table, const Machine &machine);

} // namespace wafer

#endif // WAFER_BENCH_PUBLISHEDTABLES_H
