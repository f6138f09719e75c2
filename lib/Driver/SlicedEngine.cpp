// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "SlicedEngine.h"

#include <algorithm>
#include <chrono>

using namespace wafer;

static volatile std::sig_atomic_t interrupted = 0;

static void noteInterrupt(int) { interrupted = 1; }

InterruptNote::InterruptNote() {
  interrupted = 0;
  struct sigaction action = {};
  action.sa_handler = noteInterrupt;
  sigemptyset(&action.sa_mask);
  action.sa_flags = int(SA_RESETHAND | SA_RESTART);
  ::sigaction(SIGINT, &action, &before);
  if (before.sa_handler == SIG_IGN) {
    // Who started the process does not want it to be interrupted.
    ::sigaction(SIGINT, &before, nullptr);
  }
}

InterruptNote::~InterruptNote() { ::sigaction(SIGINT, &before, nullptr); }

bool InterruptNote::isRaised() { return interrupted != 0; }

double SlicedEngine::cyclesPerSecond() const {
  return seconds > 0 ? double(inner->cycle()) / seconds : 0;
}

Outcome SlicedEngine::run(const RunLimits &limits) {
  constexpr double kShort = 0.25, kLong = 2;
  constexpr Cycle kShortest = 16;
  using Clock = std::chrono::steady_clock;
  RunLimits part = limits;
  stopped = false;
  for (;;) {
    // An engine may stand behind the limit already.
    Cycle now = inner->cycle();
    bool isLast = limits.maxCycles <= now || limits.maxCycles - now <= slice;
    bool stop = shouldStop && shouldStop();
    part.maxCycles = stop     ? std::min(now, limits.maxCycles)
                     : isLast ? limits.maxCycles
                              : now + slice;
    part.isSlice = !isLast && !stop;
    part.sliceOf = limits.maxCycles;
    part.explainLimit = limits.explainLimit && isLast && !stop;
    Clock::time_point began = Clock::now();
    Outcome outcome = inner->run(part);
    double took = std::chrono::duration<double>(Clock::now() - began).count();
    seconds += took;
    if (onSlice) {
      onSlice();
    }
    if (outcome.kind != Outcome::Kind::CycleLimit) {
      return outcome;
    }
    if (stop || isLast) {
      stopped = stop;
      return outcome;
    }
    if (took < kShort) {
      slice *= 2;
    } else if (took > kLong && slice > kShortest) {
      slice /= 2;
    }
  }
}
