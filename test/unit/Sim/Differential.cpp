// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Differential.h"
#include "Apart.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::test;

namespace {

/// An engine beside the one that is right.
class Comparison {
public:
  Comparison(const RandomCase &test, Engine &one, Engine &other, bool values)
      : test(test), one(one), other(other), withValues(values) {}

  Difference compare(const Outcome &a, const Outcome &b);

private:
  template <typename T>
  static Difference values(const std::string &kind, const T &a, const T &b) {
    return {kind, fmt::format("{}: {} and {}", kind, a, b)};
  }
  Difference compareWords(unsigned port);
  Difference compareCounters(const Counters &a, const Counters &b);
  Difference compareCore(Coord core);
  Difference compareMemory(Coord core);

  const RandomCase &test;
  Engine &one;
  Engine &other;
  bool withValues;
};

/// All engines of a case.
class SideBySide {
public:
  SideBySide(const RandomCase &test, const std::vector<EngineSetup> &setups)
      : test(test), setups(setups) {}

  Difference run(OutcomeCounts *counts);

private:
  Difference load();
  Difference runRound(unsigned round, Outcome::Kind &kind);

  const RandomCase &test;
  const std::vector<EngineSetup> &setups;
  std::vector<std::unique_ptr<Engine>> engines;
};

} // namespace

//===----------------------------------------------------------------------===//
// One engine and another
//===----------------------------------------------------------------------===//

Difference Comparison::compare(const Outcome &a, const Outcome &b) {
  if (a.kind != b.kind || a.cycle != b.cycle) {
    return {a.kind != b.kind
                ? fmt::format("outcome {}/{}", nameOf(a.kind), nameOf(b.kind))
                : "end cycle",
            fmt::format("ends {} in cycle {} and {} in cycle {}\n{}\n{}",
                        nameOf(a.kind), a.cycle, nameOf(b.kind), b.cycle,
                        a.detail, b.detail)};
  }
  if (a.detail != b.detail) {
    return values("detail", a.detail, b.detail);
  }
  if (one.cycle() != other.cycle()) {
    return values("cycle", one.cycle(), other.cycle());
  }
  if (one.waitReport() != other.waitReport()) {
    return values("wait report", one.waitReport(), other.waitReport());
  }
  for (unsigned i = 0; i < test.image.hostPorts.size(); ++i) {
    if (Difference d = compareWords(i)) {
      return d;
    }
  }
  for (int32_t y = 0; y < test.machine.height(); ++y) {
    for (int32_t x = 0; x < test.machine.width(); ++x) {
      if (Difference d = compareCore({x, y})) {
        d.text = fmt::format("core ({}, {}): {}", x, y, d.text);
        return d;
      }
    }
  }
  if (one.wordHops() != other.wordHops()) {
    return values("word hops", one.wordHops(), other.wordHops());
  }
  return compareCounters(one.totalCounters(), other.totalCounters());
}

Difference Comparison::compareWords(unsigned port) {
  if (test.image.hostPorts[port].input) {
    return {};
  }
  std::vector<HostWord> a = one.received(port), b = other.received(port);
  if (a.size() != b.size()) {
    return values("host words", a.size(), b.size());
  }
  for (size_t i = 0; i < a.size(); ++i) {
    if ((withValues && a[i].payload != b[i].payload) ||
        a[i].control != b[i].control || a[i].cycle != b[i].cycle) {
      return {"host word",
              fmt::format("host word {}: {:#x} in cycle {} and {:#x} in {}", i,
                          a[i].payload, a[i].cycle, b[i].payload, b[i].cycle)};
    }
  }
  return {};
}

Difference Comparison::compareCounters(const Counters &a, const Counters &b) {
  for (unsigned i = 0; i < kNumActivities; ++i) {
    if (a.cycles[i] != b.cycles[i]) {
      return {"counters",
              fmt::format("counter '{}': {} and {}", nameOf(Activity(i)),
                          a.cycles[i], b.cycles[i])};
    }
  }
  return {};
}

Difference Comparison::compareCore(Coord core) {
  Counters a = one.counters(core);
  if (Difference d = compareCounters(a, other.counters(core))) {
    return d;
  }
  if (a.total() != one.cycle()) {
    return values("counted cycles", a.total(), one.cycle());
  }
  return withValues ? compareMemory(core) : Difference();
}

Difference Comparison::compareMemory(Coord core) {
  std::vector<uint8_t> p(test.machine.sramBytes), q(test.machine.sramBytes);
  Status s = one.peek(core, 0, p.data(), uint32_t(p.size()));
  Status t = other.peek(core, 0, q.data(), uint32_t(q.size()));
  if (bool(s) != bool(t)) {
    return {"memory", "one has memory"};
  }
  if (std::memcmp(p.data(), q.data(), p.size()) == 0) {
    return {};
  }
  size_t i =
      size_t(std::mismatch(p.begin(), p.end(), q.begin()).first - p.begin());
  return {"memory", fmt::format("byte {}: {:#x} and {:#x}", i, p[i], q[i])};
}

//===----------------------------------------------------------------------===//
// Cases
//===----------------------------------------------------------------------===//

Difference SideBySide::load() {
  for (unsigned i = 0; i < setups.size(); ++i) {
    auto engine = setups[i].make(test);
    if (!engine) {
      return {"load", "does not load: " + engine.error().str(), i};
    }
    engines.push_back(std::move(*engine));
  }
  return {};
}

Difference SideBySide::runRound(unsigned round, Outcome::Kind &kind) {
  for (const RandomPush &p : test.pushes) {
    for (auto &engine : engines) {
      if (p.round == round) {
        engine->push(p.port, p.words.data(), p.words.size(), p.control);
      }
    }
  }
  RunLimits limits;
  limits.goals = test.rounds[round].goals;
  limits.maxCycles = engines[0]->cycle() + test.rounds[round].cycles;
  Outcome expected = engines[0]->run(limits);
  kind = expected.kind;
  for (unsigned i = 1; i < engines.size(); ++i) {
    Outcome outcome = engines[i]->run(limits);
    Comparison comparison(test, *engines[0], *engines[i], setups[i].values);
    if (Difference d = comparison.compare(expected, outcome)) {
      return {d.kind, fmt::format("round {}: {}", round, d.text), i};
    }
  }
  return {};
}

Difference SideBySide::run(OutcomeCounts *counts) {
  if (Difference d = load()) {
    return d;
  }
  for (unsigned round = 0; round < test.rounds.size(); ++round) {
    Outcome::Kind kind;
    if (Difference d = runRound(round, kind)) {
      return d;
    }
    if (counts) {
      ++(*counts)[size_t(kind)];
    }
    if (kind == Outcome::Kind::Fault) {
      break;
    }
  }
  return {};
}

Difference wafer::test::firstDifference(const RandomCase &test,
                                        const std::vector<EngineSetup> &setups,
                                        OutcomeCounts *counts) {
  return SideBySide(test, setups).run(counts);
}

//===----------------------------------------------------------------------===//
// In a process of their own
//===----------------------------------------------------------------------===//

static std::string packed(const Difference &d) {
  return d ? fmt::format("{}\n{}\n{}", d.kind, d.setup, d.text) : "";
}

static Difference unpacked(const ApartResult &result) {
  Difference d;
  if (!result.death.empty()) {
    d.kind = d.text = "crash: " + result.death;
    return d;
  }
  size_t kind = result.text.find('\n');
  if (kind != std::string::npos) {
    size_t setup = result.text.find('\n', kind + 1);
    d.kind = result.text.substr(0, kind);
    d.setup = unsigned(std::stoul(result.text.substr(kind + 1)));
    d.text = result.text.substr(setup + 1);
  }
  return d;
}

Difference
wafer::test::firstDifferenceApart(const RandomCase &test,
                                  const std::vector<EngineSetup> &setups,
                                  unsigned seconds) {
  return unpacked(
      runApart([&] { return packed(firstDifference(test, setups)); }, seconds));
}

std::optional<FailedSeed>
wafer::test::firstFailure(uint64_t first, uint64_t count,
                          const std::vector<EngineSetup> &setups,
                          OutcomeCounts *counts) {
  constexpr unsigned kSecondsOfACase = 60;
  struct Progress {
    uint64_t seed;
    OutcomeCounts counts;
  };
  Shared<Progress> progress;
  ApartResult result = runApart(
      [&]() -> std::string {
        for (uint64_t i = 0; i < count; ++i) {
          progress->seed = first + i;
          restartAlarm(kSecondsOfACase);
          if (Difference d = firstDifference(makeRandomCase(first + i), setups,
                                             &progress->counts)) {
            return packed(d);
          }
        }
        return "";
      },
      kSecondsOfACase);
  for (size_t kind = 0; counts && kind < counts->size(); ++kind) {
    (*counts)[kind] += progress->counts[kind];
  }
  Difference d = unpacked(result);
  return d ? std::optional<FailedSeed>({progress->seed, d}) : std::nullopt;
}
