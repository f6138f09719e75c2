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

/// The id that it finds is the id fed + 1.
const char *const kText = R"(
machine "test8"
model json {"name": "counter", "protocol": "tokens-v2", "vocab": 100,
  "context": 12, "in_flight": 1, "positions": {"rows": 1, "low": 4},
  "bos": 3, "eos": [8], "stop_at_eos": STOP}
role @counter {
  params at 0 {
    in: desc fabin queue=2 extent=9
    all: desc mem base=command extent=9
    out: desc fabout queue=2 extent=1
  }
  buffer @params params at 0 size 48
  buffer @command scratch at 48 size 36
  input queue 2 color 0
  output queue 2 color 1
  task @main local active entry start
  code {
  start:
    dsrload s0.0, [r0 + in]
    dsrload d0, [r0 + all]
    dsrload d1, [r0 + out]
    addi r5, r0, 1
  next:
    mov32 d0, s0.0
    ldw r1, [r0 + command]      // await
    beq r1, r0, feed
    mov32 d1, r3
  feed:
    ldw r2, [r0 + command + 4]  // 0 nothing, 1 the id, 2 the awaited one
    beq r2, r0, next
    bne r2, r5, own
    ldw r3, [r0 + command + 8]
  own:
    addi r3, r3, 1
    beq r0, r0, next
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
  observer.onToken = [&](size_t, uint32_t id) { seen.push_back(id); };
  TokenRun run =
      *runTokens(*l.engine, l.protocol, {{{20, 30, 40}, 4}}, kNever, observer);
  EXPECT_EQ(run.outcome.kind, Outcome::Kind::HostSatisfied);
  EXPECT_EQ(run.first().generated, (Words{41, 42, 43, 44}));
  EXPECT_EQ(seen, run.first().generated);
  const std::vector<Cycle> &arrivals = run.first().arrivals;
  ASSERT_EQ(arrivals.size(), 4u);
  // Commands that await and feed take the same time; the last one only awaits.
  EXPECT_EQ(arrivals[2] - arrivals[1], arrivals[1] - arrivals[0]);
  EXPECT_EQ(run.cyclesPerToken(), double(arrivals[3] - arrivals[0]) / 3);
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
  observer.onToken = [&](size_t, uint32_t id) { seen.push_back(id); };
  observer.onStep = [&](uint32_t fed, uint32_t chosen) {
    steps.push_back({fed, chosen});
    cycles.push_back(l.engine->cycle());
    return Status::success();
  };
  TokenRun run =
      *runTokens(*l.engine, l.protocol, {{{20, 30}, 2}}, kNever, observer);
  using Steps = decltype(steps);
  EXPECT_EQ(steps, (Steps{{20, 21}, {30, 31}, {31, 32}}));
  EXPECT_EQ(seen, (Words{31, 32}));
  // The word of the first step is no token.
  ASSERT_EQ(run.first().arrivals.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(run.first().arrivals[i] - cycles[i + 1],
              l.machine.host.latencyCycles);
  }

  Loaded again;
  load(again, "false");
  observer.onStep = [](uint32_t, uint32_t) -> Status {
    return Diagnostic{"stop", "", "", "", ""};
  };
  EXPECT_FALSE(bool(
      runTokens(*again.engine, again.protocol, {{{20}, 2}}, kNever, observer)));
}

TEST(TokenRunTest, StopsAtTheEndOfTextWhereTheModelSaysSo) {
  for (bool stop : {false, true}) {
    Loaded l;
    load(l, stop ? "true" : "false");
    TokenRun run = *runTokens(*l.engine, l.protocol, {{{6}, 4}}, kNever);
    EXPECT_EQ(run.first().generated,
              stop ? (Words{7, 8}) : (Words{7, 8, 9, 10}));
  }
}

TEST(TokenRunTest, OneTokenHasAPaceToo) {
  Loaded l;
  load(l, "false");
  TokenRun run = *runTokens(*l.engine, l.protocol, {{{20, 30}, 1}}, kNever);
  EXPECT_EQ(run.first().generated, (Words{31}));
  EXPECT_EQ(run.cyclesPerToken(), double(run.first().arrivals[0]));
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
  TokenRun run = *runTokens(*l.engine, l.protocol, {{{20}, 4}}, 10);
  EXPECT_EQ(run.outcome.kind, Outcome::Kind::CycleLimit);
  EXPECT_TRUE(run.first().generated.empty());
  EXPECT_EQ(run.cyclesPerToken(), 0);
}

TEST(TokenRunTest, BadModels) {
  EXPECT_EQ(protocolError(""), "");
  EXPECT_EQ(protocolError("{}"), "");
  EXPECT_NE(protocolError("{"), "");
  EXPECT_NE(protocolError(R"({"protocol": "tokens-v1"})").find("tokens-v2"),
            std::string::npos);
  EXPECT_NE(protocolError(R"({"protocol": "tokens-v2", "vocab": -1})")
                .find("bad field 'vocab'"),
            std::string::npos);
  EXPECT_NE(protocolError(R"({"protocol": "tokens-v2", "vocab": 9,
                              "context": 9, "in_flight": 1})")
                .find("bad field 'rows'"),
            std::string::npos);
  EXPECT_NE(protocolError(R"({"protocol": "tokens-v2", "vocab": 9,
                              "context": 9, "in_flight": 1,
                              "positions": {"rows": 2, "low": 3}})")
                .find("no such host port"),
            std::string::npos);
  EXPECT_NE(protocolError(R"({"protocol": "tokens-v2", "vocab": 9,
                              "context": 9, "eos": ["x"]})"),
            "");
}

TEST(TokenRunTest, RequestsTakeTurns) {
  // The counter again, but it finds ids only for passes that sample, and keeps
  // them in a row until they are awaited: word 8 of a command is `sample`.
  Loaded l;
  load(l, "false");
  std::string text = kText;
  text.replace(text.find("STOP"), 4, "false");
  auto replace = [&](const std::string &from, const std::string &to) {
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
  };
  replace("\"in_flight\": 1", "\"in_flight\": 3");
  replace("scratch at 48 size 36",
          "scratch at 48 size 36\n  buffer @ids scratch at 128 size 400");
  replace("mov32 d1, r3",
          "ldw r3, [r6 + ids]\n    addi r6, r6, 4\n    mov32 d1, r3");
  replace("addi r3, r3, 1\n",
          "addi r3, r3, 1\n    ldw r4, [r0 + command + 32]\n    beq r4, r0, "
          "next\n    stw r3, [r7 + ids]\n    addi r7, r7, 4\n");
  Result<Image> image = parseImage(text, "counter");
  ASSERT_TRUE(bool(image)) << image.error().str();
  auto engine =
      PairEngine::create(*image, l.machine, l.machine.parameterSets.front());
  ASSERT_TRUE(bool(engine)) << engine.error().str();
  TokenProtocol protocol = **readTokenProtocol(*image);
  EXPECT_EQ(protocol.inFlight, 3u);
  std::vector<std::pair<size_t, uint32_t>> seen;
  TokenObserver observer;
  observer.onToken = [&](size_t request, uint32_t id) {
    seen.push_back({request, id});
  };
  TokenRun run = *runTokens(**engine, protocol,
                            {{{20, 30}, 3}, {{40}, 1}, {{50, 51, 52}, 2}},
                            kNever, observer);
  EXPECT_EQ(run.requests[0].generated, (Words{31, 32, 33}));
  EXPECT_EQ(run.requests[1].generated, (Words{41}));
  EXPECT_EQ(run.requests[2].generated, (Words{53, 54}));
  using Seen = decltype(seen);
  EXPECT_EQ(seen, (Seen{{0, 31}, {1, 41}, {2, 53}, {0, 32}, {2, 54}, {0, 33}}));
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
