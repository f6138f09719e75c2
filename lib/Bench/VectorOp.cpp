// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- VectorOp.cpp - One vector instruction, one task a word
//------------------//
#include "ProgramText.h"
#include "wafer/Bench/Programs.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

static constexpr const char *kVectorText = R"(
model json {"name": "vector-op", "length": $LENGTH,
  "timed": {"start": {"core": [0, 0], "address": $CLOCK},
            "stop": {"core": [0, 0], "address": $CLOCKEND}}}
role @core {
  params at 0 {
    sum: desc mem base=a extent=$LENGTH
    in: desc mem base=b extent=$LENGTH
  }
  buffer @params params at 0 size 32
  buffer @clock scratch at $CLOCK size 8
  buffer @a scratch at $AAT size $BYTES
  buffer @b scratch at $BAT size $BYTES
  task @main local active entry start
  code {
  start:
    dsrload d0, [r0 + sum]
    dsrload s1.0, [r0 + in]
    li r1, 2.0
    tsc r2
    fmacs d0, d0, s1.0, r1
    tsc r3
    stw r2, [r0 + clock]
    stw r3, [r0 + $CLOCKEND]
    end
  }
}
region @core role @core rect 0 0 1 1 {}
)";

Result<Image> wafer::buildVectorOp(const Machine &machine,
                                   const VectorOpShape &shape) {
  constexpr uint32_t kClock = 32, kData = 40;
  uint64_t bytes = uint64_t(shape.length) * 4;
  uint64_t end = kData + 2 * bytes + (shape.sameBank ? 0 : 4);
  if (shape.length < 1 || shape.length > 65535 || end > machine.sramBytes) {
    return Diagnostic{"bad length of a vector", "",
                      fmt::format("two vectors of 1 to {} elements",
                                  (machine.sramBytes - kData) / 8),
                      fmt::format("{}", shape.length), ""};
  }
  // Operands whose first elements lie in banks equal modulo
  // readConflictModulus conflict in every step.
  uint64_t modulus =
      uint64_t(machine.readConflictModulus) * machine.bankWidthBytes;
  uint64_t second = kData + bytes;
  while ((second % modulus == kData % modulus) != shape.sameBank) {
    second += machine.bankWidthBytes;
  }
  Values values = {{"LENGTH", fmt::format("{}", shape.length)},
                   {"CLOCK", fmt::format("{}", kClock)},
                   {"CLOCKEND", fmt::format("{}", kClock + 4)},
                   {"AAT", fmt::format("{}", kData)},
                   {"BAT", fmt::format("{}", second)},
                   {"BYTES", fmt::format("{}", bytes)}};
  return parseProgram(machine, "vector-op", kVectorText, values);
}

static constexpr const char *kTaskText = R"(
model json {"name": "word-task", "words": $WORDS,
  "timed": {"start": {"core": [1, 0], "address": $CLOCK},
            "stop": {"core": [1, 0], "address": $CLOCKEND}}}
role @sender {
  params at 0 {
    from: desc mem base=data extent=$WORDS
    out: desc fabout queue=$OUT extent=$WORDS
  }
  buffer @params params at 0 size 32
  buffer @data scratch at 32 size $BYTES
  output queue $OUT color $COLOR
  task @main local active entry start
  code {
  start:
    dsrload s0.0, [r0 + from]
    dsrload d0, [r0 + out]
    mov32 d0, s0.0
    end
  }
}
role @receiver {
  buffer @clock scratch at $CLOCK size 8
  buffer @data scratch at $DATA size $BYTES
  input queue $IN color $COLOR
  task @word data queue $IN entry word
  code {
  word:
    tsc r2
    stw r1, [r3 + data]
    beq r3, r0, first
    addi r3, r3, 4
    stw r2, [r0 + $CLOCKEND]
    end
  first:
    addi r3, r3, 4
    stw r2, [r0 + clock]
    end
  }
}
region @source role @sender rect 0 0 1 1 {}
region @sink role @receiver rect 1 0 1 1 {}
config @send rx=R tx=E
config @take rx=W tx=R
rule color $COLOR rect 0 0 2 1 axis x [@send @take]
family color $COLOR rect 0 0 2 1 axis x { 0 -> 1..2 }
)";

Result<Image> wafer::buildWordTask(const Machine &machine, uint32_t words) {
  if (Status status = requireResources(machine, "word-task", 1, 1, 1, 2);
      !status) {
    return status.takeError();
  }
  if (words < 2 || words > 4096) {
    return Diagnostic{"bad number of words", "", "2 to 4096",
                      fmt::format("{}", words), ""};
  }
  constexpr uint32_t kClock = 0;
  Values values = {
      {"WORDS", fmt::format("{}", words)},
      {"CLOCK", fmt::format("{}", kClock)},
      {"CLOCKEND", fmt::format("{}", kClock + 4)},
      {"DATA", fmt::format("{}", kClock + 8)},
      {"BYTES", fmt::format("{}", words * 4)},
      {"COLOR", fmt::format("{}", freeColors(machine).front())},
      {"IN", fmt::format("{}", freeQueues(machine.inputQueues).front())},
      {"OUT", fmt::format("{}", freeQueues(machine.outputQueues).front())}};
  return parseProgram(machine, "word-task", kTaskText, values);
}
