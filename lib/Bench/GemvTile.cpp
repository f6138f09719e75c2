// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "GemvTile.h"

#include "TreeText.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

GemvTile::GemvTile(const Machine &machine, const GemvShape &shape,
                   TileMethod method)
    : method(method), rows(shape.tileRows()), cols(shape.tileCols()),
      period(
          std::max(16u, machine.readConflictModulus * machine.bankWidthBytes)),
      half(period / 4) {
  auto align = [this](uint32_t at) {
    return (at + period - 1) / period * period;
  };
  stride = (rows + 2 * half - 1) / (2 * half) * 2 * half;
  clock = TreeText::paramBytes() + (isProducts() ? 5 : 3) * 16;
  acc = align(clock + 4);
  uint32_t next = align(acc + 2 * rows);
  if (isProducts()) {
    // The last step may reach into a row and an input more.
    products = next + period / 2;
    next = align(products + 2 * stride * (cols + 1));
    input = next + period / 2;
  } else {
    input = next;
  }
  matrix = align(input + inputBytes() + (isProducts() ? period : 0));
  matrix += isProducts() ? 0 : period / 2;
  end = matrix + matrixBytes();
}

uint32_t GemvTile::inputBytes() const {
  return isProducts() ? period * cols : (cols + 1) / 2 * 4;
}

uint32_t GemvTile::matrixBytes() const {
  return isProducts() ? period * groups() : 2 * stride * cols;
}

uint32_t GemvTile::inputOffset(uint32_t k) const {
  return isProducts() ? period * k : 2 * k;
}

uint32_t GemvTile::matrixOffset(uint32_t k, uint32_t j) const {
  uint32_t i = k * rows + j;
  return isProducts() ? period * (i / half) + 2 * (i % half)
                      : 2 * (k * stride + j);
}

uint64_t GemvTile::cycles(const Machine &machine,
                          const ParameterSet &costs) const {
  auto paid = [](uint32_t cost) { return uint64_t(std::max(1u, cost)); };
  auto run = [&](uint64_t elements, const char *instruction) {
    uint32_t lanes = machine.lanesOf(instruction);
    return costs.vectorStart + (elements + lanes - 1) / lanes;
  };
  // Reads two walks that go through all banks.
  auto runPair = [&](uint64_t elements, const char *instruction) {
    uint32_t lanes = machine.lanesOf(instruction);
    uint64_t conflicts = 0;
    if (lanes > half) {
      conflicts = elements / lanes + (elements % lanes > half ? 1 : 0);
    }
    return run(elements, instruction) + conflicts;
  };
  if (isProducts()) {
    return 7 * paid(costs.dsrLoad) + run(rows, "mov16") +
           run(uint64_t(half) * groups(), "fmulh") +
           runPair(uint64_t(rows) * cols, "faddh");
  }
  return 4 * paid(costs.dsrLoad) + (cols + 1) / 2 * paid(costs.load) +
         cols / 2 * paid(costs.alu) + run(rows, "fmulh") +
         (cols - 1) * runPair(rows, "fmach");
}

uint32_t GemvTile::codeBytes(const Machine &machine) const {
  uint32_t instructions = isProducts() ? 10 : 4 + 2 * cols + 1;
  return instructions * machine.codeBytesPerInstruction;
}

std::string GemvTile::params() const {
  std::string text =
      fmt::format("    sums: desc mem base=acc extent={}\n", rows);
  if (!isProducts()) {
    // Self-stepping, from the second column on.
    return text + fmt::format("    first: desc mem base=a extent={0}\n"
                              "    column: desc mem base=a + {1} extent={0} "
                              "extent1=1 stride1={2} save\n",
                              rows, 2 * stride, stride);
  }
  return text +
         fmt::format(
             "    matrix: desc mem base=a extent={4} extent1={2} stride1={5}\n"
             "    input: desc mem base=x extent={0} stride=0 extent1={1} "
             "stride1={5}\n"
             "    products: desc mem base=p extent={0} extent1={1} "
             "stride1={3}\n"
             "    again: desc mem base=acc extent={0} extent1={1} stride1=0\n",
             rows, cols, groups(), stride, half, 2 * half);
}

std::string GemvTile::buffers() const {
  std::string text = fmt::format("  buffer @params params at 0 size {0}\n"
                                 "  buffer @clock scratch at {0} size 4\n"
                                 "  buffer @acc scratch at {1} size {2}\n"
                                 "  buffer @x scratch at {3} size {4}\n"
                                 "  buffer @a scratch at {5} size {6}\n",
                                 clock, acc, 2 * rows, input,
                                 inputBytes() + (isProducts() ? period : 0),
                                 matrix, matrixBytes());
  if (isProducts()) {
    text += fmt::format("  buffer @p scratch at {} size {}\n", products,
                        2 * stride * (cols + 1));
  }
  return text;
}

std::string GemvTile::code() const {
  if (isProducts()) {
    return "    dsrload d0, [r0 + sums]\n"
           "    mov16 d0, r0\n"
           "    dsrload s0.0, [r0 + matrix]\n"
           "    dsrload s1.0, [r0 + input]\n"
           "    dsrload d1, [r0 + products]\n"
           "    fmulh d1, s0.0, s1.0\n"
           "    dsrload s0.0, [r0 + again]\n"
           "    dsrload s1.0, [r0 + products]\n"
           "    dsrload d1, [r0 + again]\n"
           "    faddh d1, s0.0, s1.0\n";
  }
  std::string text = "    dsrload d0, [r0 + sums]\n"
                     "    dsrload s0.0, [r0 + sums]\n"
                     "    dsrload s0.1, [r0 + first]\n"
                     "    dsrload s1.0, [r0 + column]\n";
  for (uint32_t k = 0; k < cols; ++k) {
    text += k % 2 ? "    shri r1, r1, 16\n"
                  : fmt::format("    ldw r1, [r0 + {}]\n", input + 2 * k);
    text += k ? "    fmach d0, s0.0, s1.0, r1\n" : "    fmulh d0, s0.1, r1\n";
  }
  return text;
}
