// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Sim/Engine.h"

#include "FastEngine.h"
#include "ReferenceEngine.h"

#include "wafer/Sim/Observer.h"

#include <numeric>

using namespace wafer;

Engine::~Engine() = default;

Observer::~Observer() = default;

const char *wafer::nameOf(Activity activity) {
  static constexpr const char *kNames[kNumActivities] = {
      "scalar",     "vector-step", "bank-conflict", "start",
      "send-pause", "wait-words",  "back-pressure", "idle"};
  return kNames[unsigned(activity)];
}

const char *wafer::nameOf(Outcome::Kind kind) {
  switch (kind) {
  case Outcome::Kind::HostSatisfied:
    return "host satisfied";
  case Outcome::Kind::Quiescent:
    return "quiescent";
  case Outcome::Kind::Deadlock:
    return "deadlock";
  case Outcome::Kind::CycleLimit:
    return "cycle limit";
  case Outcome::Kind::Fault:
    return "fault";
  }
  return "?";
}

uint64_t Counters::total() const {
  return std::accumulate(cycles.begin(), cycles.end(), uint64_t(0));
}

Result<std::unique_ptr<Engine>>
Engine::createReference(const Image &image, const Machine &machine,
                        const ParameterSet &costs,
                        const EngineOptions &options) {
  auto engine = std::make_unique<reference::ReferenceEngine>(image, machine,
                                                             costs, options);
  Status status = engine->load();
  if (!status) {
    return status.takeError();
  }
  return std::unique_ptr<Engine>(std::move(engine));
}

Result<std::unique_ptr<Engine>> Engine::createFast(const Image &image,
                                                   const Machine &machine,
                                                   const ParameterSet &costs,
                                                   const FastOptions &options) {
  auto engine =
      std::make_unique<fast::FastEngine>(image, machine, costs, options);
  Status status = engine->load();
  if (!status) {
    return status.takeError();
  }
  return std::unique_ptr<Engine>(std::move(engine));
}

int wafer::findHostPort(const Image &image, const std::string &name,
                        bool input) {
  for (size_t i = 0; i < image.hostPorts.size(); ++i) {
    if (image.hostPorts[i].name == name && image.hostPorts[i].input == input) {
      return int(i);
    }
  }
  return -1;
}
