// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Multicast.cpp - One sender, a line of receivers -----------------------//
//
// The sender waits until every receiver waits for words, reads the clock and
// sends; a receiver reads the clock behind its last word.
//
//===----------------------------------------------------------------------===//
#include "ProgramText.h"
#include "wafer/Bench/Programs.h"

#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

static constexpr const char *kText = R"(
model json {"name": "multicast", "receivers": $RECEIVERS, "words": $WORDS,
  "timed": {"start": {"core": [0, 0], "address": $CLOCK},
            "stop": {"core": [$RECEIVERS, 0], "address": $CLOCK}}}
role @sender {
  params at 0 {
    words: const $WORDS
    from: desc mem base=data extent=words
    out: desc fabout queue=$OUT extent=words
  }
  buffer @params params at 0 size 36
  buffer @clock scratch at $CLOCK size 4
  buffer @data scratch at $DATA size $BYTES
  output queue $OUT color $COLOR
  task @main local active entry start
  code {
  start:
    dsrload d0, [r0 + out]
    dsrload s0.0, [r0 + from]
    li r2, 64
  wait:
    dbnz r2, wait
    tsc r1
    mov32 d0, s0.0
    stw r1, [r0 + clock]
    end
  }
}
role @receiver {
  params at 0 {
    words: const $WORDS
    to: desc mem base=data extent=words
    in: desc fabin queue=$IN extent=words
  }
  buffer @params params at 0 size 36
  buffer @clock scratch at $CLOCK size 4
  buffer @data scratch at $DATA size $BYTES
  input queue $IN color $COLOR
  task @main local active entry start
  code {
  start:
    dsrload d0, [r0 + to]
    dsrload s0.0, [r0 + in]
    mov32 d0, s0.0
    tsc r1
    stw r1, [r0 + clock]
    end
  }
}
region @source role @sender rect 0 0 1 1 {}
region @line role @receiver rect 1 0 $RECEIVERS 1 {}
config @send rx=R tx=E
config @pass rx=W tx=E,R
config @last rx=W tx=R
rule color $COLOR rect 0 0 $CORES 1 axis x [@send @pass*$PASSING @last]
family color $COLOR rect 0 0 $CORES 1 axis x { 0 -> 1..$CORES }
)";

Result<Image> wafer::buildMulticast(const Machine &machine,
                                    const MulticastShape &shape) {
  Status status = requireResources(machine, "multicast", 1, 1, 1,
                                   std::min(shape.receivers, 1u << 20) + 1);
  if (!status) {
    return status.takeError();
  }
  if (shape.receivers < 1 || shape.words < 1 || shape.words > 65535) {
    return Diagnostic{
        "bad shape of a multicast", "",
        "at least 1 receiver and 1 to 65535 words",
        fmt::format("{} receivers, {} words", shape.receivers, shape.words),
        ""};
  }
  constexpr uint32_t kClock = 36, kData = 40;
  Values values = {
      {"RECEIVERS", fmt::format("{}", shape.receivers)},
      {"CORES", fmt::format("{}", shape.receivers + 1)},
      {"PASSING", fmt::format("{}", shape.receivers - 1)},
      {"WORDS", fmt::format("{}", shape.words)},
      {"BYTES", fmt::format("{}", uint64_t(shape.words) * 4)},
      {"CLOCK", fmt::format("{}", kClock)},
      {"DATA", fmt::format("{}", kData)},
      {"COLOR", fmt::format("{}", freeColors(machine)[0])},
      {"IN", fmt::format("{}", freeQueues(machine.inputQueues)[0])},
      {"OUT", fmt::format("{}", freeQueues(machine.outputQueues)[0])}};
  std::string text = kText;
  if (shape.receivers == 1) {
    text.replace(text.find("@pass*$PASSING "), strlen("@pass*$PASSING "), "");
  }
  Result<Image> image = parseProgram(machine, "multicast", text, values);
  if (image) {
    std::vector<uint8_t> data(size_t(shape.words) * 4);
    for (uint32_t i = 0; i < shape.words; ++i) {
      uint32_t value = i + 1;
      std::memcpy(&data[size_t(i) * 4], &value, 4);
    }
    addInitData(*image, kData, shape.words * 4, std::move(data));
  }
  return image;
}
