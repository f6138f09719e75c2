// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Sim/Engine.h"

#include "FastEngine.h"
#include "MappedEngine.h"
#include "ReferenceEngine.h"

#include "wafer/Image/PhysicalImage.h"
#include "wafer/Image/Validate.h"

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

namespace {
/// Makes an engine of type T for the wafer that the image is mapped to.
template <typename T, typename Options>
Result<std::unique_ptr<Engine>>
createEngine(const Image &image, const Machine &machine,
             const ParameterSet &costs, const Options &options) {
  if (image.map.isIdentity()) {
    auto engine = std::make_unique<T>(image, machine, costs, options);
    Status status = engine->load();
    if (!status) {
      return status.takeError();
    }
    return std::unique_ptr<Engine>(std::move(engine));
  }
  if (Status sound = validate(image, machine); !sound) {
    return sound.takeError();
  }
  Result<Image> mapped = physicalImage(image, machine);
  if (!mapped) {
    return mapped.takeError();
  }
  auto physical = std::make_unique<const Image>(std::move(*mapped));
  auto engine = std::make_unique<T>(*physical, machine, costs, options);
  Status status = engine->load();
  if (!status) {
    return status.takeError();
  }
  return std::unique_ptr<Engine>(std::make_unique<sim::MappedEngine>(
      std::move(physical), std::move(engine), image.map, machine));
}
} // namespace

Result<std::unique_ptr<Engine>>
Engine::createReference(const Image &image, const Machine &machine,
                        const ParameterSet &costs,
                        const EngineOptions &options) {
  return createEngine<reference::ReferenceEngine>(image, machine, costs,
                                                  options);
}

Result<std::unique_ptr<Engine>> Engine::createFast(const Image &image,
                                                   const Machine &machine,
                                                   const ParameterSet &costs,
                                                   const FastOptions &options) {
  return createEngine<fast::FastEngine>(image, machine, costs, options);
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
