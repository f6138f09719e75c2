// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Certify/Certify.h"
#include "wafer/Image/Text.h"
#include "wafer/Image/Validate.h"
#include "wafer/Sim/Engine.h"
#include "wafer/Verify/Verify.h"

#include <gtest/gtest.h>

using namespace wafer;

using Verdict = Certificate::Verdict;

namespace {

struct Program {
  Image image;
  Machine machine;
};

Program parse(const std::string &text) {
  Program program;
  Result<Image> image = parseImage("machine \"test8\"\n" + text, "test");
  if (!image) {
    ADD_FAILURE() << image.error().str();
    return program;
  }
  program.image = std::move(*image);
  Result<Machine> machine = Machine::fromJson(program.image.machine, "test");
  EXPECT_TRUE(bool(machine));
  program.machine = std::move(*machine);
  Status valid = validate(program.image, program.machine);
  EXPECT_TRUE(bool(valid)) << valid.error().str();
  return program;
}

Certificate certify(const Program &program) {
  return wafer::certify(program.image, program.machine);
}

std::string replace(std::string text, const std::string &what,
                    const std::string &with) {
  size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

// The host gives a number to core 0,0, which tells two cores of one role. The
// first sends the second three words if the number is not zero, and then as
// many words as the number says.
const char kPair[] = R"(
role @source {
  params at 0 {
    command: desc fabin queue=2 extent=1
    cell: desc mem base=number extent=1
    out: desc fabout queue=2 extent=1
  }
  buffer @params params at 0 size 48
  buffer @number scratch at 64 size 4
  input queue 2 color 1
  output queue 2 color 2
  task @main local active entry main
  code {
  main:
    dsrload s0.0, [r0 + command]
    dsrload d0, [r0 + cell]
    mov32 d0, s0.0
    dsrload s0.1, [r0 + cell]
    dsrload d1, [r0 + out]
    mov32 d1, s0.1
    jmp main
  }
}
role @pair {
  params at 0 {
    first: col 0
    const 0
    in: desc fabin queue=2 extent=1
    cell: desc mem base=number extent=1
    out: desc fabout queue=3 extent=3
    take: desc fabin queue=3 extent=3
    words: desc mem base=data extent=3
  }
  buffer @params params at 0 size 84
  buffer @number scratch at 88 size 4
  buffer @data scratch at 96 size 256
  input queue 2 color 2
  output queue 3 color col 1
  input queue 3 color col 2
  task @main local active entry main
  code {
  main:
    dsrload s0.0, [r0 + in]
    dsrload d0, [r0 + cell]
    mov32 d0, s0.0
    ldw r1, [r0 + number]
    ldh r2, [r0 + first]
    beq r1, r0, many
    beq r2, r0, other
    dsrload s0.1, [r0 + words]
    dsrload d1, [r0 + out]
    mov32 d1, s0.1
    jmp many
  other:
    dsrload s0.1, [r0 + take]
    dsrload d1, [r0 + words]
    mov32 d1, s0.1
  many:
    addi r3, r1, 1
    beq r2, r0, others
    dsrload s0.1, [r0 + words]
    dsrlen s0.1, r3
    dsrload d1, [r0 + out]
    dsrlen d1, r3
    mov32 d1, s0.1
    jmp again
  others:
    dsrload s0.1, [r0 + take]
    dsrlen s0.1, r3
    dsrload d1, [r0 + words]
    dsrlen d1, r3
    mov32 d1, s0.1
  again:
    jmp main
  }
}
region @source role @source rect 0 0 1 1 {}
region @pair role @pair rect 1 0 2 1 {
  col 0: [1, 0]
  col 1: [3, none]
  col 2: [none, 3]
}
config #0 rx=W tx=R
config #1 rx=R tx=E
config #2 rx=W tx=R,E
rule color 1 rect 0 0 1 1 axis x [#0]
rule color 2 rect 0 0 3 1 axis x [#1, #2, #0]
rule color 3 rect 1 0 2 1 axis x [#1, #0]
stream @number color 1 from host 0 0 to rect 0 0 1 1
stream @told color 2 from 0 0 to rect 1 0 2 1
stream @data color 3 from 1 0 to rect 2 0 1 1
host input @in west row 0 color 1
)";

// Core 0,0 hands a word to 1,0 and gets it back.
const char kRing[] = R"(
role @ring {
  params at 0 {
    starts: col 0
    const 0
    out: desc fabout queue=2 extent=4
    in: desc fabin queue=2 extent=4
    words: desc mem base=data extent=4
  }
  buffer @params params at 0 size 52
  buffer @data scratch at 64 size 64
  output queue 2 color col 1
  input queue 2 color col 2
  task @main local active entry main
  code {
  main:
    ldh r1, [r0 + starts]
    dsrload s0.0, [r0 + words]
    dsrload d0, [r0 + out]
    dsrload s0.1, [r0 + in]
    dsrload d1, [r0 + words]
    beq r1, r0, answer
    mov32 d0, s0.0
    mov32 d1, s0.1
    jmp again
  answer:
    mov32 d1, s0.1
    mov32 d0, s0.0
  again:
    jmp main
  }
}
region @ring role @ring rect 0 0 2 1 {
  col 0: [1, 0]
  col 1: [1, 2]
  col 2: [2, 1]
}
config #0 rx=R tx=E
config #1 rx=W tx=R
config #2 rx=R tx=W
config #3 rx=E tx=R
rule color 1 rect 0 0 2 1 axis x [#0, #1]
rule color 2 rect 0 0 2 1 axis x [#3, #2]
stream @there color 1 from 0 0 to rect 1 0 1 1
stream @back color 2 from 1 0 to rect 0 0 1 1
)";

} // namespace

TEST(Certify, LengthsAndConditionsMayComeFromWords) {
  Program program = parse(kPair);
  VerifyReport report = verify(program.image, program.machine);
  for (const Violation &v : report.violations) {
    ADD_FAILURE() << v.rule << ": " << v.message;
  }
  ASSERT_EQ(report.assumed.size(), 1u);
  EXPECT_EQ(report.assumed[0],
            "that the host sends the words that are waited for");
  Certificate certificate = certify(program);
  EXPECT_EQ(certificate.verdict, Verdict::Safe) << certificate.reason;
  EXPECT_EQ(certificate.messages, 3u);
}

// As many rounds as a word says, which move no words: what they leave alone is
// still known behind them.
TEST(Certify, RoundsThatNobodyCountsAreWalked) {
  const std::string loop = R"(  many:
    addi r4, r1, 1
    li r6, 0
  round:
    li r5, 1
    shli r7, r6, 2
    addi r8, r7, 96
    dsrload s0.1, [r0 + words]
    dsrload d1, [r0 + words]
    dsrbase d1, r8
    mov32 d1, s0.1
    stw r6, [r7 + 100]
    addi r6, r6, 1
    dbnz r4, round
    ldw r1, [r0 + number]
    add r3, r1, r5
)";
  const std::string text =
      replace(kPair, "  many:\n    addi r3, r1, 1\n", loop);
  Certificate certificate = certify(parse(text));
  EXPECT_EQ(certificate.verdict, Verdict::Safe) << certificate.reason;
  // A register that rounds change, a word that they may, an address that may be
  // anywhere, and words that are sent.
  const std::pair<const char *, const char *> broken[] = {
      {"add r3, r1, r5", "add r3, r1, r6"},
      {"[r7 + 100]", "[r7 + 88]"},
      {"addi r8, r7, 96", "addi r8, r7, 88"},
      {"stw r6, [r7 + 100]", "ldw r8, [r7 + 96]\n    stw r6, [r8 + 100]"},
      {"stw r6, [r7 + 100]", "dsrload d1, [r0 + out]\n    mov32 d1, s0.1"}};
  for (auto [what, with] : broken) {
    certificate = certify(parse(replace(text, what, with)));
    EXPECT_NE(certificate.verdict, Verdict::Safe) << with;
  }
}

// The second core is told another number.
TEST(Certify, WordsOfTwoMessagesMayDiffer) {
  std::string text =
      replace(kPair, "input queue 2 color 2", "input queue 2 color col 3");
  text = replace(text, "col 2: [none, 3]", "col 2: [none, 3]\n  col 3: [2, 4]");
  text = replace(text, "output queue 2 color 2",
                 "output queue 2 color 2\n  output queue 3 color 4");
  text = replace(text, "    mov32 d1, s0.1\n    jmp main",
                 "    mov32 d1, s0.1\n    dsrload s0.0, [r0 + command]\n"
                 "    mov32 d0, s0.0\n    dsrload d1, [r0 + second]\n"
                 "    mov32 d1, s0.1\n    jmp main");
  text = replace(text, "    out: desc fabout queue=2 extent=1\n",
                 "    out: desc fabout queue=2 extent=1\n"
                 "    second: desc fabout queue=3 extent=1\n");
  text = replace(text, "buffer @params params at 0 size 48",
                 "buffer @params params at 0 size 64");
  text = replace(text, "to rect 1 0 2 1\n",
                 "to rect 1 0 1 1\nstream color 4 from 0 0 to rect 2 0 1 1\n");
  Certificate certificate = certify(parse(text));
  EXPECT_EQ(certificate.verdict, Verdict::Unbalanced);
  EXPECT_NE(certificate.reason.find("core 1,0 (pair) instruction 9 sends 3 "
                                    "words under a condition"),
            std::string::npos)
      << certificate.reason;
  EXPECT_NE(certificate.reason.find("core 2,0 (pair) instruction 13 takes"),
            std::string::npos)
      << certificate.reason;
}

TEST(Certify, ARingThatStartsGoesRound) {
  Program program = parse(kRing);
  Certificate certificate = certify(program);
  EXPECT_EQ(certificate.verdict, Verdict::Safe) << certificate.reason;
  EXPECT_TRUE(certificate.assumed.empty());
  EXPECT_TRUE(bool(certifyProgram(program.image, program.machine)));
  EXPECT_EQ(program.image.certified, certificate.digest);
  EXPECT_TRUE(verify(program.image, program.machine).holds());
}

// Both wait for the other: the places and what they do are named.
TEST(Certify, CyclesOfWaitsAreNamed) {
  Program program = parse(replace(kRing, "col 0: [1, 0]", "col 0: [0, 0]"));
  Certificate certificate = certify(program);
  EXPECT_EQ(certificate.verdict, Verdict::Deadlock);
  EXPECT_EQ(certificate.reason,
            "without room in queues these wait for each other: core 0,0 (ring) "
            "instruction 9 takes 4 words from queue 2; core 1,0 (ring) "
            "instruction 9 takes 4 words from queue 2");
  EXPECT_EQ(certificate.digest, 0u);
  Status status = certifyProgram(program.image, program.machine);
  ASSERT_FALSE(bool(status));
  EXPECT_NE(status.error().str().find("wait for each other"),
            std::string::npos);
  EXPECT_FALSE(program.image.certified);
}

TEST(Certify, LeftOverWordsAreNamed) {
  std::string text = replace(kRing, "in: desc fabin queue=2 extent=4",
                             "in: desc fabin queue=2 extent=n");
  text = replace(text, "starts: col 0\n    const 0",
                 "starts: col 0\n    n: col 3");
  text = replace(text, "col 2: [2, 1]", "col 2: [2, 1]\n  col 3: [4, 5]");
  Certificate certificate = certify(parse(text));
  EXPECT_NE(certificate.verdict, Verdict::Safe);
  EXPECT_NE(certificate.reason.find("core 1,0 (ring) instruction 9 takes 1 "
                                    "word from queue 2"),
            std::string::npos)
      << certificate.reason;
}

// A rule fails only where the image says that it is certified.
TEST(Certify, VerifyHoldsImagesToWhatTheySay) {
  Program good = parse(kRing);
  ASSERT_TRUE(bool(certifyProgram(good.image, good.machine)));
  Program bad = parse(replace(kRing, "col 0: [1, 0]", "col 0: [1, 1]"));
  VerifyReport report = verify(bad.image, bad.machine);
  EXPECT_TRUE(report.holds());
  ASSERT_EQ(report.notShown.size(), 1u);
  EXPECT_NE(report.notShown[0].find("core 0,0 (ring) instruction 6 sends 4"),
            std::string::npos)
      << report.notShown[0];
  bad.image.certified = good.image.certified;
  report = verify(bad.image, bad.machine);
  EXPECT_EQ(report.countOf("no-deadlock"), 1u);
  EXPECT_EQ(report.countOf("words-balanced"), 0u);
  EXPECT_TRUE(report.notShown.empty());

  // Another program that is safe too.
  Program other = parse(replace(kRing, "col 0: [1, 0]", "col 0: [0, 1]"));
  other.image.certified = good.image.certified;
  report = verify(other.image, other.machine);
  EXPECT_EQ(report.countOf("no-deadlock"), 1u);
  EXPECT_NE(report.violations[0].message.find("digest"), std::string::npos);

  Program left = parse(
      replace(kRing, "    mov32 d1, s0.1\n    jmp again", "    jmp again"));
  left.image.certified = good.image.certified;
  report = verify(left.image, left.machine);
  EXPECT_EQ(report.countOf("words-balanced") + report.countOf("no-deadlock"),
            1u);
}

TEST(Certify, WordsThatNobodySendsAreUnbalanced) {
  // 1,0 answers nothing, and all tasks end.
  std::string text = replace(
      kRing, "    mov32 d0, s0.0\n  again:\n    jmp main", "  again:\n    end");
  Program program = parse(text);
  Certificate certificate = certify(program);
  EXPECT_EQ(certificate.verdict, Verdict::Unbalanced) << certificate.reason;
  EXPECT_NE(certificate.reason.find("core 1,0 (ring) is at its end"),
            std::string::npos)
      << certificate.reason;
  program.image.certified = 1;
  VerifyReport report = verify(program.image, program.machine);
  EXPECT_EQ(report.countOf("words-balanced"), 1u);
}

// The simulator says that a deadlock of a certified program is an error.
TEST(Certify, DeadlocksOfCertifiedProgramsAreInternalErrors) {
  Program program = parse(replace(kRing, "col 0: [1, 0]", "col 0: [0, 0]"));
  for (bool isCertified : {false, true}) {
    if (isCertified) {
      program.image.certified = 1;
    }
    const ParameterSet &costs = program.machine.parameterSets.front();
    for (bool isFast : {false, true}) {
      auto engine =
          isFast
              ? Engine::createFast(program.image, program.machine, costs)
              : Engine::createReference(program.image, program.machine, costs);
      ASSERT_TRUE(bool(engine));
      Outcome outcome = (**engine).run({{}, 10000});
      EXPECT_EQ(outcome.kind, Outcome::Kind::Deadlock);
      EXPECT_EQ(outcome.detail.rfind("internal error: the image is certified",
                                     0) == 0,
                isCertified)
          << outcome.detail;
    }
  }
}

//===----------------------------------------------------------------------===//
// What the host has to do
//===----------------------------------------------------------------------===//

// The first core answers only if the host says so, and takes what the second
// one sends only if the host says so.
static std::string pacedText(bool paced) {
  std::string text = replace(kPair, "    beq r2, r0, others", "    jmp again");
  text = replace(text, "stream @data color 3 from 1 0 to rect 2 0 1 1",
                 std::string("stream @data color 3 from 1 0 to rect 2 0 1 1") +
                     (paced ? " paced" : ""));
  // Each is told another number.
  text = replace(text, "    mov32 d0, s0.0\n    ldw r1",
                 "    mov32 d0, s0.0\n    tsc r4\n    stw r4, [r0 + number]\n"
                 "    ldw r1");
  return text;
}

TEST(Certify, PacedStreamsAreLeftToTheHost) {
  Certificate open = certify(parse(pacedText(false)));
  EXPECT_EQ(open.verdict, Verdict::Refused);
  EXPECT_NE(open.reason.find("role 'pair': data decide what the core does"),
            std::string::npos)
      << open.reason;
  Certificate paced = certify(parse(pacedText(true)));
  EXPECT_EQ(paced.verdict, Verdict::Safe) << paced.reason;
  ASSERT_EQ(paced.assumed.size(), 2u);
  EXPECT_EQ(paced.assumed[1],
            "that both ends of stream 'data' send and take words where the "
            "host's commands say so, and it commands that in time");
  Program program = parse(pacedText(false));
  EXPECT_TRUE(bool(certifyProgram(program.image, program.machine, {"data"})));
  EXPECT_TRUE(program.image.streams[2].paced);
  EXPECT_FALSE(
      bool(certifyProgram(program.image, program.machine, {"nobody"})));
}

// Words that the host multicasts wait until all sinks have room.
TEST(Certify, MulticastsOfTheHostAreStreams) {
  std::string text = replace(kRing, "in: desc fabin queue=2 extent=4",
                             "in: desc fabin queue=2 extent=4\n"
                             "    host: desc fabin queue=3 extent=1");
  text = replace(text, "params at 0 size 52", "params at 0 size 68");
  text = replace(text, "data scratch at 64 size", "data scratch at 128 size");
  text = replace(text, "  input queue 2 color col 2",
                 "  input queue 2 color col 2\n  input queue 3 color 3");
  text += "stream color 3 from host 0 0 to rect 0 0 2 1\n";
  std::string takes = "    dsrload s0.2, [r0 + host]\n"
                      "    dsrload d2, [r0 + words]\n    mov32 d2, s0.2\n";
  // Both take a word first; or the second one only after the first has taken
  // its second one.
  std::string both = replace(text, "  main:\n", "  main:\n" + takes);
  Certificate certificate = certify(parse(both));
  EXPECT_EQ(certificate.verdict, Verdict::Safe) << certificate.reason;
  std::string late =
      replace(text, "beq r1, r0, answer\n", "beq r1, r0, answer\n" + takes);
  late = replace(late, "    mov32 d1, s0.1\n    mov32 d0, s0.0\n",
                 "    mov32 d1, s0.1\n    mov32 d0, s0.0\n" + takes);
  certificate = certify(parse(late));
  EXPECT_EQ(certificate.verdict, Verdict::Deadlock) << certificate.reason;
}

//===----------------------------------------------------------------------===//
// What is not of the class is refused by name
//===----------------------------------------------------------------------===//

TEST(Certify, OtherProgramsAreRefusedByName) {
  struct Case {
    const char *what, *with, *reason;
  };
  const Case cases[] = {
      {"    mov32 d0, s0.0\n    mov32 d1, s0.1\n",
       "    mov32 d0, s0.0 async 1\n    mov32 d1, s0.1\n",
       "role 'ring': instruction 6 (mov32): microthreads are not followed"},
      {"out: desc fabout", "out: desc fabctl",
       "role 'ring': instruction 6 (mov32): control wavelets are not followed"},
      {"queue=2 extent=4\n    in:", "queue=2 extent=4 advance\n    in:",
       "role 'ring': instruction 6 (mov32): control wavelets are not followed"},
      {"entry main\n", "entry main\n  task @second local active entry main\n",
       "role 'ring' has several tasks, or one that waits for something"},
      {"entry main\n", "entry main\n  task @second data queue 2 entry main\n",
       "role 'ring' has several tasks, or one that waits for something"},
      {"config #3 rx=E tx=R",
       "config #3 rx=E tx=R counter init=0 limit=1 max=1",
       "routes with switch positions or filters are not followed"},
      {"config #3 rx=E tx=R", "config #3 rx=E tx=R | rx=W tx=R",
       "routes with switch positions or filters are not followed"},
      {"    ldh r1, [r0 + starts]\n",
       "    ldh r1, [r0 + starts]\n    call r5, again\n",
       "role 'ring': instruction 1 (call): calls are not followed"},
      {"    jmp again\n",
       "    tsc r2\n    dsrlen d0, r2\n    mov32 d0, s0.0\n"
       "    dsrlen s0.0, r2\n    mov32 d0, s0.0\n"
       "    jmp again\n",
       "role 'ring': instruction 10 (mov32): the number of words depends on "
       "data"},
      {"    ldh r1, [r0 + starts]\n",
       "    ldh r1, [r0 + starts]\n    sth r1, [r0 + starts]\n",
       "role 'ring': instruction 1 (sth): the code changes its parameters"},
      {"    jmp again\n",
       "    tsc r2\n    beq r2, r0, again\n    mov32 d0, s0.0\n    jmp again\n",
       "role 'ring': data decide what the core does next: instruction"},
  };
  for (const Case &c : cases) {
    Certificate certificate = certify(parse(replace(kRing, c.what, c.with)));
    EXPECT_EQ(certificate.verdict, Verdict::Refused) << c.reason;
    EXPECT_EQ(certificate.reason.rfind(c.reason, 0), 0u) << c.reason << "\n"
                                                         << certificate.reason;
  }
}
