// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One program that holds every rule, and for each rule changes of its text
// that break it. A row of four cores on test8: the host's words come in at 0,0
// and reach all four; core 0 sends to core 1 on color 5, core 1 to cores 2 and
// 3 on color 6, core 3 back to the host on color 8; a weight of 4 x 8 lies by
// columns. A column of two cores below swaps a switch.
//
//===----------------------------------------------------------------------===//
#include "wafer/Verify/Verify.h"
#include "wafer/Image/Text.h"
#include "wafer/Image/Validate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace wafer;

namespace {

const char *const kProgram = R"(
machine "test8"
role @line {
  params at 0 {
    in: desc fabin queue=2 extent=4
    out: desc fabout queue=3 extent=4
    acc: desc mem base=sum extent=4
  }
  buffer @params params at 0 size 64
  buffer @w weights at 64 size 16
  buffer @sum scratch at 80 size 16
  input queue 2 color col 0
  input queue 4 color 9
  output queue 3 color col 1
  task @main local active entry start
  task @token data queue 4 entry done
  code {
  start:
    dsrload s0.0, [r0 + in]
    dsrload s1.0, [r0 + acc]
    dsrload d0, [r0 + out]
    fadds d0, s0.0, s1.0 async 1
  done:
    end
  }
}
region @row role @line rect 0 0 4 1 {
  col 0: [none, 5, 6, 6]
  col 1: [5, 6, none, 8]
}
role @switcher {
  input queue 2 color row 0
  output queue 3 color row 1
}
region @column role @switcher rect 0 2 1 2 {
  row 0: [none, 0]
  row 1: [0, none]
}
config @send rx=R tx=E
config @take rx=W tx=R
config @pass rx=W tx=E,R
config @exit rx=R tx=E
config @hop rx=W tx=E
config @down rx=R tx=S | rx=N tx=S
config @sink rx=N tx=R
config @filtered rx=W tx=R counter init=0 limit=1 max=3
rule @first color 5 rect 0 0 2 1 axis x [@send @take]
rule @second color 6 rect 1 0 3 1 axis x [@send @pass @take]
rule @host color 9 rect 0 0 4 1 axis x [@pass*3 @take]
rule @back color 8 rect 3 0 5 1 axis x [@exit @hop*4]
rule @switched color 0 rect 0 2 1 2 axis y [@down @sink]
family @first color 5 rect 0 0 2 1 axis x { 0 -> 1..2 }
family @second color 6 rect 1 0 3 1 axis x { 0 -> 1..3 }
family @switched color 0 rect 0 2 1 2 axis y { 0 -> 1..2 }
stream @token color 9 from host 0 0 to rect 0 0 4 1
stream @answer color 8 from 3 0 to host rect 7 0 1 1
tensor @weight weight f16 shape [4, 8] region @row buffer @w offset 0 {
  whole stride 4
  columns cut [0, 2, 4, 6, 8] stride 2
}
host input @token west row 0 color 9
host output @answer east row 0 color 8
)";

struct Outcome {
  VerifyReport report;
  std::string error;
};

/// The report on the program after each text was replaced by another; with
/// `valid` the result must pass validate().
Outcome
verifyWith(const std::vector<std::pair<std::string, std::string>> &changes,
           bool valid = true) {
  std::string text = kProgram;
  for (const auto &[from, to] : changes) {
    size_t at = text.find(from);
    if (at == std::string::npos) {
      return {{}, "text '" + from + "' is not in the program"};
    }
    text.replace(at, from.size(), to);
  }
  Result<Image> image = parseImage(text, "t.wtext");
  if (!image) {
    return {{}, image.error().str()};
  }
  Machine machine = *Machine::load("test8");
  Status status = validate(*image, machine);
  if (valid && !status) {
    return {{}, status.error().str()};
  }
  return {verify(*image, machine), ""};
}

std::string allOf(const VerifyReport &report) {
  std::string text;
  for (const Violation &v : report.violations) {
    text += v.rule + ": " + v.message + "\n";
  }
  return text;
}

void expectViolation(
    const std::string &rule, const std::string &message,
    const std::vector<std::pair<std::string, std::string>> &changes,
    bool valid = true) {
  Outcome outcome = verifyWith(changes, valid);
  ASSERT_EQ(outcome.error, "");
  EXPECT_FALSE(outcome.report.holds());
  EXPECT_GT(outcome.report.countOf(rule), 0u) << allOf(outcome.report);
  EXPECT_NE(allOf(outcome.report).find(rule + ": " + message),
            std::string::npos)
      << allOf(outcome.report);
}

TEST(Verify, ProgramHolds) {
  Outcome outcome = verifyWith({});
  ASSERT_EQ(outcome.error, "");
  EXPECT_TRUE(outcome.report.holds()) << allOf(outcome.report);
}

TEST(Verify, SramFits) {
  // A buffer as large as the program's share, behind 80 other bytes.
  Machine machine = *Machine::load("test8");
  std::string size = std::to_string(machine.programBytes());
  Outcome outcome = verifyWith(
      {{"scratch at 80 size 16", "scratch at 80 size " + size}}, false);
  ASSERT_EQ(outcome.error, "");
  uint64_t code = 5 * machine.codeBytesPerInstruction;
  EXPECT_EQ(allOf(outcome.report),
            fmt::format("sram-fits: role 'line' needs {} bytes ({} data, {} "
                        "code, {} system, {} task table) but a core has {}; "
                        "most of it: buffer 'sum' {}, system {}, buffer "
                        "'params' 64\n",
                        code + 80 + machine.sramBytes,
                        80 + machine.programBytes(), code, machine.systemBytes,
                        machine.taskTableBytes, machine.sramBytes, size,
                        machine.systemBytes));
}

TEST(Verify, CodeValid) {
  expectViolation("code-valid",
                  "role 'line': instruction 3 (fadds): src0 is a descriptor "
                  "register that is never loaded",
                  {{"dsrload s0.0", "dsrload s0.1"}});
  expectViolation("code-valid",
                  "role 'line': instruction 3 (fadds): src1 is a fabric output",
                  {{"s1.0, [r0 + acc]", "s1.0, [r0 + out]"}});
  expectViolation("code-valid",
                  "role 'line': instruction 3 (fadds): dest is a fabric input",
                  {{"d0, [r0 + out]", "d0, [r0 + in]"}});
  expectViolation("code-valid",
                  "role 'line': instruction 3 (fadds): two operands are fabric "
                  "inputs",
                  {{"s1.0, [r0 + acc]", "s1.0, [r0 + in]"}});
  expectViolation("code-valid",
                  "role 'line': instruction 3 (fadds): an asynchronous "
                  "instruction has no fabric operand",
                  {{"s0.0, [r0 + in]", "s0.0, [r0 + acc]"},
                   {"d0, [r0 + out]", "d0, [r0 + acc]"}});
  expectViolation("code-valid",
                  "role 'line': instruction 4 (nop): the code runs past its "
                  "end",
                  {{"    end\n", "    nop\n"}});
  expectViolation("code-valid",
                  "role 'line': instruction 0 (dsrload): the descriptor is not "
                  "aligned to 4 bytes",
                  {{"s0.0, [r0 + in]", "s0.0, [r0 + 2]"}});
}

TEST(Verify, QueuesExist) {
  expectViolation("queues-exist",
                  "role 'line': instruction 0 (dsrload): the descriptor names "
                  "input queue 5, which the role does not bind",
                  {{"fabin queue=2", "fabin queue=5"}});
  expectViolation(
      "queues-exist",
      "role 'line': task 'token' waits for input queue 5, which the "
      "role does not bind",
      {{"data queue 4", "data queue 5"}});
  expectViolation("queues-exist",
                  "region 'row': input queues 2 and 4 of a core have color 9 "
                  "both",
                  {{"[none, 5, 6, 6]", "[none, 5, 6, 9]"}});
  // Queue 0 of each direction belongs to the system where the machine says so.
  Machine machine = *Machine::load("test8");
  for (unsigned q = 0; q < machine.inputQueues.count(); ++q) {
    if (!machine.inputQueues.usable(q)) {
      expectViolation("queues-exist", "role 'switcher' binds input queue",
                      {{"input queue 2 color row 0",
                        "input queue " + std::to_string(q) + " color row 0"}});
    }
  }
}

TEST(Verify, SharedColorsByRowAndColumn) {
  // Queue 2 by column and queue 4 by row: column 1 has color 5, the row too.
  expectViolation("queues-exist",
                  "region 'row': input queues 2 and 4 of a core have color 5 "
                  "both",
                  {{"input queue 4 color 9", "input queue 4 color row 0"},
                   {"  col 0: [none, 5", "  row 0: [5]\n  col 0: [none, 5"}});
}

TEST(Verify, ColorsAllowed) {
  Machine machine = *Machine::load("test8");
  unsigned reserved = 0;
  while (reserved < machine.colors &&
         !((machine.reservedColors >> reserved) & 1u)) {
    ++reserved;
  }
  if (reserved == machine.colors) {
    GTEST_SKIP() << "the machine reserves no color";
  }
  std::string color = std::to_string(reserved);
  expectViolation("colors-allowed",
                  "rule 'first' uses color " + color +
                      ", which belongs to the system",
                  {{"rule @first color 5", "rule @first color " + color}});
  expectViolation("colors-allowed", "input queue 4 of region 'row' uses color",
                  {{"queue 4 color 9", "queue 4 color " + color}});
}

TEST(Verify, SwitchLimits) {
  // Color 22 has no switch on wse3.
  expectViolation("switch-limits",
                  "rule 'first' switches color 22 (config 5), which has no "
                  "switch",
                  {{"rule @first color 5 rect 0 0 2 1 axis x [@send @take]",
                    "rule @first color 22 rect 0 0 2 1 axis x [@down @take]"}});
  expectViolation("switch-limits",
                  "rule 'switched': config 5 position 1 receives from several "
                  "ports",
                  {{"| rx=N tx=S", "| rx=N,R tx=S"}});
}

TEST(Verify, SwitchOfAnOlderMachineChangesOneDirection) {
  Machine machine = *Machine::load("test8");
  machine.switchChangesBoth = false;
  std::string text = kProgram;
  size_t at = text.find("| rx=N tx=S");
  text.replace(at, 11, "| rx=N tx=E");
  Result<Image> image = parseImage(text, "t");
  ASSERT_TRUE(image);
  std::string messages = allOf(verify(*image, machine));
  EXPECT_NE(messages.find("switch-limits: rule 'switched': config 5 position 1 "
                          "changes rx and tx"),
            std::string::npos)
      << messages;
}

TEST(Verify, FilterLimits) {
  Machine machine = *Machine::load("test8");
  machine.filtersPerCore = 1;
  std::string text = kProgram;
  for (const char *take : {"@send @take]", "@pass*3 @take]"}) {
    size_t at = text.find(take);
    std::string with = take;
    with.replace(with.find("@take"), 5, "@filtered");
    text.replace(at, std::string(take).size(), with);
  }
  // Color 5 is filtered at 1,0 and color 9 at 3,0: one each.
  Result<Image> image = parseImage(text, "t");
  ASSERT_TRUE(image);
  EXPECT_TRUE(verify(*image, machine).holds());
  machine.filtersPerCore = 0;
  EXPECT_EQ(allOf(verify(*image, machine)),
            "filter-limits: the core 1,0 needs 1 filters but the machine has 0 "
            "a core\nfilter-limits: the core 3,0 needs 1 filters but the "
            "machine has 0 a core\n");
}

TEST(Verify, OneRulePerColor) {
  expectViolation("one-rule-per-color",
                  "rule 'first' and rule 'second' both give 1,0 a route for "
                  "color 5",
                  {{"rule @second color 6", "rule @second color 5"}});
  // Rectangles may overlap where one has no route.
  Outcome outcome =
      verifyWith({{"rule @first color 5 rect 0 0 2 1 axis x [@send @take]",
                   "rule @first color 5 rect 0 0 2 1 axis x [@send @take]\n"
                   "rule @none color 5 rect 0 0 8 8 axis y [none*8]"}});
  EXPECT_TRUE(outcome.report.holds()) << allOf(outcome.report);
}

TEST(Verify, StaysOnGrid) {
  expectViolation("stays-on-grid",
                  "rule 'first' sends color 5 at 0,0 to the east, where the "
                  "router has no route for it",
                  {{"[@send @take]", "[@send none]"}});
  expectViolation("stays-on-grid",
                  "rule 'first' sends color 5 at 0,0 to the east, where the "
                  "router does not take it from there",
                  {{"[@send @take]", "[@send @sink]"}});
  expectViolation(
      "stays-on-grid",
      "rule 'back' sends color 8 at 7,0 to the east, over the edge, "
      "where no host port takes it",
      {{"host output @answer east row 0", "host output @answer east "
                                          "row 1"}});
}

TEST(Verify, StreamsDelivered) {
  expectViolation("streams-delivered",
                  "family 'second' from 1,0 on color 6: it reaches 2,0, which "
                  "is no sink",
                  {{"{ 0 -> 1..3 }", "{ 0 -> 2..3 }"}});
  expectViolation("streams-delivered",
                  "family 'second' from 1,0 on color 6: it does not reach 1 of "
                  "2 sinks, the first at 2,0",
                  {{"[@send @pass @take]", "[@send @hop @take]"}});
  expectViolation(
      "streams-delivered",
      "family 'first' from 0,0 on color 5: the router at 1,0 has no "
      "route for it from west",
      {{"[@send @take]", "[@send none]"}});
  expectViolation(
      "streams-delivered",
      "stream 'token' from 0,0 on color 9: no host port brings "
      "words in there",
      {{"host input @token west row 0", "host input @token west row "
                                        "1"}});
  expectViolation("streams-delivered",
                  "stream 'answer' from 3,0 on color 8: it reaches 7,0, which "
                  "is no sink",
                  {{"to host rect 7 0 1 1", "to host rect 6 0 1 1"}});
  expectViolation("streams-delivered",
                  "stream 'answer' from 3,0 on color 8: it leaves to the host "
                  "at 7,0",
                  {{"to host rect 7 0 1 1", "to rect 7 0 1 1"}});
}

TEST(Verify, RoutesWithoutCycles) {
  // A ring of four routers below the row: R,S -> E, W -> S ... back to 4,4.
  expectViolation("streams-delivered",
                  "stream 'ring' from 4,4 on color 10: the route comes to 4,4 "
                  "twice",
                  {{"host input", R"(
                     role @ring { output queue 3 color 10 }
                     region @ring role @ring rect 4 4 1 1
                     config @r0 rx=R,S tx=E
                     config @r1 rx=W tx=S
                     config @r2 rx=N tx=W
                     config @r3 rx=E tx=N
                     rule color 10 rect 4 4 2 1 axis x [@r0 @r1]
                     rule color 10 rect 4 5 2 1 axis x [@r3 @r2]
                     stream @ring color 10 from 4 4 to rect 5 5 1 1
                     host input)"}});
}

TEST(Verify, SourcesAndReceiversHaveQueues) {
  expectViolation("sources-have-queues",
                  "family 'first': the source 0,0 has no output queue of color "
                  "5",
                  {{"[5, 6, none, 8]", "[none, 6, none, 8]"}});
  expectViolation("receivers-have-queues",
                  "words of color 6 reach the core 3,0, which has no input "
                  "queue for them",
                  {{"[none, 5, 6, 6]", "[none, 5, 6, none]"}});
}

TEST(Verify, NoUndeclaredSource) {
  expectViolation(
      "no-undeclared-source",
      "the core 0,2 can send color 0 (rule 'switched'), but no "
      "stream is declared from it",
      {{"family @switched color 0 rect 0 2 1 2 axis y { 0 -> 1..2 }", ""}});
  expectViolation(
      "no-undeclared-source",
      "host port 'token' sends color 9 at 0,0, but no stream is "
      "declared from there",
      {{"stream @token color 9 from host 0 0 to rect 0 0 4 1", ""}});
}

TEST(Verify, SingleInput) {
  // Core 0 sends on color 6 too, through core 1, which injects its own there.
  expectViolation("single-input",
                  "declared streams of color 6 come to 1,0 from west and the "
                  "core without a switch between them (rule 'second')",
                  {{"[5, 6, none, 8]", "[6, 6, none, 8]"},
                   {"rule @second color 6 rect 1 0 3 1 axis x [@send @pass "
                    "@take]",
                    "config @merge rx=W,R tx=E rule @second color 6 rect 0 0 4 "
                    "1 axis x [@send @merge @pass @take]"},
                   {"family @second color 6 rect 1 0 3 1 axis x { 0 -> 1..3 }",
                    "family @second color 6 rect 0 0 4 1 axis x { 0 -> 2..4, 1 "
                    "-> 2..4 }"}});
}

TEST(Verify, TensorsCovered) {
  expectViolation("tensors-covered",
                  "tensor 'weight': elements of [0..4, 0..8] are missing; "
                  "placed: [0..4, 0..6]",
                  {{"cut [0, 2, 4, 6, 8]", "cut [0, 2, 4, 6, 6]"}});
  expectViolation(
      "tensors-covered",
      "tensor 'weight': the columns of region 'row' leave elements 2 "
      "to 3 out",
      {{"cut [0, 2, 4, 6, 8]", "begin [0, 3, 4, 6] end [2, 4, 6, "
                               "8]"}});
  // Replication: columns 0 and 1 hold the same half.
  Outcome outcome = verifyWith(
      {{"whole stride 4", "whole stride 8"},
       {"buffer @w weights at 64 size 16", "buffer @w weights at 96 size 32"},
       {"cut [0, 2, 4, 6, 8]", "begin [0*2, 4*2] end [4*2, 8*2]"}});
  ASSERT_EQ(outcome.error, "");
  EXPECT_TRUE(outcome.report.holds()) << allOf(outcome.report);
}

TEST(Verify, TwoDimensionsOverColumnsCoverTheirProduct) {
  // 4 columns hold head 0 or 1 and half 0 or 1 of it.
  std::string dims = "columns begin [0*2, 1*2] end [1*2, 2*2] stride 8\n"
                     "columns begin [0, 4, 0, 4] end [4, 8, 4, 8] stride 2\n";
  Outcome outcome = verifyWith(
      {{"shape [4, 8]", "shape [2, 8]"},
       {"whole stride 4\n  columns cut [0, 2, 4, 6, 8] stride 2", dims}});
  ASSERT_EQ(outcome.error, "");
  EXPECT_TRUE(outcome.report.holds()) << allOf(outcome.report);
}

TEST(Verify, MessagesAreCapped) {
  Outcome outcome = verifyWith({});
  Machine machine = *Machine::load("test8");
  Image image = *parseImage(kProgram, "t");
  // 64 routers with a route twice.
  image.rules.push_back({"a", 7, {0, 0, 8, 8}, Axis::X, 0, {{{8, 1}}}});
  image.rules.push_back({"b", 7, {0, 0, 8, 8}, Axis::Y, 0, {{{8, 1}}}});
  VerifyOptions options;
  options.maxPerRule = 3;
  VerifyReport report = verify(image, machine, options);
  EXPECT_EQ(report.countOf("one-rule-per-color"), 64u);
  EXPECT_EQ(report.violations.size(), 3u);
  EXPECT_NE(toJson(report).find("\"ok\": false"), std::string::npos);
}

} // namespace
