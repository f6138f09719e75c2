// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LineCosts.h - What a collective on a line pays -----------*- C++ -*-===//
//
// The fixed costs of a core that takes part in a collective, each where it
// arises. All in cycles. The program is the one that lib/Bench/LineProgram.cpp
// writes: a core loads its descriptors, takes the words of its children in one
// vector instruction, and sends in another one.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_COLLECTIVES_LINECOSTS_H
#define WAFER_COLLECTIVES_LINECOSTS_H

#include "wafer/Machine/Machine.h"

namespace wafer {

struct LineCosts {
  uint32_t hop = 1;
  uint32_t ramp = 2;
  uint32_t vectorStart = 0;
  /// A stream from memory sends so many words in so many cycles.
  uint32_t sendWords = 1, sendCycles = 1;
  uint32_t dsrLoad = 1;
  /// What the input queue of a core and the ramp in front of it hold.
  uint32_t queueWords = 0;
  /// From cycle 0, in which all cores start, to the issue of the first vector
  /// instruction of a core that only sends; that only adds to what passes by;
  /// that takes children first; that is the root of an end.
  uint32_t leafEntry = 0, passEntry = 0, takeEntry = 0, rootEntry = 0;

  static LineCosts of(const Machine &machine, const ParameterSet &costs);

  /// From the step that sends a word to the step that can use it `distance`
  /// cores on.
  uint64_t latency(uint32_t distance) const {
    return uint64_t(distance) * hop + 2 * ramp + 1;
  }
  /// From the first to the last of `words` words of a stream from memory.
  uint64_t span(uint32_t words) const {
    uint64_t last = words - 1;
    return last + last / sendWords * (sendCycles - sendWords);
  }
};

} // namespace wafer

#endif // WAFER_COLLECTIVES_LINECOSTS_H
