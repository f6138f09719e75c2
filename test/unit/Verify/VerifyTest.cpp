// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One program that holds every rule, and for each rule changes of its text
// that break it. A row of four cores on test8: the host's words come in at 0,0
// and reach all four; core 0 sends to core 1 on color 5, core 1 to cores 2 and
// 3 on color 6, core 3 back to the host on color 8; a weight of 4 x 8 lies by
// columns. In a column of three cores below two send to the last one, the
// second of them through a switch.
//
//===----------------------------------------------------------------------===//
#include "wafer/Verify/Verify.h"
#include "wafer/Image/Text.h"
#include "wafer/Image/Validate.h"

#include <algorithm>
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
region @column role @switcher rect 0 2 1 3 {
  row 0: [none, none, 0]
  row 1: [0, 0, none]
}
config @send rx=R tx=E
config @take rx=W tx=R
config @pass rx=W tx=E,R
config @exit rx=R tx=E
config @hop rx=W tx=E
config @down rx=R tx=S | rx=N tx=S
config @sink rx=N tx=R
config @filtered rx=W tx=R counter init=0 limit=1 max=3
config @south rx=R tx=S
rule @first color 5 rect 0 0 2 1 axis x [@send @take]
rule @second color 6 rect 1 0 3 1 axis x [@send @pass @take]
rule @host color 9 rect 0 0 4 1 axis x [@pass*3 @take]
rule @back color 8 rect 3 0 5 1 axis x [@exit @hop*4]
rule @switched color 0 rect 0 2 1 3 axis y [@south @down @sink]
family @first color 5 rect 0 0 2 1 axis x { 0 -> 1..2 }
family @second color 6 rect 1 0 3 1 axis x { 0 -> 1..3 }
family @switched color 0 rect 0 2 1 3 axis y { 0 -> 2..3 1 -> 2..3 }
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

TEST(Verify, RegistersLoaded) {
  // The entry behind the first load.
  expectViolation("registers-loaded",
                  "role 'line': instruction 3 (fadds): src0 can be used before "
                  "its descriptor register is loaded",
                  {{"entry start", "entry late"},
                   {"    dsrload s1.0", "  late:\n    dsrload s1.0"}});
  // A branch round a load; code that loops comes from a load only later.
  expectViolation("registers-loaded",
                  "role 'line': instruction 4 (fadds): dest",
                  {{"    dsrload d0, [r0 + out]",
                    "    beq r1, r2, round\n    dsrload d0, [r0 + out]\n"
                    "  round:"}});
  // A second task finds what the one that activates it leaves.
  const std::vector<std::pair<std::string, std::string>> two = {
      {"entry start\n", "entry first\n task @two local entry start\n"},
      {"  start:", "first: dsrload d0, [r0 + out] activate @two end\nstart:"}};
  Outcome outcome = verifyWith(two);
  ASSERT_EQ(outcome.error, "");
  EXPECT_TRUE(outcome.report.holds()) << allOf(outcome.report);
  auto without = two;
  without.push_back({"    dsrload d0, [r0 + out]\n    fadds", "    fadds"});
  outcome = verifyWith(without);
  ASSERT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.report.countOf("registers-loaded"), 0u)
      << allOf(outcome.report);
  without.push_back({"dsrload d0, [r0 + out] activate", "activate"});
  expectViolation("registers-loaded",
                  "role 'line': instruction 4 (fadds): dest can be used before",
                  without);
}

TEST(Verify, MemoryInBuffers) {
  // The descriptor still says 80.
  expectViolation("memory-in-buffers",
                  "role 'line': instruction 3 (fadds): src1 of the core 0,0 "
                  "spans bytes 80 to 96, which lie in no one buffer",
                  {{"base=sum", "base=80"},
                   {"buffer @sum scratch at 80", "buffer @sum scratch at 82"}});
  expectViolation(
      "memory-in-buffers",
      "role 'line': instruction 3 (fadds): src1 of the core 0,0 "
      "spans bytes 80 to 116",
      {{"base=sum extent=4", "base=sum extent=4 stride=2"},
       {"in: desc fabin queue=2 extent=4", "in: desc fabin queue=2 extent=5"}});
  // Length 5 comes from src0; a column where it is longer is enough.
  expectViolation("memory-in-buffers",
                  "role 'line': instruction 3 (fadds): src1 of the core 2,0 "
                  "spans bytes 80 to 100",
                  {{"in: desc fabin queue=2 extent=4",
                    "in: desc fabin queue=2 extent=col 2"},
                   {"  col 1: [5, 6, none, 8]\n",
                    "  col 1: [5, 6, none, 8]\n  col 2: [1, 4, 5, 0]\n"}});
  // A result in the place of a weight.
  expectViolation(
      "memory-in-buffers",
      "role 'line': instruction 3 (fadds): dest of the core 0,0 "
      "spans bytes 64 to 80, which lie in no one buffer for state "
      "or scratch",
      {{"out: desc fabout queue=3 extent=4", "out: desc mem base=w extent=4"}});
  expectViolation("memory-in-buffers",
                  "role 'line': instruction 0 (ldw): reads bytes 94 to 98",
                  {{"  start:", "  start:\n    ldw r1, [r0 + 94]"}});
  expectViolation("memory-in-buffers",
                  "role 'line': instruction 0 (sth): writes bytes 96 to 98",
                  {{"  start:", "  start:\n    sth r1, [r0 + 96]"}});
  expectViolation(
      "memory-in-buffers",
      "role 'line': instruction 0 (dsrload): loads from bytes 84 to 100",
      {{"dsrload s0.0, [r0 + in]", "dsrload s0.0, [r0 + 84]"}});
}

TEST(Verify, TasksCanStart) {
  expectViolation("tasks-can-start",
                  "role 'line': task 'main' never starts: nothing activates it",
                  {{"local active entry", "local entry"}});
  expectViolation("tasks-can-start",
                  "role 'line': task 'main' never starts: nothing unblocks it",
                  {{"local active entry", "local active blocked entry"}});
  // Each could start the other.
  expectViolation("tasks-can-start",
                  "role 'line': every task waits for another one",
                  {{"task @main local active", "task @main local"},
                   {"task @token data queue 4", "task @token local"},
                   {"  start:", "  start: activate @token"},
                   {"  done:", "  done: activate @main"}});
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

TEST(Verify, QueuesUsed) {
  expectViolation("queues-used",
                  "role 'line' binds input queue 4, which none of its code "
                  "names",
                  {{"task @token data queue 4 entry done", ""}});
  expectViolation("queues-used", "role 'line' binds output queue 4, which none",
                  {{"input queue 4", "output queue 4 color 2 input queue 4"}});
  // A descriptor from an address that code computes may name any queue.
  Outcome outcome =
      verifyWith({{"task @token data queue 4 entry done", ""},
                  {"dsrload s1.0, [r0 +", "dsrload s1.0, [r1 +"}});
  ASSERT_EQ(outcome.error, "");
  EXPECT_TRUE(outcome.report.holds()) << allOf(outcome.report);
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
      {{"family @switched color 0 rect 0 2 1 3 axis y { 0 -> 2..3 1 -> 2..3 }",
        ""}});
  expectViolation(
      "no-undeclared-source",
      "host port 'token' sends color 9 at 0,0, but no stream is "
      "declared from there",
      {{"stream @token color 9 from host 0 0 to rect 0 0 4 1", ""}});
}

TEST(Verify, QueuesHaveStreams) {
  expectViolation("queues-have-streams",
                  "the core 0,0 has an input queue of color 7, but no declared "
                  "stream reaches it",
                  {{"col 0: [none, 5", "col 0: [7, 5"}});
}

TEST(Verify, RoutesDeclared) {
  expectViolation("routes-declared",
                  "rule 'more' takes color 7 at 6,6 from west, where no "
                  "declared stream comes",
                  {{"family @first", "rule @more color 7 rect 6 6 1 1 axis x "
                                     "[@take] family @first"}});
}

TEST(Verify, HostPortsServed) {
  expectViolation(
      "host-ports-served",
      "host port 'answer' of color 8 at 7,0 has 0 declared streams "
      "instead of one",
      {{"stream @answer color 8 from 3 0 to host rect 7 0 1 1", ""}});
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

TEST(Verify, ElementsApart) {
  expectViolation(
      "elements-apart",
      "tensor 'weight' in region 'row' has a stride of 2 bytes over "
      "elements that fill 4",
      {{"whole stride 4", "whole stride 2"}});
  expectViolation("elements-apart",
                  "tensor 'weight' in region 'row' has a "
                  "stride of 0 bytes over elements that fill "
                  "2",
                  {{"8] stride 2", "8] stride 0"}});
}

TEST(Verify, WeightsLoaded) {
  const std::string port = "host input @token";
  std::string init = "init region @row offset w bytes 16 { }\n";
  Outcome outcome = verifyWith({{port, init + port}});
  ASSERT_EQ(outcome.error, "");
  EXPECT_TRUE(outcome.report.holds()) << allOf(outcome.report);
  expectViolation("weights-loaded",
                  "tensor 'weight' uses bytes 64 to 80 of region 'row', which "
                  "the loader does not fill",
                  {{port, "init region @row offset w bytes 14 { }\n" + port}});
  expectViolation("weights-loaded",
                  "data of region 'row' for bytes 64 to 84 lie in no one "
                  "buffer",
                  {{port, "init region @row offset w bytes 20 { }\n" + port}});
}

TEST(Verify, CopiesAgree) {
  // Columns 0 and 1 hold the left half, 2 and 3 the right one: rows 1 to 4 of
  // four elements each.
  auto init = [](const std::string &last) {
    return "init region @row offset w bytes 32 {\n"
           "cores 0 0 2 1 f16 [1*4, 2*4, 3*4, 4*4]\n"
           "core 2 0 f16 [5*4, 6*4, 7*4, 8*4]\ncore 3 0 f16 [" +
           last + "] }\nhost input @token";
  };
  std::vector<std::pair<std::string, std::string>> changes = {
      {"whole stride 4", "whole stride 8"},
      {"buffer @w weights at 64 size 16", "buffer @w weights at 96 size 32"},
      {"cut [0, 2, 4, 6, 8]", "begin [0*2, 4*2] end [4*2, 8*2]"}};
  auto with = changes;
  with.push_back({"host input @token", init("5*4, 6*4, 7*4, 8*4")});
  Outcome outcome = verifyWith(with);
  ASSERT_EQ(outcome.error, "");
  EXPECT_TRUE(outcome.report.holds()) << allOf(outcome.report);
  // Another first element of row 1; the right half begins at column 4.
  with = changes;
  with.push_back({"host input @token", init("5*4, 0, 6*3, 7*4, 8*4")});
  expectViolation("copies-agree",
                  "tensor 'weight': the core 3,0 holds another value of "
                  "element [1, 4] than a core before it",
                  with);
}

TEST(Verify, StagesCoverModel) {
  auto stages = [](const std::string &text) {
    return std::vector<std::pair<std::string, std::string>>{
        {"machine \"test8\"", "machine \"test8\" model json {\"layers\":4}"},
        {"host input", text + " host input"}};
  };
  const std::string one = "stage @a wafer 0 region @row rect 0 0 4 1 layers 0 ";
  Outcome outcome = verifyWith(stages(one + "count 4"));
  ASSERT_EQ(outcome.error, "");
  EXPECT_TRUE(outcome.report.holds()) << allOf(outcome.report);
  expectViolation("stages-cover-model",
                  "the stages hold 3 layers, but the model has 4",
                  stages(one + "count 3"));
  expectViolation("stages-cover-model",
                  "stage 'b' begins with layer 3, but the stages before it end "
                  "with layer 1",
                  stages(one + "count 2 stage @b wafer 0 region @column rect 0 "
                               "2 1 3 layers 3 count 1"));
  expectViolation("stages-cover-model",
                  "stage 'a' at 0,2 (1 x 3) does not lie in its region 'row'",
                  stages("stage @a wafer 0 region @row rect 0 2 1 3 layers 0 "
                         "count 4"));
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
  EXPECT_EQ(std::count_if(report.violations.begin(), report.violations.end(),
                          [](const Violation &v) {
                            return v.rule == "one-rule-per-color";
                          }),
            3);
  EXPECT_NE(toJson(report).find("\"ok\": false"), std::string::npos);
}

} // namespace
