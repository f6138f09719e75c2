// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Progress.h - A progress bar on a terminal ----------------*- C++ -*-===//
//
// One line on standard error that shows how far long work is. Nothing is
// printed where standard error is no terminal. The owner calls update() from
// one thread; the line is wiped when the bar goes out of scope.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SUPPORT_PROGRESS_H
#define WAFER_SUPPORT_PROGRESS_H

#include <chrono>
#include <cstdint>
#include <string>

namespace wafer {

class Progress {
public:
  /// `total` 0 means that the end is not known: only the count is shown.
  Progress(std::string label, uint64_t total);
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;
  ~Progress();

  /// Shows that `done` of `total` is done, and a note behind it; cheap when
  /// called often.
  void update(uint64_t done, const std::string &note = "");

  /// The text of the line, apart from the terminal (for tests).
  static std::string format(const std::string &label, uint64_t done,
                            uint64_t total, const std::string &note = "");

private:
  std::string label;
  uint64_t total;
  bool active;
  bool drawn = false;
  std::chrono::steady_clock::time_point next;
};

} // namespace wafer

#endif // WAFER_SUPPORT_PROGRESS_H
