// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Trace.h - A run as a time line ---------------------------*- C++ -*-===//
//
// Writes what an observer is told as a trace in the JSON format of Chrome's
// tracing, which Perfetto reads (docs/run.md says what stands in it). Events go
// to the file as they come: memory is that of the cores that are shown.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_SIM_TRACE_H
#define WAFER_SIM_TRACE_H

#include "wafer/Image/Image.h"
#include "wafer/Sim/Observer.h"

#include <functional>

namespace wafer {

struct TraceOptions {
  /// The cores that are shown; empty: of every region its corners and the core
  /// in the middle.
  std::vector<Rect> cores;
  /// What is shown begins at or after `from` and ends at or before `to`, or is
  /// cut there.
  Cycle from = 0;
  Cycle to = kNever;
  /// Cycles of a second; 0: a cycle is shown as a nanosecond.
  double clockHz = 0;
  /// Texts for the head of the file, key and value.
  std::vector<std::pair<std::string, std::string>> notes;
  /// What a word of the host is called; without it "word <payload>".
  std::function<std::string(unsigned port, uint64_t index, uint32_t payload)>
      wordName;
};

class TraceWriter : public Observer {
public:
  /// Opens a file that appears as a whole when finish() succeeds, and not at
  /// all without it. The image must outlive the writer.
  static Result<std::unique_ptr<TraceWriter>>
  create(const std::string &path, const Image &image,
         const TraceOptions &options);

  /// Ends the trace at cycle `now`. The observer must have been settled there.
  /// Fails if any write failed.
  virtual Status finish(Cycle now) = 0;
};

} // namespace wafer

#endif // WAFER_SIM_TRACE_H
