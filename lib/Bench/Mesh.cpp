// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Mesh.cpp - Random traffic over a square of cores -------------------===//
#include "wafer/Bench/Mesh.h"

#include "ProgramText.h"
#include "wafer/Support/Rng.h"

#include <cmath>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

// A linear congruential generator; its upper half times SPAN gives the wait.
static constexpr const char *kText = R"(
model json {"name": "mesh", "size": $SIZE}
role @sender {
  params at 0 {
    row_seed: row 0
    column_seed: col 0
    east: desc fabout queue=$EAST extent=1
    south: desc fabout queue=$SOUTH extent=1
  }
  buffer @params params at 0 size 36
  output queue $EAST color $ROWS
  output queue $SOUTH color $COLUMNS
  task @main local active entry start
  code {
  start:
    ldh r2, [r0 + row_seed]
    ldh r3, [r0 + column_seed]
    shli r3, r3, 16
    or r2, r2, r3
    dsrload d0, [r0 + east]
    dsrload d1, [r0 + south]
    li r5, 1664525
    li r6, $SPAN
  loop:
    mul r2, r2, r5
    addi r2, r2, 1013904223
    shri r3, r2, 16
    mul r3, r3, r6
    shri r3, r3, 16
    addi r3, r3, 1
  wait:
    dbnz r3, wait
    mov32 d0, r2
    mov32 d1, r2
    jmp loop
  }
}
role @sink {
  params at 0 {
    in: desc fabin queue=$IN extent=65535
    last: desc mem base=data extent=1 stride=0
  }
  buffer @params params at 0 size 32
  buffer @data scratch at 32 size 4
  input queue $IN color row 0
  task @main local active entry start
  code {
  start:
    dsrload d0, [r0 + last]
    dsrload s0.0, [r0 + in]
  loop:
    mov32 d0, s0.0
    jmp loop
  }
}
region @cores role @sender rect 0 0 $LAST $LAST {
  row 0: [$ROWSEEDS]
  col 0: [$COLUMNSEEDS]
}
region @east role @sink rect $LAST 0 1 $LAST { row 0: [$ROWS*$LAST] }
region @south role @sink rect 0 $LAST $LAST 1 { row 0: [$COLUMNS] }
config @row_first rx=R tx=E
config @row_join rx=W,R tx=E
config @row_end rx=W tx=R
config @column_first rx=R tx=S
config @column_join rx=N,R tx=S
config @column_end rx=N tx=R
rule @rows color $ROWS rect 0 0 $SIZE $LAST axis x
  [@row_first @row_join*$JOINS @row_end]
rule @columns color $COLUMNS rect 0 0 $LAST $SIZE axis y
  [@column_first @column_join*$JOINS @column_end]
)";

Machine wafer::meshMachine(const Machine &machine, uint32_t size) {
  Machine square = machine;
  int32_t side = int32_t(size);
  square.name = fmt::format("{}-{}x{}", machine.name, size, size);
  square.physicalWidth = square.physicalHeight = side;
  square.usable = {0, 0, side, side};
  square.host.firstRow = 0;
  square.host.rowStep = 1;
  square.host.count = 1;
  square.redundancy = "none";
  square.spareColumns = 0;
  square.bypassCycles = 0;
  return square;
}

Result<Image> wafer::buildMesh(const Machine &machine,
                               const ParameterSet &costs,
                               const MeshShape &shape) {
  Status status = requireResources(machine, "mesh", 2, 1, 2, shape.size);
  if (!status) {
    return status.takeError();
  }
  if (shape.size < 3 || shape.size > 2048) {
    return Diagnostic{"bad size of a mesh", "", "3 to 2048",
                      fmt::format("{}", shape.size), ""};
  }
  // A round sends a word each way.
  auto cost = [](uint32_t cycles) { return double(std::max(1u, cycles)); };
  double fixed = 2 * cost(costs.multiply) + 4 * cost(costs.alu) +
                 cost(costs.branch) + 2 * (1 + double(costs.vectorStart));
  double branch = cost(costs.branch);
  double most = 2 / (fixed + branch);
  double least = 2 / (fixed + branch * 32768);
  if (!(shape.load >= least && shape.load <= most)) {
    return Diagnostic{"the program cannot send at this load",
                      "parameters '" + costs.name + "'",
                      fmt::format("{:.6f} to {:.4f}", least, most),
                      fmt::format("{}", shape.load), ""};
  }
  double span = 2 * (2 / shape.load - fixed) / branch - 1;
  Rng rng(shape.seed);
  std::vector<uint32_t> seeds[2];
  for (std::vector<uint32_t> &list : seeds) {
    for (uint32_t i = 0; i + 1 < shape.size; ++i) {
      list.push_back(uint32_t(rng.below(65535)));
    }
  }
  std::vector<unsigned> colors = freeColors(machine);
  std::vector<unsigned> outputs = freeQueues(machine.outputQueues);
  Values values = {
      {"SIZE", fmt::format("{}", shape.size)},
      {"LAST", fmt::format("{}", shape.size - 1)},
      {"JOINS", fmt::format("{}", shape.size - 2)},
      {"SPAN", fmt::format("{}", std::max(1l, std::lround(span)))},
      {"ROWS", fmt::format("{}", colors[0])},
      {"COLUMNS", fmt::format("{}", colors[1])},
      {"ROWSEEDS", joined(seeds[0])},
      {"COLUMNSEEDS", joined(seeds[1])},
      {"EAST", fmt::format("{}", outputs[0])},
      {"SOUTH", fmt::format("{}", outputs[1])},
      {"IN", fmt::format("{}", freeQueues(machine.inputQueues)[0])}};
  return parseProgram(machine, "mesh", kText, values);
}
