// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Machine/Machine.h"

#include "ShippedMachines.h"
#include "wafer/Support/File.h"

#include <cmath>

using namespace wafer;

/// Far above what a description of one machine can need.
static constexpr uint64_t kMaxFileBytes = 1 << 20;

unsigned QueueSpec::numUsable() const {
  unsigned number = 0;
  for (unsigned q = 0; q < count(); ++q) {
    number += usable(q);
  }
  return number;
}

uint32_t Machine::lanesOf(std::string_view mnemonic) const {
  auto it = lanes.find(mnemonic);
  return it == lanes.end() ? 1 : it->second;
}

bool Machine::hasLink(Coord from, Port side) const {
  Coord to = neighbour(from, side);
  return Rect{0, 0, width(), height()}.contains(to) &&
         waferOf(to.x) == waferOf(from.x);
}

uint64_t Machine::crossingCycles() const {
  return uint64_t(std::llround(offWaferLatencySeconds * clockHz));
}

uint64_t Machine::crossingWordTime() const {
  constexpr double kWordBytes = 4, kUnit = 1u << kWordTimeBits;
  return offWaferBytesPerSecond > 0
             ? uint64_t(std::llround(kWordBytes * clockHz /
                                     offWaferBytesPerSecond * kUnit))
             : 0;
}

const ParameterSet *Machine::findParameters(std::string_view setName) const {
  for (const ParameterSet &set : parameterSets) {
    if (set.name == setName) {
      return &set;
    }
  }
  return nullptr;
}

Result<const ParameterSet *>
Machine::chooseParameters(std::string_view setName) const {
  const ParameterSet *set = setName.empty() && !parameterSets.empty()
                                ? &parameterSets.front()
                                : findParameters(setName);
  if (set) {
    return set;
  }
  std::string known;
  for (const ParameterSet &other : parameterSets) {
    known += (known.empty() ? "" : ", ") + other.name;
  }
  return Diagnostic{"the machine has no such parameter set",
                    "machine '" + name + "'", known,
                    "'" + std::string(setName) + "'", ""};
}

//===----------------------------------------------------------------------===//
// Shipped machines
//===----------------------------------------------------------------------===//

std::vector<std::string> Machine::shippedNames() {
  std::vector<std::string> names;
  for (const ShippedMachine &machine : shippedMachines()) {
    names.emplace_back(machine.name);
  }
  return names;
}

static bool isPath(std::string_view nameOrPath) {
  constexpr std::string_view kSuffix = ".json";
  return nameOrPath.find('/') != std::string_view::npos ||
         (nameOrPath.size() >= kSuffix.size() &&
          nameOrPath.substr(nameOrPath.size() - kSuffix.size()) == kSuffix);
}

Result<Machine> Machine::load(const std::string &nameOrPath) {
  if (isPath(nameOrPath)) {
    Result<std::string> text = readFile(nameOrPath, kMaxFileBytes);
    if (!text) {
      return text.takeError();
    }
    return fromJson(*text, nameOrPath);
  }
  std::string names;
  for (const ShippedMachine &machine : shippedMachines()) {
    if (machine.name == nameOrPath) {
      return fromJson(machine.text, nameOrPath);
    }
    names += (names.empty() ? "" : ", ") + std::string(machine.name);
  }
  return Diagnostic{
      "unknown machine '" + nameOrPath + "'", "", "", "",
      "shipped machines are " + names +
          "; the path of a machine file ends in .json or has a '/'"};
}
