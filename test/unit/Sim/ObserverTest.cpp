// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an observer is told: nothing is missing, nothing is told twice, and it
// is the same whatever way the engine looks at things.
//
#include "Builder.h"
#include "RandomImages.h"

#include "wafer/Sim/Observer.h"

#include <map>

using namespace wafer;
using namespace wafer::test;

namespace {

class Recorder final : public Observer {
public:
  void onSpan(const CoreSpan &span) override {
    std::vector<CoreSpan> &spans = bySpan[{span.core.y, span.core.x}];
    Cycle known = spans.empty() ? 0 : spans.back().to;
    EXPECT_EQ(span.from, known) << "core " << span.core.x << "," << span.core.y;
    EXPECT_LT(span.from, span.to);
    if (!spans.empty() && spans.back().isLike(span)) {
      spans.back().to = span.to; // cut where the run stopped
    } else {
      spans.push_back(span);
    }
  }
  void onWord(const LinkWord &word) override {
    EXPECT_GE(word.cycle, lastWord);
    lastWord = word.cycle;
    words.push_back(word);
  }
  void onHostWord(unsigned port, const HostWord &word) override {
    hostWords[port].push_back(word);
  }

  std::vector<CoreSpan> &spansOf(Coord c) { return bySpan[{c.y, c.x}]; }

  std::map<std::pair<int, int>, std::vector<CoreSpan>> bySpan;
  std::vector<LinkWord> words;
  std::map<unsigned, std::vector<HostWord>> hostWords;
  Cycle lastWord = 0;
};

Counters sumOf(const std::vector<CoreSpan> &spans) {
  Counters sum;
  for (const CoreSpan &span : spans) {
    sum[span.what] += span.cycles();
  }
  return sum;
}

/// Runs a case, at most `slice` cycles at a time.
void play(Engine &engine, const RandomCase &test, Cycle slice) {
  for (unsigned round = 0; round < test.rounds.size(); ++round) {
    for (const RandomPush &p : test.pushes) {
      if (p.round == round) {
        engine.push(p.port, p.words.data(), p.words.size(), p.control);
      }
    }
    Cycle end = engine.cycle() + test.rounds[round].cycles;
    Outcome outcome;
    do {
      Cycle until = std::min(end, engine.cycle() + slice);
      outcome = engine.run({test.rounds[round].goals, until});
      engine.settleObserver();
    } while (outcome.kind == Outcome::Kind::CycleLimit && outcome.cycle < end);
    if (outcome.kind == Outcome::Kind::Fault) {
      return;
    }
  }
}

void checkSpan(const CoreSpan &span, const Image &image, const Role &role) {
  EXPECT_EQ(span.what == Activity::Idle, span.pc == CoreSpan::kNoPc);
  EXPECT_EQ(span.what == Activity::Idle, span.task < 0);
  bool waits =
      span.what == Activity::WaitWords || span.what == Activity::BackPressure;
  EXPECT_EQ(waits, span.queue != CoreSpan::kNoQueue);
  if (span.what == Activity::Idle) {
    return;
  }
  ASSERT_LT(span.pc, role.code.size());
  ASSERT_LT(size_t(span.task), role.tasks.size());
  EXPECT_GT(span.started, 0u);
  const OpcodeInfo *info = lookupOpcode(uint8_t(role.code[span.pc].op));
  bool isVector = info && info->isVector;
  if (span.what == Activity::VectorStep || waits || span.thread) {
    EXPECT_TRUE(isVector);
  }
  for (const QueueBinding &b : role.queues) {
    const Region &region = image.regions.front();
    if (waits && b.queue == span.queue &&
        b.input == (span.what == Activity::WaitWords) &&
        b.color.kind == ParamSource::Kind::Constant) {
      EXPECT_EQ(span.color, Image::paramAt(region, b.color, span.core));
    }
  }
}

} // namespace

TEST(ObserverTest, SpansSumToTheCounters) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    RandomCase test = makeRandomCase(seed);
    Recorder recorder;
    auto engine = Engine::createReference(test.image, test.machine, test.costs,
                                          {false, false, &recorder});
    ASSERT_TRUE(bool(engine));
    play(**engine, test, 1000);
    for (const Region &region : test.image.regions) {
      for (int y = region.rect.y; y < region.rect.endY(); ++y) {
        for (int x = region.rect.x; x < region.rect.endX(); ++x) {
          const std::vector<CoreSpan> &spans = recorder.spansOf({x, y});
          EXPECT_EQ(sumOf(spans).cycles, (*engine)->counters({x, y}).cycles);
          for (const CoreSpan &span : spans) {
            checkSpan(span, test.image, test.image.roles[region.role]);
          }
        }
      }
    }
    uint64_t hops = 0;
    for (const LinkWord &word : recorder.words) {
      hops +=
          word.port != Port::Ramp && test.machine.hasLink(word.from, word.port);
    }
    EXPECT_EQ(hops, (*engine)->wordHops());
    for (unsigned i = 0; i < test.image.hostPorts.size(); ++i) {
      if (!test.image.hostPorts[i].input) {
        EXPECT_GE(recorder.hostWords[i].size(), (*engine)->received(i).size());
      }
    }
  }
}

TEST(ObserverTest, TheWayOfLookingChangesNothing) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    RandomCase test = makeRandomCase(seed);
    Recorder plain;
    auto engine = Engine::createReference(test.image, test.machine, test.costs,
                                          {false, false, &plain});
    ASSERT_TRUE(bool(engine));
    play(**engine, test, 1000000);
    struct Way {
      bool reverse, stepwise;
      Cycle slice;
    };
    for (Way way : {Way{true, false, 1000000}, Way{false, true, 1000000},
                    Way{true, true, 13}, Way{false, false, 1}}) {
      Recorder other;
      auto again = Engine::createReference(test.image, test.machine, test.costs,
                                           {way.reverse, way.stepwise, &other});
      ASSERT_TRUE(bool(again));
      play(**again, test, way.slice);
      ASSERT_EQ(plain.bySpan.size(), other.bySpan.size());
      for (auto &[core, spans] : plain.bySpan) {
        const std::vector<CoreSpan> &o = other.bySpan[core];
        ASSERT_EQ(spans.size(), o.size());
        for (size_t i = 0; i < spans.size(); ++i) {
          EXPECT_TRUE(spans[i].isLike(o[i]) && spans[i].from == o[i].from &&
                      spans[i].to == o[i].to)
              << "span " << i << " of core " << core.second << "," << core.first
              << " at " << spans[i].from;
        }
      }
      EXPECT_EQ(plain.words.size(), other.words.size());
    }
  }
}

TEST(ObserverTest, AWordFromCoreToCore) {
  // Core 0 starts its task in 0 and 1, loads a descriptor in 2, and its vector
  // instruction, issued in 3, steps in 3 + 4; core 1 waits for the word.
  Builder b(2, 1);
  b.costs.taskStart = 2;
  b.costs.vectorStart = 4;
  b.route(0, 0, 7, kR, kE).route(1, 0, 7, kW, kR);
  b.core(0, 0).output(3, 7).main().dsr(D(0), fabricOut(3, 1));
  Core(b.roles[0]).vec(Opcode::Mov32, D(0), kNoDsr).end();
  b.core(1, 0)
      .input(2, 7)
      .main()
      .dsr(D(0), memory(2048, 1))
      .dsr(S0(0), fabricIn(2, 1))
      .vec(Opcode::Mov32, D(0), S0(0))
      .end();
  b.start();
  Recorder recorder;
  auto engine = Engine::createReference(b.image, b.machine, b.costs,
                                        {false, false, &recorder});
  ASSERT_TRUE(bool(engine));
  ASSERT_EQ((*engine)->run({}).kind, Outcome::Kind::Quiescent);
  (*engine)->settleObserver();
  struct Expected {
    Cycle from;
    Activity what;
    uint32_t pc;
  };
  auto compare = [&](Coord core, const std::vector<Expected> &expected) {
    const std::vector<CoreSpan> &spans = recorder.spansOf(core);
    ASSERT_EQ(spans.size(), expected.size());
    for (size_t i = 0; i < spans.size(); ++i) {
      EXPECT_EQ(spans[i].from, expected[i].from);
      EXPECT_EQ(spans[i].what, expected[i].what) << "in " << spans[i].from;
      EXPECT_EQ(spans[i].pc, expected[i].pc) << "in " << spans[i].from;
    }
  };
  compare({0, 0}, {{0, Activity::Start, 0},
                   {2, Activity::Scalar, 0},
                   {3, Activity::Start, 1},
                   {7, Activity::VectorStep, 1},
                   {8, Activity::Scalar, 2},
                   {9, Activity::Idle, CoreSpan::kNoPc}});
  // The step in 7 puts it into the ramp; 1 + ramp cycles later the router sends
  // it, a hop and a ramp later the core has it.
  Cycle sent = 7 + 1 + b.machine.rampCycles;
  Cycle there = sent + b.machine.hopCycles + b.machine.rampCycles;
  compare({1, 0}, {{0, Activity::Start, 0},
                   {2, Activity::Scalar, 0},
                   {3, Activity::Scalar, 1},
                   {4, Activity::Start, 2},
                   {8, Activity::WaitWords, 2},
                   {there, Activity::VectorStep, 2},
                   {there + 1, Activity::Scalar, 3}});
  EXPECT_EQ(recorder.spansOf({1, 0})[4].queue, 2);
  EXPECT_EQ(recorder.spansOf({1, 0})[4].color, 7);
  ASSERT_EQ(recorder.words.size(), 2u);
  EXPECT_EQ(recorder.words[0].port, Port::East);
  EXPECT_EQ(recorder.words[0].cycle, sent);
  EXPECT_EQ(recorder.words[1].port, Port::Ramp);
  EXPECT_EQ(recorder.words[1].from.x, 1);
}
