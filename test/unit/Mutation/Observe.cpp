// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Mutations.h"

#include "wafer/Sim/TensorGather.h"
#include "wafer/Sim/TokenRun.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::test;

namespace {

struct Shown {
  std::string text;
  Cycle cycle = 0;
  bool succeeded = false;
};

/// Words of host output ports and output tensors.
void addResults(Engine &engine, const Image &image, std::string &text) {
  for (unsigned p = 0; p < image.hostPorts.size(); ++p) {
    if (!image.hostPorts[p].input) {
      text += fmt::format("\nport {}:", p);
      for (const HostWord &word : engine.received(p)) {
        text += fmt::format(" {:x}{}", word.payload, word.control ? "c" : "");
      }
    }
  }
  for (const TensorPlacement &t : image.tensors) {
    if (t.kind != TensorKind::Output) {
      continue;
    }
    Result<std::vector<uint8_t>> bytes = gatherTensor(engine, image, t);
    text += "\n" + t.name + ":";
    if (!bytes) {
      text += bytes.error().str();
      continue;
    }
    for (uint8_t byte : *bytes) {
      text += fmt::format("{:02x}", byte);
    }
  }
}

/// A model speaks three tokens; another program gets four numbers at each of
/// its input ports and runs to its end.
Shown runOn(Engine &engine, const Image &image, uint64_t maxCycles) {
  Shown run;
  Result<std::optional<TokenProtocol>> protocol = readTokenProtocol(image);
  if (!protocol) {
    return {"no protocol: " + protocol.error().str(), 0, false};
  }
  if (*protocol) {
    TokenProtocol p = **protocol;
    p.stopAtEos = false;
    Result<TokenRun> tokens = runTokens(engine, p, {{{1, 2}, 3}}, maxCycles);
    if (!tokens) {
      return {"no run: " + tokens.error().str(), 0, false};
    }
    run.text = nameOf(tokens->outcome.kind);
    run.succeeded = tokens->outcome.kind == Outcome::Kind::HostSatisfied;
    for (uint32_t id : tokens->first().generated) {
      run.text += fmt::format(" {}", id);
    }
    run.cycle = tokens->outcome.cycle;
  } else {
    for (unsigned p = 0; p < image.hostPorts.size(); ++p) {
      if (image.hostPorts[p].input) {
        // 1, 2, 3 and 4 in binary32.
        engine.push(p, {0x3f800000, 0x40000000, 0x40400000, 0x40800000});
      }
    }
    RunLimits limits;
    limits.maxCycles = maxCycles;
    Outcome outcome = engine.run(limits);
    run.text = nameOf(outcome.kind) + (" " + outcome.detail);
    run.succeeded = outcome.kind == Outcome::Kind::Quiescent;
    run.cycle = outcome.cycle;
  }
  addResults(engine, image, run.text);
  return run;
}

} // namespace

Observation wafer::test::observe(const Image &image, const Machine &machine,
                                 uint64_t &maxCycles) {
  const ParameterSet &costs = machine.parameterSets.front();
  uint64_t limit = maxCycles ? maxCycles : uint64_t(1) << 24;
  Shown runs[2];
  for (int e = 0; e < 2; ++e) {
    auto engine = e ? Engine::createReference(image, machine, costs)
                    : Engine::createFast(image, machine, costs);
    runs[e] = engine ? runOn(**engine, image, limit)
                     : Shown{"no engine: " + engine.error().str(), 0, false};
  }
  if (maxCycles == 0) {
    maxCycles = 8 * runs[0].cycle + 1000;
  }
  return {runs[0].text, runs[0].succeeded,
          runs[0].text == runs[1].text && runs[0].cycle == runs[1].cycle};
}
