// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Differential.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::test;

namespace {

class Comparison {
public:
  Comparison(const RandomCase &test, Engine &one, Engine &other)
      : test(test), one(one), other(other) {}

  std::string run(std::array<unsigned, 5> *kinds) {
    for (unsigned round = 0; round < test.rounds.size(); ++round) {
      for (const RandomPush &p : test.pushes) {
        if (p.round == round) {
          one.push(p.port, p.words.data(), p.words.size(), p.control);
          other.push(p.port, p.words.data(), p.words.size(), p.control);
        }
      }
      RunLimits limits;
      limits.goals = test.rounds[round].goals;
      limits.maxCycles = one.cycle() + test.rounds[round].cycles;
      Outcome a = one.run(limits);
      Outcome b = other.run(limits);
      std::string what = compare(a, b);
      if (!what.empty()) {
        return fmt::format("round {}: {}", round, what);
      }
      if (kinds) {
        ++(*kinds)[size_t(a.kind)];
      }
      if (a.kind == Outcome::Kind::Fault) {
        break;
      }
    }
    return "";
  }

private:
  template <typename T>
  static std::string values(const std::string &what, const T &a, const T &b) {
    return fmt::format("{}: {} and {}", what, a, b);
  }

  std::string compare(const Outcome &a, const Outcome &b) {
    if (a.kind != b.kind || a.cycle != b.cycle) {
      return fmt::format("ends {} in cycle {} and {} in cycle {}\n{}\n{}",
                         nameOf(a.kind), a.cycle, nameOf(b.kind), b.cycle,
                         a.detail, b.detail);
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
      std::string what = compareWords(i);
      if (!what.empty()) {
        return what;
      }
    }
    for (int32_t y = 0; y < test.machine.height(); ++y) {
      for (int32_t x = 0; x < test.machine.width(); ++x) {
        std::string what = compareCore({x, y});
        if (!what.empty()) {
          return fmt::format("core ({}, {}): {}", x, y, what);
        }
      }
    }
    if (one.wordHops() != other.wordHops()) {
      return values("word hops", one.wordHops(), other.wordHops());
    }
    return compareCounters(one.totalCounters(), other.totalCounters());
  }

  std::string compareWords(unsigned port) {
    if (test.image.hostPorts[port].input) {
      return "";
    }
    std::vector<HostWord> a = one.received(port), b = other.received(port);
    if (a.size() != b.size()) {
      return values("host words", a.size(), b.size());
    }
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i].payload != b[i].payload || a[i].control != b[i].control ||
          a[i].cycle != b[i].cycle) {
        return fmt::format("host word {}: {:#x} in cycle {} and {:#x} in {}", i,
                           a[i].payload, a[i].cycle, b[i].payload, b[i].cycle);
      }
    }
    return "";
  }

  std::string compareCounters(const Counters &a, const Counters &b) {
    for (unsigned i = 0; i < kNumActivities; ++i) {
      if (a.cycles[i] != b.cycles[i]) {
        return values(fmt::format("counter '{}'", nameOf(Activity(i))),
                      a.cycles[i], b.cycles[i]);
      }
    }
    return "";
  }

  std::string compareCore(Coord core) {
    Counters a = one.counters(core);
    std::string what = compareCounters(a, other.counters(core));
    if (!what.empty()) {
      return what;
    }
    if (a.total() != one.cycle()) {
      return values("counted cycles", a.total(), one.cycle());
    }
    std::vector<uint8_t> p(test.machine.sramBytes), q(test.machine.sramBytes);
    Status s = one.peek(core, 0, p.data(), uint32_t(p.size()));
    Status t = other.peek(core, 0, q.data(), uint32_t(q.size()));
    if (bool(s) != bool(t)) {
      return "one has memory";
    }
    for (size_t i = 0; i < p.size(); ++i) {
      if (p[i] != q[i]) {
        return fmt::format("byte {}: {:#x} and {:#x}", i, p[i], q[i]);
      }
    }
    return "";
  }

  const RandomCase &test;
  Engine &one;
  Engine &other;
};

} // namespace

std::string wafer::test::firstDifference(const RandomCase &test,
                                         const MakeEngine &makeOne,
                                         const MakeEngine &makeOther,
                                         std::array<unsigned, 5> *kinds) {
  auto one = makeOne(test);
  auto other = makeOther(test);
  if (!one || !other) {
    return "does not load: " + (!one ? one.error() : other.error()).str();
  }
  return Comparison(test, **one, **other).run(kinds);
}
