// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The token protocol with a program of one core, and tensors as files.
//
#include "PairEngine.h"

#include "wafer/Image/Text.h"
#include "wafer/Sim/TensorGather.h"
#include "wafer/Sim/TokenRun.h"

#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {

/// Its word after each step is the step's input + 1; from the end of the
/// prompt on the input is the word before.
const char *const kText = R"(
machine "test8"
model json {"name": "counter", "protocol": "tokens-v1", "vocab": 100,
  "context": 12, "bos": 3, "eos": [8], "stop_at_eos": STOP}
role @counter {
  params at 0 {
    in: desc fabin queue=2 extent=1
    word: desc mem base=cell extent=1
    out: desc fabout queue=2 extent=1
  }
  buffer @params params at 0 size 48
  buffer @cell scratch at 48 size 4
  input queue 2 color 0
  output queue 2 color 1
  task @main local active entry start
  code {
  start:
    dsrload s0.0, [r0 + in]
    dsrload d0, [r0 + word]
    dsrload d1, [r0 + out]
    mov32 d0, s0.0
    ldw r1, [r0 + cell]     // left of the prompt
    mov32 d0, s0.0
    ldw r2, [r0 + cell]     // left of the steps
  step:
    beq r1, r0, own
    mov32 d0, s0.0
    ldw r3, [r0 + cell]
    addi r1, r1, -1
  own:
    addi r3, r3, 1
    mov32 d1, r3
    dbnz r2, step
    end
  }
}
region @core role @counter rect 0 0 1 1 {}
config @in rx=W tx=R
config @out rx=R tx=W
rule color 0 rect 0 0 1 1 axis x [@in]
rule color 1 rect 0 0 1 1 axis x [@out]
host input @prompt west row 0 color 0
host output @tokens west row 0 color 1
)";

struct Loaded {
  Image image;
  Machine machine;
  std::unique_ptr<Engine> engine;
  TokenProtocol protocol;
};

void load(Loaded &l, const std::string &stop) {
  std::string text = kText;
  text.replace(text.find("STOP"), 4, stop);
  Result<Image> image = parseImage(text, "counter");
  ASSERT_TRUE(bool(image)) << image.error().str();
  l.image = std::move(*image);
  Result<Machine> machine = Machine::load("test8");
  ASSERT_TRUE(bool(machine));
  l.machine = std::move(*machine);
  auto engine =
      PairEngine::create(l.image, l.machine, l.machine.parameterSets.front());
  ASSERT_TRUE(bool(engine)) << engine.error().str();
  l.engine = std::move(*engine);
  auto protocol = readTokenProtocol(l.image);
  ASSERT_TRUE(bool(protocol)) << protocol.error().str();
  ASSERT_TRUE(protocol->has_value());
  l.protocol = **protocol;
}

using Words = std::vector<uint32_t>;

std::string protocolError(const std::string &model) {
  Image image;
  image.model = model;
  auto protocol = readTokenProtocol(image);
  return protocol ? "" : protocol.error().str();
}

} // namespace

TEST(TokenRunTest, GeneratesFromTheLastTokenOfThePrompt) {
  Loaded l;
  load(l, "false");
  Words seen;
  TokenObserver observer;
  observer.onToken = [&](uint32_t id) { seen.push_back(id); };
  TokenRun run =
      *runTokens(*l.engine, l.protocol, {20, 30, 40}, 4, kNever, observer);
  EXPECT_EQ(run.outcome.kind, Outcome::Kind::HostSatisfied);
  EXPECT_EQ(run.generated, (Words{41, 42, 43, 44}));
  EXPECT_EQ(seen, run.generated);
  ASSERT_EQ(run.arrivals.size(), 6u); // 3 + 4 - 1 steps
  EXPECT_EQ(run.firstStep, 2u);
  // addi, mov32, dbnz and beq are the same in each further step.
  EXPECT_EQ(run.cyclesPerToken(), double(run.arrivals[4] - run.arrivals[3]));
}

TEST(TokenRunTest, ObserversSeeTheMemoryOfTheirStep) {
  // The host's channel is slower than a step, so that the wafer has taken
  // further steps by the time a word arrives.
  Loaded l;
  load(l, "false");
  std::vector<std::pair<uint32_t, uint32_t>> steps;
  std::vector<Cycle> cycles;
  Words seen;
  TokenObserver observer;
  observer.onToken = [&](uint32_t id) { seen.push_back(id); };
  observer.onStep = [&](uint32_t fed, uint32_t chosen) {
    steps.push_back({fed, chosen});
    cycles.push_back(l.engine->cycle());
    return Status::success();
  };
  TokenRun run =
      *runTokens(*l.engine, l.protocol, {20, 30}, 2, kNever, observer);
  using Steps = decltype(steps);
  EXPECT_EQ(steps, (Steps{{20, 21}, {30, 31}, {31, 32}}));
  EXPECT_EQ(seen, (Words{31, 32}));
  ASSERT_EQ(run.arrivals.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(run.arrivals[i] - cycles[i], l.machine.host.latencyCycles);
  }

  Loaded again;
  load(again, "false");
  observer.onStep = [](uint32_t, uint32_t) -> Status {
    return Diagnostic{"stop", "", "", "", ""};
  };
  EXPECT_FALSE(bool(
      runTokens(*again.engine, again.protocol, {20}, 2, kNever, observer)));
}

TEST(TokenRunTest, StopsAtTheEndOfTextWhereTheModelSaysSo) {
  for (bool stop : {false, true}) {
    Loaded l;
    load(l, stop ? "true" : "false");
    TokenRun run = *runTokens(*l.engine, l.protocol, {6}, 4, kNever);
    EXPECT_EQ(run.generated, stop ? (Words{7, 8}) : (Words{7, 8, 9, 10}));
  }
}

TEST(TokenRunTest, OneTokenHasAPaceToo) {
  Loaded l;
  load(l, "false");
  TokenRun run = *runTokens(*l.engine, l.protocol, {20, 30}, 1, kNever);
  EXPECT_EQ(run.generated, (Words{31}));
  EXPECT_EQ(run.cyclesPerToken(), double(run.arrivals[1] - run.arrivals[0]));
}

TEST(TokenRunTest, ChecksThePrompt) {
  Loaded l;
  load(l, "false");
  // 12 positions: 2 of the prompt, 10 of 11 tokens.
  EXPECT_TRUE(bool(l.protocol.check({1, 99}, 11)));
  EXPECT_TRUE(bool(l.protocol.check({1, 99}, 1, 10)));
  EXPECT_FALSE(bool(l.protocol.check({1, 99}, 1, 11)));
  EXPECT_FALSE(l.protocol.check({}, 1));
  EXPECT_NE(l.protocol.check({1, 100}, 1).error().str().find("0 to 99"),
            std::string::npos);
  std::string tooLong = l.protocol.check({1, 2}, 12).error().str();
  EXPECT_NE(tooLong.find("at most 12 positions but got 2 of the prompt + 11 "
                         "for tokens fed back"),
            std::string::npos);
}

TEST(TokenRunTest, CycleLimit) {
  Loaded l;
  load(l, "false");
  TokenRun run = *runTokens(*l.engine, l.protocol, {20}, 4, 10);
  EXPECT_EQ(run.outcome.kind, Outcome::Kind::CycleLimit);
  EXPECT_TRUE(run.generated.empty());
  EXPECT_EQ(run.cyclesPerToken(), 0);
}

TEST(TokenRunTest, BadModels) {
  EXPECT_EQ(protocolError(""), "");
  EXPECT_EQ(protocolError("{}"), "");
  EXPECT_NE(protocolError("{"), "");
  EXPECT_NE(protocolError(R"({"protocol": "tokens-v2"})").find("tokens-v1"),
            std::string::npos);
  EXPECT_NE(protocolError(R"({"protocol": "tokens-v1", "vocab": -1})")
                .find("bad field 'vocab'"),
            std::string::npos);
  EXPECT_NE(
      protocolError(R"({"protocol": "tokens-v1", "vocab": 9, "context": 9})")
          .find("no such host port"),
      std::string::npos);
  EXPECT_NE(protocolError(R"({"protocol": "tokens-v1", "vocab": 9,
                              "context": 9, "eos": ["x"]})"),
            "");
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

TEST(TokenRunTest, GathersATensor) {
  // A 3 x 4 tensor of i16 on 2 x 2 cores: rows 0..2 and 2..3, columns 0..1 and
  // 1..4. Each element holds 100 * core + its place in the core.
  Result<Image> image = parseImage(R"(
machine "test8"
role @hold {
  buffer @t state at 64 size 16
  task @main local entry start
  code {
  start:
    end
  }
}
region @all role @hold rect 0 0 2 2 {}
tensor @t output i16 shape [3, 4] region @all buffer @t offset 2 {
  rows cut [0, 2, 3] stride 6
  columns cut [0, 1, 4] stride 2
}
)",
                                   "tensor");
  ASSERT_TRUE(bool(image)) << image.error().str();
  Result<Machine> machine = Machine::load("test8");
  auto engine =
      PairEngine::create(*image, *machine, machine->parameterSets.front());
  ASSERT_TRUE(bool(engine)) << engine.error().str();
  for (int32_t y = 0; y < 2; ++y) {
    for (int32_t x = 0; x < 2; ++x) {
      for (uint32_t i = 0; i < 7; ++i) {
        uint16_t value = uint16_t(100 * (y * 2 + x) + int32_t(i));
        EXPECT_TRUE(bool((*engine)->poke({x, y}, 66 + 2 * i, &value, 2)));
      }
    }
  }
  auto bytes = gatherTensor(**engine, *image, image->tensors[0]);
  ASSERT_TRUE(bool(bytes)) << bytes.error().str();
  std::vector<int16_t> values(12);
  memcpy(values.data(), bytes->data(), bytes->size());
  EXPECT_EQ(values, (std::vector<int16_t>{0, 100, 101, 102, //
                                          3, 103, 104, 105, //
                                          200, 300, 301, 302}));
}

TEST(TokenRunTest, NumpyFiles) {
  std::string file = toNpy(DataType::I16, {2, 3}, std::vector<uint8_t>(12, 7));
  EXPECT_EQ(file.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  EXPECT_EQ((file.size() - 12) % 64, 0u);
  EXPECT_NE(file.find("{'descr': '<i2', 'fortran_order': False, 'shape': (2, "
                      "3), }"),
            std::string::npos);
  EXPECT_NE(toNpy(DataType::F32, {5}, std::vector<uint8_t>(20))
                .find("'shape': (5,), }"),
            std::string::npos);
  // bf16 1.0 is 3f80; widened it is 3f800000.
  std::string wide = toNpy(DataType::BF16, {1}, {0x80, 0x3f});
  EXPECT_EQ(wide.substr(wide.size() - 4), std::string("\0\0\x80\x3f", 4));
}
