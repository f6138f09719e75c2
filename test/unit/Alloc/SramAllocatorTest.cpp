// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Alloc/SramAllocator.h"

#include "wafer/Support/Rng.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>

using namespace wafer;

namespace {

SramBuffer scratch(std::string name, uint32_t bytes, int64_t begin,
                   int64_t end) {
  return {std::move(name), bytes, BufferKind::Scratch, LiveRange{begin, end}};
}

SramProblem problem(uint32_t capacity, uint32_t code,
                    std::vector<SramBuffer> buffers) {
  SramProblem p;
  p.owner = "role 'r'";
  p.capacity = capacity;
  p.codeBytes = code;
  p.buffers = std::move(buffers);
  return p;
}

// Without live ranges buffers stand side by side, aligned to 16:
// 0..10, 16..48, 48..52.
TEST(SramAllocator, SideBySide) {
  SramProblem p = problem(1024, 100,
                          {{"params", 10, BufferKind::Params, {}},
                           {"w", 32, BufferKind::Weights, {}},
                           {"x", 4, BufferKind::Scratch, {}}});
  Result<SramSolution> s = allocateSram(p);
  ASSERT_TRUE(bool(s));
  EXPECT_EQ(s->offsets, (std::vector<uint32_t>{0, 16, 48}));
  EXPECT_EQ(s->bytes, 52u);
  EXPECT_EQ(p.lowerBound(), 16u + 32u + 16u);
  EXPECT_TRUE(bool(s->verify(p)));
}

// x (0 to 2) and y (2 to 4) share bytes; z meets both.
TEST(SramAllocator, DisjointRangesShare) {
  SramProblem p = problem(
      1024, 0,
      {scratch("x", 64, 0, 2), scratch("y", 64, 2, 4), scratch("z", 32, 1, 3)});
  Result<SramSolution> s = allocateSram(p);
  ASSERT_TRUE(bool(s));
  EXPECT_EQ(s->offsets, (std::vector<uint32_t>{0, 0, 64}));
  EXPECT_EQ(s->bytes, 96u);
  EXPECT_EQ(p.lowerBound(), 96u);
  EXPECT_TRUE(bool(s->verify(p)));
}

// 900 bytes of code and 200 of buffers (x 0 to 72, w 80 to 200) in 1024: 76
// bytes too many. Of w 120 - 76 = 44 bytes may stay, in whole steps of 16: 32.
TEST(SramAllocator, OverflowNamesEverything) {
  SramProblem p = problem(1024, 900,
                          {{"x", 72, BufferKind::Scratch, {}},
                           {"w", 120, BufferKind::Weights, {}}});
  Result<SramSolution> s = allocateSram(p);
  ASSERT_FALSE(bool(s));
  EXPECT_EQ(s.error().str(),
            "role 'r': program does not fit into the SRAM of a core: expected "
            "at most 1024 bytes but got 1100 bytes (900 of code, 200 of "
            "buffers; most: code 900, weights 'w' 120, scratch 'x' 72) (hint: "
            "76 bytes less would fit, such as 'w' with 32 bytes)");
}

TEST(SramAllocator, OverflowBeyondOneBuffer) {
  SramProblem p = problem(
      100, 90,
      {{"x", 16, BufferKind::Scratch, {}}, {"y", 16, BufferKind::Scratch, {}}});
  Result<SramSolution> s = allocateSram(p);
  ASSERT_FALSE(bool(s));
  EXPECT_EQ(s.error().hint,
            "22 bytes less would fit, but no single buffer is so large");
}

// Sizes near 2^32 must not wrap.
TEST(SramAllocator, HugeSizes) {
  SramProblem p = problem(1000, 0,
                          {{"x", 0xfffffff0u, BufferKind::Scratch, {}},
                           {"y", 0xfffffff0u, BufferKind::Scratch, {}}});
  EXPECT_FALSE(bool(allocateSram(p)));
}

TEST(SramAllocator, CheckRefuses) {
  SramProblem p = problem(1000, 0, {{"x", 4, BufferKind::Scratch, {}}});
  p.alignment = 3;
  EXPECT_EQ(p.check().error().what, "bad alignment");
  p.alignment = 16;
  p.buffers.push_back({"x", 4, BufferKind::Scratch, {}});
  EXPECT_EQ(p.check().error().what, "buffers need names that differ");
  p.buffers[1] = scratch("y", 4, 3, 3);
  EXPECT_EQ(p.check().error().what, "bad live range of buffer 'y'");
  p.buffers[1] = {"y", 4, BufferKind::Weights, LiveRange{0, 1}};
  EXPECT_EQ(p.check().error().what, "bad live range of buffer 'y'");
}

TEST(SramAllocator, VerifyRefuses) {
  SramProblem p = problem(
      64, 16,
      {{"x", 16, BufferKind::Scratch, {}}, {"y", 16, BufferKind::Scratch, {}}});
  SramSolution s;
  s.bytes = 48;
  s.offsets = {0};
  EXPECT_EQ(s.verify(p).error().what, "not every buffer has a place");
  s.offsets = {0, 8};
  EXPECT_EQ(s.verify(p).error().what, "buffer 'y' is not aligned to 16 bytes");
  s.offsets = {0, 0};
  EXPECT_EQ(s.verify(p).error().what, "buffers 'x' and 'y' overlap");
  s.offsets = {0, 48};
  EXPECT_EQ(s.verify(p).error().what,
            "buffer 'y' ends at byte 64, in the code");
}

TEST(SramAllocator, Texts) {
  SramProblem p = problem(
      128, 24, {{"w", 20, BufferKind::Weights, {}}, scratch("x", 16, 0, 2)});
  EXPECT_EQ(p.str(), "sram 'role 'r'' capacity 128 code 24 alignment 16\n"
                     "  weights 'w' 20\n"
                     "  scratch 'x' 16 live 0 to 2\n");
  Result<SramSolution> s = allocateSram(p);
  ASSERT_TRUE(bool(s));
  EXPECT_EQ(s->str(p),
            "     0 to     20      20 bytes  weights 'w'\n"
            "    32 to     48      16 bytes  scratch 'x' live 0 to 2\n"
            "   104 to    128      24 bytes  code\n"
            "buffers take 48 bytes (at least 48), 56 are free\n");
}

/// The best over all orders of first fit by live range, which holds the optimum
/// for so few buffers.
uint32_t bruteForce(const SramProblem &p) {
  std::vector<size_t> order(p.buffers.size());
  std::iota(order.begin(), order.end(), size_t(0));
  uint32_t best = ~0u;
  do {
    std::vector<uint32_t> at(order.size(), 0);
    uint32_t end = 0;
    for (size_t n = 0; n < order.size(); ++n) {
      const SramBuffer &b = p.buffers[order[n]];
      uint32_t offset = 0;
      for (bool moved = true; moved;) {
        moved = false;
        for (size_t m = 0; m < n; ++m) {
          const SramBuffer &o = p.buffers[order[m]];
          uint32_t oEnd = at[order[m]] + o.bytes;
          if (b.live->overlaps(*o.live) && offset < oEnd &&
              at[order[m]] < offset + b.bytes) {
            offset = (oEnd + 15) / 16 * 16;
            moved = true;
          }
        }
      }
      at[order[n]] = offset;
      end = std::max(end, offset + b.bytes);
    }
    best = std::min(best, end);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

// Random instances: always a solution, between the bound and a small factor of
// the best.
TEST(SramAllocator, AgreesWithBruteForce) {
  Rng rng(7);
  uint64_t ours = 0;
  uint64_t best = 0;
  for (unsigned round = 0; round < 200; ++round) {
    std::vector<SramBuffer> buffers;
    for (unsigned i = 0; i < 5; ++i) {
      int64_t begin = int64_t(rng.below(6));
      buffers.push_back(scratch("b" + std::to_string(i),
                                16 * uint32_t(1 + rng.below(8)), begin,
                                begin + 1 + int64_t(rng.below(4))));
    }
    SramProblem p = problem(1u << 20, 0, buffers);
    Result<SramSolution> s = allocateSram(p);
    ASSERT_TRUE(bool(s));
    ASSERT_TRUE(bool(s->verify(p))) << p.str();
    uint32_t optimum = bruteForce(p);
    EXPECT_GE(s->bytes, optimum) << p.str();
    EXPECT_GE(uint64_t(optimum), p.lowerBound()) << p.str();
    ours += s->bytes;
    best += optimum;
  }
  EXPECT_LE(ours, best * 105 / 100);
}

} // namespace
