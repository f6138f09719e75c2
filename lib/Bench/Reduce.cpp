// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Reduce.cpp - Chain and two-phase reduction ----------------------------//
//
// A core's part in a phase is 0 (none), 1 (the end of a chain: it sends its
// words), 2 (it adds its words to those that come and passes the sums on) or 3
// (the head: it keeps the sums). Chains need two colors in turns, because a
// core receives and sends at the same time.
//
//===----------------------------------------------------------------------===//
#include "ProgramText.h"
#include "wafer/Bench/Programs.h"
#include "wafer/Support/Half.h"

#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

static constexpr const char *kText = R"(
model json {"name": "reduce", "cores": $CORES, "words": $WORDS, "group": $GROUP,
  "timed": {"stop": {"core": [0, 0], "address": $CLOCK}}}
role @reduce {
  params at 0 {
    words: const $WORDS
    part1: col 0
    part2: col 1
    own: desc mem base=acc extent=words
    in1: desc fabin queue=$INA extent=words
    out1: desc fabout queue=$OUTA extent=words
    in2: desc fabin queue=$INB extent=words
    out2: desc fabout queue=$OUTB extent=words
  }
  buffer @params params at 0 size 88
  buffer @clock scratch at $CLOCK size 4
  buffer @acc scratch at $ACC size $BYTES
  input queue $INA color col 2
  output queue $OUTA color col 3
  input queue $INB color col 4
  output queue $OUTB color col 5
  task @main local active entry start
  code {
  start:
    li r2, 2
    li r3, 3
    dsrload d0, [r0 + own]
    dsrload s1.0, [r0 + own]
    ldh r1, [r0 + part1]
    beq r1, r0, second
    dsrload s0.0, [r0 + in1]
    beq r1, r3, keep1
    dsrload d1, [r0 + out1]
    beq r1, r2, pass1
    mov32 d1, d0
    jmp second
  pass1:
    fadds d1, s0.0, s1.0
    jmp second
  keep1:
    fadds d0, s0.0, s1.0
  second:
    ldh r1, [r0 + part2]
    beq r1, r0, done
    dsrload s0.0, [r0 + in2]
    beq r1, r3, keep2
    dsrload d1, [r0 + out2]
    beq r1, r2, pass2
    mov32 d1, d0
    jmp done
  pass2:
    fadds d1, s0.0, s1.0
    jmp done
  keep2:
    fadds d0, s0.0, s1.0
  done:
    tsc r4
    stw r4, [r0 + clock]
    end
  }
}
region @row role @reduce rect 0 0 $CORES 1 {
  col 0: [$PARTONE]
  col 1: [$PARTTWO]
  col 2: [$INCOLORONE]
  col 3: [$OUTCOLORONE]
  col 4: [$INCOLORTWO]
  col 5: [$OUTCOLORTWO]
}
config @send rx=R tx=W
config @pass rx=E tx=W
config @take rx=E tx=R
)";

namespace {

/// A chain over cores first, first + step, ... (count of them), from the last
/// one to the first.
struct Chain {
  uint32_t first = 0;
  uint32_t step = 1;
  uint32_t count = 0;
};

/// The column tables and rules of one phase.
struct PhasePlan {
  PhasePlan(uint32_t cores, unsigned color0, unsigned color1)
      : cores(cores), colors{color0, color1}, part(cores, 0),
        in(cores, kUnboundColor), out(cores, kUnboundColor),
        routes{std::vector<const char *>(cores, "none"),
               std::vector<const char *>(cores, "none")} {}

  void add(const Chain &chain) {
    for (uint32_t i = 0; chain.count > 1 && i < chain.count; ++i) {
      uint32_t x = chain.first + i * chain.step;
      part[x] = i == 0 ? 3 : i + 1 == chain.count ? 1 : 2;
      if (i == 0) {
        continue;
      }
      // Member i sends in color i mod 2 to member i - 1.
      uint32_t to = x - chain.step;
      auto &route = routes[i & 1u];
      out[x] = in[to] = colors[i & 1u];
      route[x] = "@send";
      route[to] = "@take";
      for (uint32_t between = to + 1; between < x; ++between) {
        route[between] = "@pass";
      }
      segments[i & 1u] += fmt::format(" {} -> {}..{}", x, to, to + 1);
    }
  }
  std::string rules() const {
    std::string text;
    for (unsigned i = 0; i < 2; ++i) {
      if (!segments[i].empty()) {
        text += fmt::format("rule color {} rect 0 0 {} 1 axis x [{}]\n",
                            colors[i], cores, fmt::join(routes[i], " "));
        text += fmt::format("family color {} rect 0 0 {} 1 axis x {{{} }}\n",
                            colors[i], cores, segments[i]);
      }
    }
    return text;
  }

  uint32_t cores;
  std::array<unsigned, 2> colors;
  std::vector<uint32_t> part, in, out;
  std::array<std::vector<const char *>, 2> routes;
  std::array<std::string, 2> segments;
};

} // namespace

static std::vector<uint8_t> reduceData(uint32_t cores, uint32_t words) {
  std::vector<uint8_t> data(size_t(cores) * words * 4);
  for (uint32_t x = 0; x < cores; ++x) {
    for (uint32_t i = 0; i < words; ++i) {
      float value = float(x % 8 + i % 16);
      std::memcpy(&data[(size_t(x) * words + i) * 4], &value, 4);
    }
  }
  return data;
}

Result<Image> wafer::buildReduce(const Machine &machine,
                                 const ReduceShape &shape) {
  uint32_t group = shape.group ? shape.group : shape.cores;
  Status status =
      requireResources(machine, "reduce", 4, 2, 2, std::max(2u, shape.cores));
  if (!status) {
    return status.takeError();
  }
  if (shape.cores < 2 || shape.words < 1 || shape.words > 65535) {
    return Diagnostic{
        "bad shape of a reduction", "", "at least 2 cores and 1 to 65535 words",
        fmt::format("{} cores, {} words", shape.cores, shape.words), ""};
  }
  std::vector<unsigned> colors = freeColors(machine);
  std::vector<unsigned> in = freeQueues(machine.inputQueues);
  std::vector<unsigned> out = freeQueues(machine.outputQueues);
  PhasePlan first(shape.cores, colors[0], colors[1]);
  PhasePlan second(shape.cores, colors[2], colors[3]);
  for (uint32_t x = 0; x < shape.cores; x += group) {
    first.add({x, 1, std::min(group, shape.cores - x)});
  }
  second.add({0, group, (shape.cores + group - 1) / group});
  constexpr uint32_t kClock = 88, kAcc = 96;
  Values values = {{"CORES", fmt::format("{}", shape.cores)},
                   {"WORDS", fmt::format("{}", shape.words)},
                   {"GROUP", fmt::format("{}", group)},
                   {"CLOCK", fmt::format("{}", kClock)},
                   {"ACC", fmt::format("{}", kAcc)},
                   {"BYTES", fmt::format("{}", uint64_t(shape.words) * 4)},
                   {"INA", fmt::format("{}", in[0])},
                   {"INB", fmt::format("{}", in[1])},
                   {"OUTA", fmt::format("{}", out[0])},
                   {"OUTB", fmt::format("{}", out[1])},
                   {"PARTONE", joined(first.part)},
                   {"PARTTWO", joined(second.part)},
                   {"INCOLORONE", joined(first.in)},
                   {"OUTCOLORONE", joined(first.out)},
                   {"INCOLORTWO", joined(second.in)},
                   {"OUTCOLORTWO", joined(second.out)}};
  Result<Image> image = parseProgram(
      machine, "reduce", kText + first.rules() + second.rules(), values);
  if (image) {
    addInitData(*image, kAcc, shape.words * 4,
                reduceData(shape.cores, shape.words));
  }
  return image;
}
