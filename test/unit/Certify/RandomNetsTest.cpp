// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is called safe never deadlocks, whatever the queues and the costs;
// programs that were written down from one order of all messages are all called
// safe. WAFER_SEEDS=N asks for N nets, WAFER_FIRST_SEED=S for others.
//
#include "RandomNets.h"

#include "wafer/Certify/Certify.h"
#include "wafer/Image/Validate.h"
#include "wafer/Verify/Verify.h"

#include <cstdlib>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::test;

namespace {

uint64_t setting(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

Outcome runBounded(const RandomNet &net) {
  auto engine = Engine::createReference(net.bounded, net.machine, net.costs);
  if (!engine) {
    ADD_FAILURE() << engine.error().str();
    return {};
  }
  return (**engine).run({{}, 1'000'000});
}

} // namespace

TEST(RandomNets, SafeNetsNeverDeadlock) {
  uint64_t first = setting("WAFER_FIRST_SEED", 1);
  uint64_t seeds = setting("WAFER_SEEDS", 1000);
  unsigned safe = 0, stuck = 0, refused = 0, safeDamaged = 0, deadlocks = 0,
           needRoom = 0;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    RandomNet net = makeRandomNet(seed);
    Status valid = validate(net.endless, net.machine);
    ASSERT_TRUE(bool(valid)) << seed << ": " << valid.error().str();
    Certificate certificate = certify(net.endless, net.machine);
    refused += certificate.verdict == Certificate::Verdict::Refused;
    bool isSafe = certificate.verdict == Certificate::Verdict::Safe;
    EXPECT_TRUE(isSafe || net.damaged)
        << seed << " is not recognised: " << certificate.reason;
    EXPECT_NE(isSafe, !certificate.reason.empty()) << seed;
    if (!net.damaged) {
      for (const Violation &v : verify(net.endless, net.machine).violations) {
        EXPECT_EQ(v.rule, "queues-used") << seed << ": " << v.message;
      }
    }
    bool dead = false;
    for (unsigned variant = 0; variant < 3; ++variant) {
      if (variant) {
        varyMachine(net, seed * 3 + variant);
      }
      Outcome outcome = runBounded(net);
      ASSERT_NE(outcome.kind, Outcome::Kind::CycleLimit) << seed;
      ASSERT_NE(outcome.kind, Outcome::Kind::Fault)
          << seed << ": " << outcome.detail;
      dead |= outcome.kind == Outcome::Kind::Deadlock;
      EXPECT_FALSE(isSafe && outcome.kind == Outcome::Kind::Deadlock)
          << seed << " is called safe: " << outcome.detail;
    }
    safe += isSafe;
    stuck += !isSafe;
    safeDamaged += isSafe && net.damaged;
    deadlocks += dead;
    needRoom += !isSafe && !dead;
  }
  fmt::print("{} nets: {} safe ({} of them damaged), {} not; {} deadlocked, {} "
             "that are not certified did not in three runs; {} refused\n",
             seeds, safe, safeDamaged, stuck, deadlocks, needRoom, refused);
  // A test that damages nothing, or everything, shows nothing.
  EXPECT_GT(safe, seeds / 5);
  EXPECT_GT(deadlocks, seeds / 20);
}
