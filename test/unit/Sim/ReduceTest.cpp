// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cases are reduced to what is looked for and no more; crashes and endless runs
// are looked for like other differences.
//
#include "Builder.h"
#include "CaseText.h"
#include "Differential.h"
#include "ReduceCase.h"
#include "wafer/Image/Lookup.h"
#include "wafer/Image/Validate.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::test;

namespace {

/// Enough for all of these, also on a slow machine: they are small.
constexpr double kSeconds = 120;

EngineSetup reference() {
  return {"reference", [](const RandomCase &c) {
            return Engine::createReference(c.image, c.machine, c.costs);
          }};
}

/// The first random case from seed 0 on for which something holds.
RandomCase firstCase(const CaseTest &holds) {
  for (uint64_t seed = 0; seed < 10000; ++seed) {
    RandomCase test = makeRandomCase(seed);
    if (holds(test)) {
      return test;
    }
  }
  ADD_FAILURE() << "no such case";
  return {};
}

ReducedCase reduced(const RandomCase &test, const CaseTest &shows) {
  ReducedCase result = reduceCase(test, shows, kSeconds);
  EXPECT_TRUE(result.minimal);
  EXPECT_TRUE(bool(validate(result.test.image, result.test.machine)));
  EXPECT_TRUE(shows(result.test));
  return result;
}

bool isMultiplyAdd(const Instruction &i) {
  return i.op == Opcode::FMacH || i.op == Opcode::FMacHS ||
         i.op == Opcode::FMacS;
}

/// A multicast on its way goes to a core that multiplies and adds too.
bool multicastReachesMultiplyAdd(const RandomCase &c) {
  for (const Region &region : c.image.regions) {
    const Role &role = c.image.roles[region.role];
    if (!std::any_of(role.code.begin(), role.code.end(), isMultiplyAdd)) {
      continue;
    }
    Coord core{region.rect.x, region.rect.y};
    for (const RouteAt &route : findRoutes(c.image, core)) {
      uint8_t color = c.image.rules[route.rule].color;
      uint8_t tx = c.image.configs[route.config].positions[0].tx;
      for (const QueueBinding &queue : role.queues) {
        if (queue.input && queueColor(region, queue, core) == color &&
            (tx & kR) && (tx & ~kR)) {
          return true;
        }
      }
    }
  }
  return false;
}

unsigned bits(unsigned mask) { return unsigned(__builtin_popcount(mask)); }

} // namespace

TEST(ReduceTest, AMulticastReachesAMultiplyAdd) {
  RandomCase test = firstCase([](const RandomCase &c) {
    return c.image.regions.size() > 5 && multicastReachesMultiplyAdd(c);
  });
  RandomCase c = reduced(test, multicastReachesMultiplyAdd).test;
  EXPECT_EQ(c.machine.width() * c.machine.height(), 1);
  ASSERT_EQ(c.image.regions.size(), 1u);
  ASSERT_EQ(c.image.roles.size(), 1u);
  const Role &role = c.image.roles[0];
  ASSERT_EQ(role.code.size(), 1u);
  EXPECT_TRUE(isMultiplyAdd(role.code[0]));
  EXPECT_EQ(role.queues.size(), 1u);
  EXPECT_TRUE(role.tasks.empty() && role.params.empty() &&
              role.buffers.empty());
  ASSERT_EQ(c.image.rules.size(), 1u);
  ASSERT_EQ(c.image.configs.size(), 1u);
  const RouteConfig &config = c.image.configs[0];
  EXPECT_EQ(config.numPositions, 1);
  EXPECT_EQ(bits(config.positions[0].rx), 1u);
  EXPECT_EQ(bits(config.positions[0].tx), 2u);
  EXPECT_TRUE(c.image.hostPorts.empty() && c.image.initData.empty() &&
              c.pushes.empty() && c.rounds.empty());
}

namespace {

/// An engine that has lost its routes of color 3. Only the last one made may be
/// used.
EngineSetup withoutColorThree() {
  // Images outlive their engines.
  auto image = std::make_shared<Image>();
  return {"without color 3", [image](const RandomCase &c) {
            *image = c.image;
            auto &rules = image->rules;
            rules.erase(
                std::remove_if(rules.begin(), rules.end(),
                               [](const Rule &r) { return r.color == 3; }),
                rules.end());
            return Engine::createReference(*image, c.machine, c.costs);
          }};
}

} // namespace

TEST(ReduceTest, AWordOfColorThreeArrives) {
  std::vector<EngineSetup> setups = {reference(), withoutColorThree()};
  // What a receiver has in memory at the end.
  auto shows = [&](const RandomCase &c) {
    RandomCase once = c;
    once.rounds = {{1000, {}}};
    auto a = setups[0].make(once), b = setups[1].make(once);
    if (!a || !b || !c.image.hostPorts.empty()) {
      return false;
    }
    (*a)->run({{}, 1000});
    (*b)->run({{}, 1000});
    for (const Region &region : c.image.regions) {
      Coord core{region.rect.x, region.rect.y};
      std::vector<uint8_t> p(c.machine.sramBytes), q = p;
      if (!(*a)->peek(core, 0, p.data(), uint32_t(p.size())) ||
          !(*b)->peek(core, 0, q.data(), uint32_t(q.size())) || p != q) {
        return true;
      }
    }
    return false;
  };
  RandomCase c = reduced(firstCase(shows), shows).test;
  // A sender and a receiver, or one core that is both.
  ASSERT_LE(c.image.regions.size(), 2u);
  size_t inputs = 0, outputs = 0, instructions = 0;
  for (const Role &role : c.image.roles) {
    instructions += role.code.size();
    for (const QueueBinding &queue : role.queues) {
      EXPECT_EQ(queue.color.value, 3);
      (queue.input ? inputs : outputs) += 1;
    }
  }
  EXPECT_EQ(inputs, 1u);
  EXPECT_EQ(outputs, 1u);
  EXPECT_LE(instructions, 8u);
  for (const Rule &rule : c.image.rules) {
    EXPECT_EQ(rule.color, 3);
  }
}

TEST(ReduceTest, RectanglesShrinkToOneCore) {
  // A region and a rule over 8 x 8 cores; one core has 7 in its row and 5 in
  // its column, and a route to the north.
  Builder b(8, 8);
  Core core = b.core(0, 0);
  core.main().end();
  b.route(0, 0, 2, kR, kE).route(0, 0, 1, kR, kN);
  RandomCase test;
  test.image = b.image;
  test.image.roles.assign(b.roles.begin(), b.roles.end());
  test.machine = b.machine;
  Region &region = test.image.regions[0];
  region.rect = {0, 0, 8, 8};
  region.rowTables = {{0, 1, 2, 3, 4, 7, 6, 0}};
  region.columnTables = {{9, 8}, {0, 0, 5, 1, 1, 1, 1, 1}};
  region.columnTables[0].resize(8, 3);
  Rule &rule = test.image.rules[0];
  rule.rect = {0, 0, 8, 8};
  rule.skew = 0;
  // The odd rows have the route to the north in columns 2 to 4.
  rule.classes = {{{8, 0}}, {{2, 0}, {3, 1}, {3, kNoRoute}}};
  test.image.rules.pop_back();
  ASSERT_TRUE(bool(validate(test.image, test.machine)));
  auto shows = [](const RandomCase &c) {
    for (const Region &r : c.image.regions) {
      for (int32_t y = 0; !r.rowTables.empty() && y < r.rect.h; ++y) {
        for (int32_t x = 0; r.columnTables.size() > 1 && x < r.rect.w; ++x) {
          auto routes = findRoutes(c.image, {r.rect.x + x, r.rect.y + y});
          if (r.rowTables[0][size_t(y)] == 7 &&
              r.columnTables[1][size_t(x)] == 5 && !routes.empty() &&
              c.image.configs[routes[0].config].positions[0].tx == kN) {
            return true;
          }
        }
      }
    }
    return false;
  };
  RandomCase c = reduced(test, shows).test;
  EXPECT_EQ(c.machine.width() * c.machine.height(), 1);
  ASSERT_EQ(c.image.regions.size(), 1u);
  EXPECT_EQ(c.image.regions[0].rect, (Rect{0, 0, 1, 1}));
  using Tables = std::vector<std::vector<uint16_t>>;
  EXPECT_EQ(c.image.regions[0].rowTables, (Tables{{7}}));
  EXPECT_EQ(c.image.regions[0].columnTables, (Tables{{0}, {5}}));
  ASSERT_EQ(c.image.rules.size(), 1u);
  EXPECT_EQ(c.image.rules[0].rect, (Rect{0, 0, 1, 1}));
  EXPECT_EQ(c.image.configs.size(), 1u);
}

TEST(ReduceTest, NumbersShrink) {
  RandomCase test = firstCase([](const RandomCase &c) {
    return !c.pushes.empty() && c.pushes[0].words.size() > 4 &&
           c.image.initData.size() > 2;
  });
  // A byte of the word at 2064 is not zero.
  auto hasWord = [](const InitData &init) {
    return std::any_of(init.data, init.data + init.size,
                       [&](const uint8_t &byte) {
                         auto at = init.offset + uint32_t(&byte - init.data);
                         return byte && at / 4 == 2064 / 4;
                       });
  };
  auto shows = [&](const RandomCase &c) {
    size_t words = 0;
    for (const RandomPush &push : c.pushes) {
      words += push.words.size();
    }
    Cycle cycles = 0;
    for (const RandomRound &round : c.rounds) {
      cycles += round.cycles;
    }
    return words >= 3 && cycles >= 123 && !c.image.initData.empty() &&
           hasWord(c.image.initData[0]);
  };
  RandomCase c = reduced(test, shows).test;
  ASSERT_EQ(c.rounds.size(), 1u);
  EXPECT_EQ(c.rounds[0].cycles, 123u);
  ASSERT_EQ(c.image.hostPorts.size(), 1u);
  size_t words = 0;
  for (const RandomPush &push : c.pushes) {
    words += push.words.size();
  }
  EXPECT_EQ(words, 3u);
  ASSERT_EQ(c.image.initData.size(), 1u);
  const InitData &init = c.image.initData[0];
  EXPECT_EQ(init.offset, 2064u);
  ASSERT_EQ(init.size, 4u);
  EXPECT_EQ(std::count(init.data, init.data + 4, 0), 3);
}

TEST(ReduceTest, TheTimeIsUp) {
  RandomCase test = makeRandomCase(1);
  ReducedCase result =
      reduceCase(test, [](const RandomCase &) { return true; }, 0);
  EXPECT_FALSE(result.minimal);
  EXPECT_EQ(result.tried, 0u);
  EXPECT_EQ(printCase(result.test, ""), printCase(test, ""));
}

//===----------------------------------------------------------------------===//
// Crashes, endless runs, values
//===----------------------------------------------------------------------===//

TEST(ReduceTest, ACrashIsADifference) {
  // An engine that cannot load a range filter. All rules are of one router.
  EngineSetup broken{"broken", [](const RandomCase &c) {
                       for (const Rule &rule : c.image.rules) {
                         Coord at{rule.rect.x, rule.rect.y};
                         uint32_t config = configAt(rule, at);
                         if (c.image.configs[config].filter.kind ==
                             FilterKind::Range) {
                           std::abort();
                         }
                       }
                       return reference().make(c);
                     }};
  std::vector<EngineSetup> setups = {reference(), broken};
  auto shows = [&](const RandomCase &c) {
    return firstDifferenceApart(c, setups, 20).kind == "crash: Aborted";
  };
  std::optional<FailedSeed> failure = firstFailure(0, 1000, setups);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->difference.kind, "crash: Aborted");
  RandomCase c = reduced(makeRandomCase(failure->seed), shows).test;
  EXPECT_TRUE(c.image.regions.empty() && c.image.roles.empty());
  EXPECT_EQ(c.image.rules.size(), 1u);
  ASSERT_EQ(c.image.configs.size(), 1u);
  EXPECT_EQ(c.image.configs[0].filter.max, 0);
}

TEST(ReduceTest, AnEndlessRunIsADifference) {
  EngineSetup endless{"endless", [](const RandomCase &c) {
                        for (volatile bool on = true; on;) {
                        }
                        return reference().make(c);
                      }};
  Difference d = firstDifferenceApart(makeRandomCase(0), {endless}, 1);
  EXPECT_EQ(d.kind, "crash: does not end");
}

TEST(ReduceTest, SetUpsOfTimingAloneMayHaveOtherValues) {
  // A core that copies a word; one engine begins with another word.
  Builder b(1, 1);
  b.core(0, 0)
      .main()
      .op(Opcode::LoadWord, 2, 0, 0, 2048)
      .op(Opcode::StoreWord, 2, 0, 0, 2052)
      .end();
  RandomCase test;
  b.start();
  test.image = b.image;
  test.machine = b.machine;
  test.costs = b.costs;
  test.rounds = {{100, {}}};
  EngineSetup other = {"other", [](const RandomCase &c) {
                         auto engine = reference().make(c);
                         uint32_t value = 1;
                         EXPECT_TRUE((*engine)->poke({0, 0}, 2048, &value, 4));
                         return engine;
                       }};
  Difference d = firstDifference(test, {reference(), reference(), other});
  EXPECT_EQ(d.kind, "memory");
  EXPECT_EQ(d.setup, 2u);
  other.values = false;
  EXPECT_EQ(firstDifference(test, {reference(), other}).text, "");
}

//===----------------------------------------------------------------------===//
// Texts
//===----------------------------------------------------------------------===//

TEST(ReduceTest, ATextHoldsTheCase) {
  unsigned read = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::string text = printCase(makeRandomCase(seed), "one\ntwo");
    EXPECT_EQ(text.rfind("// one\n// two\n", 0), 0u);
    Result<RandomCase> again = readCase(text, "case.wtext");
    bool inBounds =
        text.find("// not for wsec assemble: ") == std::string::npos;
    ASSERT_EQ(bool(again), inBounds) << again.error().str();
    if (again) {
      EXPECT_EQ(printCase(*again, "one\ntwo"), text);
      ++read;
    }
  }
  EXPECT_GT(read, 50u);
}

TEST(ReduceTest, BadLinesOnTheHost) {
  const char *kMachine = "machine \"test8\"\n";
  for (const char *line :
       {"//! push round 0 port 0 words 1\n", "//! push round x\n",
        "//! round cycles 4 goal 0\n", "//! rest 1\n",
        "//! push round 0 port 0 data 1 x\n"}) {
    auto result = readCase(line + std::string(kMachine), "case.wtext");
    ASSERT_FALSE(result) << line;
    EXPECT_EQ(result.error().what, "bad line on the host");
  }
  auto result = readCase(
      "//! push round 0 port 0 data 1\n" + std::string(kMachine), "case.wtext");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().str(), "case.wtext: no such host port: expected an "
                                  "input port but got 0");
}
