// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- GemmLoop.cpp - A matrix product of strided multiply-adds --------------//
//
// The inner loop is that of the published kernel: two new bases of descriptors,
// a scalar load, a multiply-add over a column of C and a column of A, and the
// counting of a for loop. Where the width of C in bytes is a multiple of all
// banks, each step reads and writes one bank.
//
//===----------------------------------------------------------------------===//
#include "ProgramText.h"
#include "wafer/Bench/Programs.h"

#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

static constexpr const char *kText = R"(
model json {"name": "gemm-loop", "length": $LENGTH, "depth": $DEPTH,
  "columns": $COLUMNS, "timed": {"stop": {"core": [0, 0], "address": $CLOCK}}}
role @gemm {
  params at 0 {
    c_column: desc mem base=c extent=$LENGTH stride=$COLUMNS
    a_column: desc mem base=a extent=$LENGTH stride=$DEPTH
  }
  buffer @params params at 0 size 32
  buffer @clock scratch at $CLOCK size 4
  buffer @c scratch at $CAT size $CSIZE
  buffer @a scratch at $AAT size $ASIZE
  buffer @b scratch at $BAT size $BSIZE
  task @main local active entry start
  code {
  start:
    dsrload d0, [r0 + c_column]
    dsrload s1.0, [r0 + a_column]
    li r1, a
    li r2, b
    li r9, $DEPTH
    li r10, $COLUMNS
  outer:
    li r3, c
    li r4, 0
  inner:
    dsrbase d0, r3
    dsrbase s1.0, r1
    ldw r5, [r2]
    fmacs d0, d0, s1.0, r5
    addi r3, r3, 4
    addi r2, r2, 4
    addi r4, r4, 1
    blt r4, r10, inner
    addi r1, r1, 4
    dbnz r9, outer
    tsc r4
    stw r4, [r0 + clock]
    end
  }
}
region @core role @gemm rect 0 0 $WIDTH $HEIGHT {}
)";

/// The same numbers for each of `cores` cores.
static std::vector<uint8_t> ramp(uint64_t cores, uint64_t count,
                                 uint32_t modulus) {
  std::vector<uint8_t> data(size_t(cores * count) * 4);
  for (uint64_t i = 0; i < cores * count; ++i) {
    float value = float(i % count % modulus);
    std::memcpy(&data[size_t(i) * 4], &value, 4);
  }
  return data;
}

Result<Image> wafer::buildGemmLoop(const Machine &machine,
                                   const GemmLoopShape &shape) {
  uint64_t l = shape.length, d = shape.depth, m = shape.columns;
  // Strides are signed halfwords.
  if (!l || !d || !m || l > 65535 || d > 32767 || m > 32767) {
    return Diagnostic{"bad shape of a matrix product", "",
                      "extents from 1 to 32767",
                      fmt::format("{} x {} x {}", l, d, m), ""};
  }
  constexpr uint64_t kMostCores = 4096;
  uint64_t cores = uint64_t(shape.gridWidth) * shape.gridHeight;
  if (cores > kMostCores) {
    return Diagnostic{"too many cores for a program that is the same in all",
                      "", fmt::format("at most {}", kMostCores),
                      fmt::format("{}", cores), ""};
  }
  constexpr uint64_t kClock = 32, kC = 64;
  uint64_t a = kC + l * m * 4, b = a + l * d * 4;
  Values values = {{"LENGTH", fmt::format("{}", l)},
                   {"DEPTH", fmt::format("{}", d)},
                   {"COLUMNS", fmt::format("{}", m)},
                   {"WIDTH", fmt::format("{}", shape.gridWidth)},
                   {"HEIGHT", fmt::format("{}", shape.gridHeight)},
                   {"CLOCK", fmt::format("{}", kClock)},
                   {"CAT", fmt::format("{}", kC)},
                   {"CSIZE", fmt::format("{}", l * m * 4)},
                   {"AAT", fmt::format("{}", a)},
                   {"ASIZE", fmt::format("{}", l * d * 4)},
                   {"BAT", fmt::format("{}", b)},
                   {"BSIZE", fmt::format("{}", d * m * 4)}};
  if (b + d * m * 4 > machine.sramBytes) {
    return Diagnostic{"the matrices do not fit into SRAM", "",
                      fmt::format("at most {} bytes", machine.sramBytes),
                      fmt::format("{}", b + d * m * 4), ""};
  }
  Result<Image> image = parseProgram(machine, "gemm-loop", kText, values);
  if (image) {
    addInitData(*image, uint32_t(a), uint32_t(l * d * 4),
                ramp(cores, l * d, 7));
    addInitData(*image, uint32_t(b), uint32_t(d * m * 4),
                ramp(cores, d * m, 5));
  }
  return image;
}
