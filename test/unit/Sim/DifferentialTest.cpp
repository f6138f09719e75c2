// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random images on the engines in all their ways of looking. WAFER_SEEDS=N asks
// for N cases, WAFER_FIRST_SEED=S for others, WAFER_CASE=FILE for the one of a
// text that an earlier failure left. A case that fails is reduced, for
// WAFER_REDUCE_SECONDS at most (60).
//
#include "Differential.h"
#include "CaseText.h"
#include "ReduceCase.h"

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

using namespace wafer;
using namespace wafer::test;

namespace {

uint64_t setting(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

EngineSetup reference(const char *name, EngineOptions options = {}) {
  return {name, [=](const RandomCase &c) {
            return Engine::createReference(c.image, c.machine, c.costs,
                                           options);
          }};
}

EngineSetup fast(const char *name = "fast", FastOptions options = {}) {
  return {name, [=](const RandomCase &c) {
            return Engine::createFast(c.image, c.machine, c.costs, options);
          }};
}

FastOptions threads(unsigned count) {
  FastOptions options;
  options.threads = count;
  options.shareAlways = true;
  return options;
}

/// The folder of the test report if one is written, else the present one.
std::string reportFolder() {
  std::string report = GTEST_FLAG_GET(output);
  size_t begin = report.find(':'), end = report.rfind('/');
  return begin == std::string::npos || end == std::string::npos
             ? ""
             : report.substr(begin + 1, end - begin);
}

/// A crash may be anybody's.
bool isCrash(const Difference &difference) {
  return difference.kind.rfind("crash", 0) == 0;
}

std::string culprit(const Difference &difference,
                    const std::vector<EngineSetup> &setups) {
  return isCrash(difference) ? "one of the set-ups"
                             : setups[difference.setup].name;
}

/// The smallest variant of a case in which the set-ups differ in the same way,
/// as a text and in a file.
std::string reduced(const RandomCase &test, const Difference &difference,
                    const std::vector<EngineSetup> &setups) {
  constexpr unsigned kSecondsOfACase = 2;
  std::vector<EngineSetup> some = setups;
  if (!isCrash(difference)) {
    some = {setups[0], setups[difference.setup]};
  }
  auto differenceOf = [&](const RandomCase &c) {
    return firstDifferenceApart(c, some, kSecondsOfACase);
  };
  if (differenceOf(test).kind != difference.kind) {
    return "not reduced: it does not happen again\n";
  }
  ReducedCase result = reduceCase(
      test,
      [&](const RandomCase &c) {
        return differenceOf(c).kind == difference.kind;
      },
      double(setting("WAFER_REDUCE_SECONDS", 60)));
  std::string remark = fmt::format(
      "{} and {}: {}\nreduced in {} of {} steps{}", setups[0].name,
      culprit(difference, setups), differenceOf(result.test).text, result.kept,
      result.tried, result.minimal ? "" : ", the time was up");
  return printCase(result.test, remark);
}

void report(const std::string &what, const std::string &file,
            const RandomCase &test, const Difference &difference,
            const std::vector<EngineSetup> &setups) {
  std::string text = reduced(test, difference, setups);
  std::string path = reportFolder() + file + ".wtext";
  std::ofstream(path) << text;
  ADD_FAILURE() << what << ", " << culprit(difference, setups) << ": "
                << difference.text << "\n"
                << path << ":\n"
                << text;
}

/// The case of a text in all set-ups.
void compareFile(const std::string &path,
                 const std::vector<EngineSetup> &setups) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  Result<RandomCase> test = readCase(text.str(), path);
  ASSERT_TRUE(test) << test.error().str();
  if (Difference d = firstDifferenceApart(*test, setups, 60)) {
    report(path, "reduced", *test, d, setups);
  }
}

/// All set-ups agree with the first on `seeds` cases, unless the environment
/// asks for others.
void expectAgreement(const std::vector<EngineSetup> &setups, uint64_t seeds,
                     OutcomeCounts *counts = nullptr, uint64_t begin = 0) {
  if (const char *path = std::getenv("WAFER_CASE")) {
    compareFile(path, setups);
    return;
  }
  std::optional<FailedSeed> failure =
      firstFailure(begin + setting("WAFER_FIRST_SEED", 0),
                   setting("WAFER_SEEDS", seeds), setups, counts);
  if (failure) {
    report(fmt::format("seed {}", failure->seed),
           fmt::format("reduced-{}", failure->seed),
           makeRandomCase(failure->seed), failure->difference, setups);
  }
}

} // namespace

TEST(DifferentialTest, TheFastEngineAgreesWithTheReference) {
  expectAgreement({reference("reference"), fast()}, 1000);
}

TEST(DifferentialTest, AnyNumberOfThreadsAgreesWithTheReference) {
  expectAgreement({reference("reference"), fast("windows", threads(1)),
                   fast("2 threads", threads(2)),
                   fast("3 threads", threads(3))},
                  200);
}

/// Neighbours of a router push into it in different cycles of a window.
TEST(DifferentialTest, RowsOfAWindowPushOutOfOrder) {
  const char *text = R"(//! round cycles 7
machine json {
 "clock": {
  "hertz": 1000000000.0
 },
 "core": {
  "dsrsPerFile": 8,
  "maxTasks": 64,
  "microthreads": 8
 },
 "description": "",
 "fabric": {
  "colors": 10,
  "filtersPerCore": 4,
  "hopCycles": 1,
  "maxSwitchPositions": 4,
  "rampCycles": 2,
  "reservedColors": [],
  "routerBufferDepth": 4,
  "switchChangesBoth": true,
  "switchableColors": [
   0,
   1,
   2,
   3,
   4,
   5,
   6,
   7,
   8,
   9
  ]
 },
 "grid": {
  "physical": [
   1,
   3
  ],
  "usable": [
   0,
   0,
   1,
   3
  ]
 },
 "host": {
  "count": 3,
  "edges": [
   "west",
   "east"
  ],
  "firstRow": 0,
  "latencyCycles": 0,
  "rowStep": 1
 },
 "lanes": {},
 "memory": {
  "bankWidthBytes": 4,
  "codeBytesPerInstruction": 8,
  "readConflictModulus": 4,
  "sramBanks": 8,
  "sramBytes": 8192,
  "systemBytes": 256,
  "taskTableBytes": 256
 },
 "name": "random",
 "offWafer": {
  "bytesPerSecond": 0.0,
  "latencySeconds": 0.0
 },
 "parameterSets": [
  {
   "alu": 1,
   "branch": 1,
   "dsrLoad": 1,
   "dsrSet": 1,
   "fp": 1,
   "fpDivide": 50,
   "load": 1,
   "multiply": 1,
   "name": "random",
   "readClock": 1,
   "sendCycles": 3,
   "sendWords": 2,
   "store": 1,
   "taskControl": 1,
   "taskStart": 0,
   "vectorStart": 0
  }
 ],
 "queues": {
  "input": {
   "depths": [
    5,
    5,
    5,
    5,
    5,
    5,
    5,
    5
   ],
   "reserved": []
  },
  "output": {
   "depths": [
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1
   ],
   "reserved": []
  }
 },
 "redundancy": {
  "bypassCycles": 0,
  "kind": "none",
  "spareColumns": 0
 }
}
parameters "random"

role @role15 {
  params at 0 {
    const 0*3
    const 22
  }
  buffer @params params at 0 size 8
  output queue 5 color 3
  task @task0 local active entry 0
  code {
    nop
    dsrload d2, [r0 + params]
    fnegs d2, s0.7
    dbnz r31, 3
  }
}

role @role25 {
  params at 0 {
    const 0
    const 4
    const 0
    const 26
  }
  buffer @params params at 0 size 8
  output queue 6 color 0
  task @task0 local active entry 0
  code {
    dsrload d2, [r0 + params]
    mov32 d2, r2
  }
}

region @region15 role @role15 rect 0 0 1 1 {
}

region @region25 role @role25 rect 0 2 1 1 {
}

config #0 rx=R tx=N
config #1 rx=R tx=S
config #2 rx=N tx=W

rule color 0 rect 0 2 1 1 axis x [#0]
rule color 3 rect 0 0 1 1 axis x [#1]
rule color 3 rect 0 1 1 1 axis x [#2]

host output @out8 west row 1 color 3
)";
  Result<RandomCase> test = readCase(text, "test");
  ASSERT_TRUE(test) << test.error().str();
  Difference difference = firstDifferenceApart(
      *test, {reference("reference"), fast("windows", threads(1))}, 60);
  EXPECT_FALSE(difference) << difference.text;
}

// A walk that comes nearer meets the same banks before it meets the same
// elements, which do not conflict.
TEST(DifferentialTest, ConflictsOfWalksThatMeetAreNotThoseOfWalksApart) {
  const char *text = R"(//! round cycles 57
machine json {
 "clock": {
  "hertz": 1000000000.0
 },
 "core": {
  "dsrsPerFile": 8,
  "maxTasks": 64,
  "microthreads": 8
 },
 "description": "",
 "fabric": {
  "colors": 3,
  "filtersPerCore": 4,
  "hopCycles": 1,
  "maxSwitchPositions": 4,
  "rampCycles": 2,
  "reservedColors": [],
  "routerBufferDepth": 4,
  "switchChangesBoth": true,
  "switchableColors": [
   0,
   1,
   2
  ]
 },
 "grid": {
  "physical": [
   1,
   1
  ],
  "usable": [
   0,
   0,
   1,
   1
  ],
  "wafers": 1
 },
 "host": {
  "count": 1,
  "edges": [
   "west",
   "east"
  ],
  "firstRow": 0,
  "latencyCycles": 0,
  "rowStep": 1
 },
 "lanes": {},
 "memory": {
  "bankWidthBytes": 4,
  "codeBytesPerInstruction": 8,
  "readConflictModulus": 4,
  "sramBanks": 8,
  "sramBytes": 8192,
  "systemBytes": 256,
  "taskTableBytes": 256
 },
 "name": "random",
 "offWafer": {
  "bytesPerSecond": 0.0,
  "latencySeconds": 0.0,
  "networkLatencySeconds": 0.0
 },
 "parameterSets": [
  {
   "alu": 1,
   "branch": 1,
   "dsrLoad": 1,
   "dsrSet": 1,
   "fp": 1,
   "fpDivide": 50,
   "load": 1,
   "multiply": 1,
   "name": "random",
   "readClock": 1,
   "sendCycles": 1,
   "sendWords": 1,
   "store": 1,
   "taskControl": 1,
   "taskStart": 0,
   "vectorStart": 0
  }
 ],
 "queues": {
  "input": {
   "depths": [
    6,
    6,
    6,
    6,
    6,
    6,
    6,
    6
   ],
   "reserved": []
  },
  "output": {
   "depths": [
    3,
    3,
    3,
    3,
    3,
    3,
    3,
    3
   ],
   "reserved": []
  }
 },
 "redundancy": {
  "bypassCycles": 0,
  "kind": "none",
  "spareColumns": 0
 }
}
parameters "random"

role @role3 {
  params at 0 {
    const 2048
    const 0
    const 1
  }
  buffer @params params at 0 size 6
  task @loop local active entry 0
  code {
    li r25, 2032
    add r25, r25, r26
    dsrload d1, [r0 + params]
    dsrload s1.1, [r0 + params]
    dsrbase s0.1, r25
    fmaxs d1, s0.1, s1.1
    addi r26, r26, 8
    dbnz r27, 0
  }
}

region @region3 role @role3 rect 0 0 1 1 {
}
)";
  Result<RandomCase> test = readCase(text, "test");
  ASSERT_TRUE(test) << test.error().str();
  Difference difference =
      firstDifferenceApart(*test, {reference("reference"), fast("fast")}, 60);
  EXPECT_FALSE(difference) << difference.text;
}

TEST(DifferentialTest, TimingWithoutValuesAgreesWithTheReference) {
  EngineOptions options;
  options.timingOnly = true;
  FastOptions one = threads(1), two = threads(2);
  one.timingOnly = two.timingOnly = true;
  expectAgreement({reference("reference", options), fast("1 thread", one),
                   fast("2 threads", two)},
                  1000);
}

TEST(DifferentialTest, LoopsThatAreSkippedAgreeWithTheReference) {
  EngineOptions options;
  options.timingOnly = true;
  FastOptions one = threads(1), two = threads(2);
  one.timingOnly = two.timingOnly = true;
  expectAgreement({reference("reference", options), fast("1 thread", one),
                   fast("2 threads", two)},
                  60, nullptr, kFirstLoop);
}

TEST(DifferentialTest, ManyLoopsAreSkipped) {
  FastOptions options;
  options.timingOnly = true;
  unsigned some = 0;
  for (uint64_t seed = kFirstLoop; seed < kFirstLoop + 200; ++seed) {
    RandomCase test = makeRandomCase(seed);
    auto engine =
        Engine::createFast(test.image, test.machine, test.costs, options);
    ASSERT_TRUE(engine) << engine.error().str();
    RunLimits limits;
    limits.maxCycles = 100000;
    (*engine)->run(limits);
    some += (*engine)->skipped().periods > 0;
  }
  EXPECT_GT(some, 20u);
}

TEST(DifferentialTest, TheReferenceAgreesWithItself) {
  OutcomeCounts counts{};
  expectAgreement({reference("reference"), reference("reverse", {true, false}),
                   reference("stepwise", {false, true}),
                   reference("reverse and stepwise", {true, true})},
                  300, &counts);
  // The cases are worth something: runs end in all ways.
  for (unsigned kind = 0; kind < counts.size(); ++kind) {
    EXPECT_GT(counts[kind], 10u) << nameOf(Outcome::Kind(kind));
  }
}
