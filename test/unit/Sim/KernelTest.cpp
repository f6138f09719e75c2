// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- KernelTest.cpp - Many elements at once -----------------------------===//
#include "Builder.h"
#include "FastKernels.h"

#include "wafer/Support/Rng.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace wafer;
using namespace wafer::fast;

namespace {

constexpr unsigned kBytes = 2048;

uint32_t load(const uint8_t *p, unsigned bytes) {
  uint32_t value = 0;
  std::memcpy(&value, p, bytes);
  return value;
}

/// Element by element.
void runPlainly(const Elements &e, const OpcodeInfo &info, Opcode op) {
  sim::ElementFn element = sim::elementFunction(op);
  for (uint32_t row = 0; row < e.rows; ++row) {
    for (uint32_t i = 0; i < e.count; ++i) {
      int32_t r = int32_t(row), k = int32_t(i);
      uint32_t a = load(e.src0 + r * e.row0 + k * e.step0, sizeOf(info.src0));
      uint32_t b = load(e.src1 + r * e.row1 + k * e.step1, sizeOf(info.src1));
      uint32_t value = element(a, b, e.scalar);
      std::memcpy(e.dest + r * e.destRow + k * e.destStep, &value,
                  sizeOf(info.dest));
    }
  }
}

/// Values with all kinds of numbers among them.
void fill(std::vector<uint8_t> &bytes, Rng &rng) {
  static constexpr uint32_t kSpecial[] = {
      0x7fc00000, 0xffc00001, 0x7f800001, 0x7f800000, 0xff800000, 0x80000000,
      0x00000001, 0x7e007c01, 0xfc007c00, 0x80008001, 0x03ff0400, 0x7bff7bff,
      0x477fefff, 0x477ff000, 0x33000000, 0x33000001, 0x387fe000, 0x38800000};
  for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    uint32_t value = uint32_t(rng.next());
    if (rng.below(3) == 0) {
      value = kSpecial[rng.below(std::size(kSpecial))];
    } else if (rng.below(2) == 0) { // of like size
      value = 0x3c003800u + uint32_t(rng.below(0x100)) * 0x00010001u;
    }
    std::memcpy(&bytes[i], &value, 4);
  }
}

} // namespace

TEST(KernelTest, EveryOpcodeGivesWhatItsElementsGive) {
  Rng rng(7);
  std::vector<uint8_t> first(kBytes), one, two;
  for (unsigned code = 0; code < 256; ++code) {
    const OpcodeInfo *info = lookupOpcode(uint8_t(code));
    if (!info || !info->isVector) {
      continue;
    }
    Kernel kernel = kernelOf(Opcode(code), false);
    ASSERT_NE(kernel, nullptr) << info->mnemonic;
    for (unsigned round = 0; round < 400; ++round) {
      fill(first, rng);
      one = two = first;
      Elements e;
      auto step = [&](unsigned bytes) {
        unsigned kind = unsigned(rng.below(8));
        return kind < 5    ? int32_t(bytes)
               : kind == 5 ? 0
                           : 2 * (int32_t(rng.below(12)) - 4);
      };
      e.count = uint32_t(rng.below(30));
      e.rows = uint32_t(1 + rng.below(3));
      e.destStep = step(sizeOf(info->dest));
      e.step0 = step(sizeOf(info->src0));
      e.step1 = step(sizeOf(info->src1));
      e.destRow = 2 * (int32_t(rng.below(60)) - 20);
      e.row0 = rng.below(2) ? e.destRow : 2 * (int32_t(rng.below(60)) - 20);
      e.row1 = 2 * (int32_t(rng.below(60)) - 20);
      std::memcpy(&e.scalar, &first[4 * rng.below(100)], 4);
      // Far from each other, near, or the same.
      uint32_t at = 1024 + 2 * uint32_t(rng.below(20));
      uint32_t at0 = rng.below(2) ? at : 1024 + 2 * uint32_t(rng.below(40));
      uint32_t at1 = 1024 + 2 * uint32_t(rng.below(200)) - 200;
      auto place = [&](std::vector<uint8_t> &bytes) {
        e.dest = &bytes[at];
        e.src0 = &bytes[at0];
        e.src1 = &bytes[at1];
      };
      place(one);
      kernel(e);
      place(two);
      runPlainly(e, *info, Opcode(code));
      ASSERT_EQ(one, two) << info->mnemonic << ", round " << round;
    }
  }
}

TEST(KernelTest, RowsOfAllLengths) {
  // 12 elements in rows of 1 to 6, or in one, each operand by itself.
  // PairEngine compares counters (bank conflicts) and, where it is asked for,
  // memory.
  using namespace wafer::test;
  auto rows = [](unsigned base, unsigned extent, int stride1) {
    Descriptor d = memory(base, extent);
    d.extent1 = uint16_t(extent == 12 ? 0 : 12 / extent);
    d.stride1 = int16_t(stride1);
    return d;
  };
  const unsigned extents[] = {1, 2, 3, 4, 6, 12};
  for (unsigned dest : extents) {
    for (unsigned src0 : extents) {
      for (unsigned src1 : extents) {
        Builder b(1, 1);
        Core core = b.core(0, 0);
        core.main();
        for (uint32_t i = 0; i < 40; ++i) {
          core.li(2, i * i).op(Opcode::StoreHalf, 2, 0, 0, 2048 + 2 * i);
        }
        core.dsr(D(0), rows(3072, dest, int(dest) + 1))
            .dsr(S0(0), rows(2048, src0, int(src0) - 1))
            .dsr(S1(0), rows(2054, src1, 3))
            .vec(Opcode::Add16, D(0), S0(0), S1(0))
            .vec(Opcode::Add16, D(0), S0(0), S1(0))
            .end();
        EXPECT_EQ(b.run().kind, Outcome::Kind::Quiescent);
        for (uint32_t i = 0; i < 40; ++i) {
          b.half(0, 0, 3072 + 2 * i);
        }
        for (uint32_t i = 0; i < 12; ++i) {
          auto at = [&](unsigned extent, int stride1) {
            return i / extent * uint32_t(stride1) + i % extent;
          };
          uint32_t x = at(src0, int(src0) - 1), y = at(src1, 3) + 3;
          EXPECT_EQ(b.half(0, 0, 3072 + 2 * at(dest, int(dest) + 1)),
                    x * x + y * y)
              << dest << " " << src0 << " " << src1 << " " << i;
        }
      }
    }
  }
}

TEST(KernelTest, AWaveletOfTwoIsReadBeforeItIsWritten) {
  // Both elements of a step read the same cell that they write: the second one
  // must not see what the first one wrote.
  using namespace wafer::test;
  Builder b(2, 1);
  b.route(0, 0, 1, kR, kE);
  b.route(1, 0, 1, kW, kR);
  b.core(0, 0)
      .output(5, 1)
      .main()
      .li(2, 0x00050003)
      .dsr(D(0), fabricOut(5, 1))
      .vec(Opcode::Mov32, D(0), kNoDsr, kNoDsr, scalar(2))
      .end();
  Descriptor words = fabricIn(6, 2);
  words.packed = true;
  b.core(1, 0)
      .input(6, 1)
      .main()
      .li(2, 100)
      .op(Opcode::StoreHalf, 2, 0, 0, 3000)
      .dsr(D(0), memory(3000, 2, 0))
      .dsr(S0(0), words)
      .dsr(S1(0), memory(3000, 2, 0))
      .vec(Opcode::Add16, D(0), S0(0), S1(0))
      .end();
  EXPECT_EQ(b.run().kind, Outcome::Kind::Quiescent);
  EXPECT_EQ(b.half(1, 0, 3000), 105); // and not 108
}
