// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RandomNets.h - Cores that exchange messages by chance ----*- C++ -*-===//
//
// Programs of the class that can be certified: streams with multicasts over a
// small grid, each core with one task that sends, takes and passes on messages
// in a fixed order, in loops and in periods, with joins that come together
// again; numbers that are told on the way decide about some of them. They are
// written down from one order of all messages, so that no run can deadlock;
// *damaged* ones have something exchanged, left out or changed in one core, and
// most of them do.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_CERTIFY_RANDOMNETS_H
#define WAFER_TEST_UNIT_CERTIFY_RANDOMNETS_H

#include "Builder.h"

namespace wafer::test {

struct RandomNet {
  /// Periods repeat for ever, if the program has any.
  Image endless;
  /// The same with a few periods, so that a run ends.
  Image bounded;
  Machine machine;
  ParameterSet costs;
  bool damaged = false;
};

/// The same seed gives the same net.
RandomNet makeRandomNet(uint64_t seed);

/// A machine and costs for another run of the net.
void varyMachine(RandomNet &net, uint64_t seed);

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_CERTIFY_RANDOMNETS_H
