// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RandomImages.h - Small valid images by chance ------------*- C++ -*-===//
//
// A case is an image for a small random machine, and what the host does with
// it. Streams with turns, multicasts and joins connect programs that send and
// receive about as many words; switch positions, filters, control wavelets,
// tasks and microthreads are mixed in, and now and then a route or an
// instruction that makes no sense. Many cases end in a deadlock or a fault;
// they are as good as any for a comparison of engines.
//
// The same seed gives the same case. Every image passes validate().
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_SIM_RANDOMIMAGES_H
#define WAFER_TEST_UNIT_SIM_RANDOMIMAGES_H

#include "wafer/Sim/Engine.h"

#include <vector>

namespace wafer::test {

/// The host hands over words before round `round` of the run.
struct RandomPush {
  unsigned round = 0;
  unsigned port = 0;
  bool control = false;
  std::vector<uint32_t> words;
};

/// One call of Engine::run: `cycles` more than the present one, and whether it
/// may end earlier because of the goals.
struct RandomRound {
  Cycle cycles = 0;
  std::vector<HostGoal> goals;
};

struct RandomCase {
  Image image;
  Machine machine;
  ParameterSet costs;
  std::vector<RandomPush> pushes;
  std::vector<RandomRound> rounds;
};

/// From this seed on, all programs of a case are loops, most of them of the
/// same number of turns.
inline constexpr uint64_t kFirstLoop = uint64_t(1) << 40;

RandomCase makeRandomCase(uint64_t seed);

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_SIM_RANDOMIMAGES_H
