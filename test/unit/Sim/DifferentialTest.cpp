// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random images on the engine in all its ways of looking. WAFER_SEEDS=N asks
// for N cases, WAFER_FIRST_SEED=S for others.
//
#include "Differential.h"

#include <cstdlib>
#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {

uint64_t setting(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

MakeEngine reference(bool reverseOrder, bool stepwise) {
  return [=](const RandomCase &c) {
    return Engine::createReference(c.image, c.machine, c.costs,
                                   {reverseOrder, stepwise});
  };
}

Result<std::unique_ptr<Engine>> fast(const RandomCase &c) {
  return Engine::createFast(c.image, c.machine, c.costs);
}

} // namespace

TEST(DifferentialTest, TheFastEngineAgreesWithTheReference) {
  const MakeEngine plain = reference(false, false);
  uint64_t first = setting("WAFER_FIRST_SEED", 0);
  for (uint64_t seed = first; seed < first + setting("WAFER_SEEDS", 1000);
       ++seed) {
    std::string what = firstDifference(makeRandomCase(seed), plain, fast);
    ASSERT_EQ(what, "") << "seed " << seed;
  }
}

TEST(DifferentialTest, TheReferenceAgreesWithItself) {
  const MakeEngine plain = reference(false, false);
  const MakeEngine others[] = {reference(true, false), reference(false, true),
                               reference(true, true)};
  std::array<unsigned, 5> kinds{};
  uint64_t first = setting("WAFER_FIRST_SEED", 0);
  for (uint64_t seed = first; seed < first + setting("WAFER_SEEDS", 300);
       ++seed) {
    RandomCase test = makeRandomCase(seed);
    for (const MakeEngine &other : others) {
      std::string what = firstDifference(test, plain, other, &kinds);
      ASSERT_EQ(what, "") << "seed " << seed << ", way " << &other - &others[0];
    }
  }
  // The cases are worth something: runs end in all ways.
  for (unsigned kind = 0; kind < kinds.size(); ++kind) {
    EXPECT_GT(kinds[kind], 10u) << nameOf(Outcome::Kind(kind));
  }
}
