// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program on two wafers of test8 that holds every rule: core 0,0 sends to
// core 10,0, which is on the second wafer; and changes that break the rules on
// crossings. The words that core 10,0 answers go back over another crossing.
//
#include "wafer/Certify/Certify.h"
#include "wafer/Image/Text.h"
#include "wafer/Image/Validate.h"
#include "wafer/Verify/Verify.h"

#include <gtest/gtest.h>

using namespace wafer;

namespace {

const char *const kProgram = R"(
machine "test8"
role @ping {
  params at 0 {
    in: desc fabin queue=2 extent=4
    out: desc fabout queue=3 extent=4
  }
  buffer @params params at 0 size 64
  input queue 2 color col 0
  output queue 3 color col 1
  task @main local active entry start
  code {
  start:
    dsrload s0.0, [r0 + in]
    dsrload d0, [r0 + out]
    mov32 d0, s0.0
    end
  }
}
region @from role @ping rect 0 0 1 1 { col 0: [4] col 1: [5] }
region @to role @ping rect 10 0 1 1 { col 0: [6] col 1: [7] }
config @send rx=R tx=E
config @east rx=W tx=E
config @take rx=W tx=R
config @back rx=R tx=W
config @west rx=E tx=W
config @home rx=E tx=R
rule @go color 5 rect 0 0 8 1 axis x [@send @east*7]
rule @come color 6 rect 8 0 3 1 axis x [@east*2 @take]
rule @answer color 7 rect 8 0 3 1 axis x [@west*2 @back]
rule @answered color 4 rect 0 0 8 1 axis x [@home @west*7]
stream @go color 5 from 0 0 to host rect 7 0 1 1
stream @come color 6 from host 8 0 to rect 10 0 1 1
stream @answer color 7 from 10 0 to host rect 8 0 1 1
stream @answered color 4 from host 7 0 to rect 0 0 1 1
host output @there east row 0 color 5 partner #1
host input @there wafer 1 west row 0 color 6 partner #0
host output @back wafer 1 west row 0 color 7 partner #3
host input @back east row 0 color 4 partner #2
)";

using Changes = std::vector<std::pair<std::string, std::string>>;

std::string violationsWith(const Changes &changes) {
  std::string text = kProgram;
  for (const auto &[from, to] : changes) {
    size_t at = text.find(from);
    if (at == std::string::npos) {
      return "text '" + from + "' is not in the program";
    }
    text.replace(at, from.size(), to);
  }
  Result<Image> image = parseImage(text, "t.wtext");
  if (!image) {
    return image.error().str();
  }
  Machine machine = *Machine::load("test8");
  machine.wafers = 2;
  image->machine = machine.toJson();
  if (Status status = validate(*image, machine); !status) {
    return status.error().str();
  }
  std::string all;
  for (const Violation &v : verify(*image, machine).violations) {
    all += v.rule + ": " + v.message + "\n";
  }
  return all;
}

void expectViolation(const Changes &changes, const std::string &message) {
  std::string all = violationsWith(changes);
  EXPECT_NE(all.find(message), std::string::npos) << all;
}

TEST(CrossingRules, ProgramHolds) { EXPECT_EQ(violationsWith({}), ""); }

/// What certify() says of the program with changes.
Certificate certificateWith(const Changes &changes) {
  std::string text = kProgram;
  for (const auto &[from, to] : changes) {
    text.replace(text.find(from), from.size(), to);
  }
  Image image = *parseImage(text, "t.wtext");
  Machine machine = *Machine::load("test8");
  machine.wafers = 2;
  image.machine = machine.toJson();
  Status valid = validate(image, machine);
  EXPECT_TRUE(bool(valid)) << valid.error().str();
  return certify(image, machine);
}

// Each of the two waits for the other before it sends: a crossing is not a host
// that sends what is waited for.
TEST(CrossingRules, CoresWaitForEachOtherAcrossABorder) {
  Certificate c = certificateWith({});
  EXPECT_EQ(c.verdict, Certificate::Verdict::Deadlock) << c.reason;
}

/// Two roles with the same descriptors.
std::string role(const char *name, const char *code) {
  return std::string("role @") + name + R"( {
  params at 0 {
    in: desc fabin queue=2 extent=4
    out: desc fabout queue=3 extent=4
    cells: desc mem base=data extent=4
  }
  buffer @params params at 0 size 64
  buffer @data scratch at 64 size 16
  input queue 2 color col 0
  output queue 3 color col 1
  task @main local active entry start
  code {
  start:
)" + code +
         "    jmp start\n  }\n}\n";
}
const char *const kSend = R"(
    dsrload s0.0, [r0 + cells]
    dsrload d0, [r0 + out]
    mov32 d0, s0.0
)";
const char *const kTake = R"(
    dsrload s0.1, [r0 + in]
    dsrload d1, [r0 + cells]
    mov32 d1, s0.1
)";

// The second core takes what the first one sends, then answers.
const Changes kAnswers = {
    {"region @from role @ping",
     role("first", (std::string(kSend) + kTake).c_str()) +
         role("second", (std::string(kTake) + kSend).c_str()) +
         "region @from role @first"},
    {"region @to role @ping", "region @to role @second"}};

TEST(CrossingRules, CertifiedAcrossABorder) {
  Certificate c = certificateWith(kAnswers);
  EXPECT_EQ(c.verdict, Certificate::Verdict::Safe) << c.reason;
  EXPECT_TRUE(c.assumed.empty()) << c.assumed.front();
  // There and back.
  EXPECT_EQ(c.messages, 2u);
}

TEST(CrossingRules, WordsAreCountedAcrossABorder) {
  Changes changes = kAnswers;
  // Two words go, four are awaited.
  std::string &roles = changes.front().second;
  roles.replace(roles.find("base=data extent=4"), 18, "base=data extent=2");
  Certificate c = certificateWith(changes);
  EXPECT_EQ(c.verdict, Certificate::Verdict::Deadlock) << c.reason;
}

TEST(CrossingRules, NothingCrossesABorderByALink) {
  // Without the crossing the words would go on to the neighbouring column.
  expectViolation(
      {{"host output @there east row 0 color 5 partner #1", ""},
       {"host input @there wafer 1 west row 0 color 6 partner #0", ""},
       {"partner #3", "partner #1"},
       {"partner #2", "partner #0"}},
      "stays-on-grid: rule 'go' sends color 5 at 7,0 to the east, "
      "over the edge, where no host port takes it");
}

TEST(CrossingRules, RulesEndAtABorder) {
  expectViolation({{"rule @go color 5 rect 0 0 8 1 axis x [@send @east*7]",
                    "rule @go color 5 rect 0 0 9 1 axis x [@send @east*8]"}},
                  "rectangle lies on two wafers");
}

TEST(CrossingRules, PartnersHaveOneName) {
  expectViolation({{"host input @there wafer 1", "host input @their wafer 1"}},
                  "crossings-joined: crossing 'there' of wafer 0 leads to "
                  "'their' of wafer 1");
}

TEST(CrossingRules, TwoCrossingsOfOneName) {
  expectViolation({{"host output @back", "host output @there"},
                   {"host input @back", "host input @there"}},
                  "crossings-joined: two crossings are named 'there'");
}

TEST(CrossingRules, EachPortHasAStream) {
  expectViolation({{"stream @go color 5 from 0 0 to host rect 7 0 1 1", ""}},
                  "host-ports-served: host port 'there' of color 5 at 7,0 has "
                  "0 declared streams");
  expectViolation({{"stream @come color 6 from host 8 0 to rect 10 0 1 1", ""}},
                  "no-undeclared-source: host port 'there' sends color 6 at "
                  "8,0");
}

TEST(CrossingRules, AStreamStaysOnItsWafer) {
  expectViolation({{"rect 10 0 1 1\nstream @answer", "rect 9 0 1 1\nstream "
                                                     "@answer"}},
                  "streams-delivered: stream 'come' from 8,0 on color 6: it "
                  "reaches 10,0, which is no sink");
}

} // namespace
