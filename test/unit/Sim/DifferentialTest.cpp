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

EngineSetup reference(const char *name, EngineOptions options = {}) {
  return {name, [=](const RandomCase &c) {
            return Engine::createReference(c.image, c.machine, c.costs,
                                           options);
          }};
}

EngineSetup fast() {
  return {"fast", [](const RandomCase &c) {
            return Engine::createFast(c.image, c.machine, c.costs);
          }};
}

/// All set-ups agree with the first on `seeds` cases, unless the environment
/// asks for others.
void expectAgreement(const std::vector<EngineSetup> &setups, uint64_t seeds,
                     OutcomeCounts *counts = nullptr) {
  std::optional<FailedSeed> failure =
      firstFailure(setting("WAFER_FIRST_SEED", 0),
                   setting("WAFER_SEEDS", seeds), setups, counts);
  if (failure) {
    ADD_FAILURE() << "seed " << failure->seed << ", "
                  << setups[failure->difference.setup].name << ": "
                  << failure->difference.text;
  }
}

} // namespace

TEST(DifferentialTest, TheFastEngineAgreesWithTheReference) {
  expectAgreement({reference("reference"), fast()}, 1000);
}

TEST(DifferentialTest, TheReferenceAgreesWithItself) {
  OutcomeCounts counts{};
  expectAgreement({reference("reference"), reference("reverse", {true, false}),
                   reference("stepwise", {false, true}),
                   reference("reverse and stepwise", {true, true})},
                  300, &counts);
  // The cases are worth something: runs end in all ways.
  for (unsigned kind = 0; kind < counts.size(); ++kind) {
    EXPECT_GT(counts[kind], 10u) << nameOf(Outcome::Kind(kind));
  }
}
