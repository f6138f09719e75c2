// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Assembles an image from its text form, proves it, runs it and checks the
// words that reach the host.
#include "wafer/Image/Text.h"
#include "wafer/Image/Validate.h"
#include "wafer/Sim/Engine.h"
#include "wafer/Verify/Verify.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

static int fail(const std::string &what) {
  std::fprintf(stderr, "run-chain: error: %s\n", what.c_str());
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    return fail("usage: run-chain FILE.wtext");
  }
  std::ifstream file(argv[1]);
  const std::string text((std::istreambuf_iterator<char>(file)), {});

  wafer::Result<wafer::Image> image = wafer::parseImage(text, argv[1]);
  if (!image) {
    return fail(image.error().str());
  }
  wafer::Result<wafer::Machine> machine =
      wafer::Machine::fromJson(image->machine, "the image's machine");
  if (!machine) {
    return fail(machine.error().str());
  }
  if (wafer::Status valid = wafer::validate(*image, *machine); !valid) {
    return fail(valid.error().str());
  }
  wafer::VerifyReport report = wafer::verify(*image, *machine);
  if (!report.holds()) {
    return fail(wafer::toJson(report));
  }

  auto engine = wafer::Engine::createReference(*image, *machine,
                                               machine->parameterSets.front());
  if (!engine) {
    return fail(engine.error().str());
  }
  const unsigned port = wafer::findHostPort(*image, "sums", /*input=*/false);
  wafer::RunLimits limits;
  limits.goals = {{port, 4}};
  limits.maxCycles = 10000;
  wafer::Outcome outcome = (*engine)->run(limits);
  if (outcome.kind != wafer::Outcome::Kind::HostSatisfied) {
    return fail(outcome.detail);
  }

  // Eight cores hold [1, 2, 3, 4].
  const float expected[] = {8, 16, 24, 32};
  for (unsigned i = 0; i < 4; ++i) {
    const uint32_t word = (*engine)->word(port, i).payload;
    float sum;
    std::memcpy(&sum, &word, sizeof sum);
    if (sum != expected[i]) {
      return fail("sum " + std::to_string(i) + ": expected " +
                  std::to_string(expected[i]) + " but got " +
                  std::to_string(sum));
    }
  }
  std::printf("8 16 24 32 after %llu cycles on %s\n",
              static_cast<unsigned long long>(outcome.cycle),
              machine->name.c_str());
  return 0;
}
