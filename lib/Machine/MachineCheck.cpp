// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- MachineCheck.cpp - Is this a machine? ------------------------------===//
//
// First the bounds of each field, then the rules between fields. Both hold for
// machines that a program builds as well as for those that come from a file.
//
//===----------------------------------------------------------------------===//
#include "MachineFields.h"
#include "wafer/Support/Json.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <set>

using namespace wafer;

namespace {

/// Applies the bounds of every field to the members.
class BoundsChecker : public MachineVisitor {
public:
  explicit BoundsChecker(std::string where) : where(std::move(where)) {}
  std::optional<Diagnostic> problem;

  void text(const char *, std::string &, Presence) override {}
  void number(const char *key, uint32_t &member, Bounds bounds,
              Presence) override {
    hold(pointerTo(key), member, bounds);
  }
  void number(const char *key, int32_t &member, Bounds bounds,
              Presence) override {
    hold(pointerTo(key), member, bounds);
  }
  void real(const char *key, double &member, double max, bool zero,
            Presence) override {
    bool good = std::isfinite(member) && member <= max &&
                (zero ? member >= 0 : member > 0);
    if (!good && !problem) {
      problem = Diagnostic{"value is out of range",
                           placeInFile(where, pointerTo(key)),
                           fmt::format("a number {} 0 and at most {:g}",
                                       zero ? "of at least" : "above", max),
                           fmt::format("{}", member), ""};
    }
  }
  void flag(const char *, bool &) override {}
  void tuple(const char *key, std::initializer_list<int32_t *> members,
             Bounds bounds) override {
    size_t i = 0;
    for (const int32_t *member : members) {
      hold(fmt::format("{}/{}", pointerTo(key), i++), *member, bounds);
    }
  }
  void numbers(const char *key, std::vector<uint32_t> &member, Bounds bounds,
               size_t maxCount) override {
    hold(pointerTo(key), int64_t(member.size()), {1, maxCount});
    for (size_t i = 0; i < member.size(); ++i) {
      hold(fmt::format("{}/{}", pointerTo(key), i), member[i], bounds);
    }
  }
  void bits(const char *, uint32_t &) override {}
  void names(const char *,
             std::initializer_list<std::pair<const char *, bool *>>) override {}
  void lanes(const char *key,
             std::map<std::string, uint32_t, std::less<>> &member,
             Bounds bounds) override {
    for (const auto &[name, count] : member) {
      std::string pointer = pointerTo(key) + "/" + jsonPointerToken(name);
      if (!isVectorMnemonic(name) && !problem) {
        problem = Diagnostic{"unknown vector instruction '" + name + "'",
                             placeInFile(where, pointer), "", "",
                             "names are those of the abstract machine, such as "
                             "'fmach', 'fmachs' or 'mov32'"};
      }
      hold(pointer, count, bounds);
    }
  }
  bool enter(const char *key, Presence) override {
    pointers.push_back(pointerTo(key));
    return true;
  }
  void leave() override { pointers.pop_back(); }
  void enterSets(const char *key, std::vector<ParameterSet> &) override {
    enter(key, Presence::Required);
  }
  void enterItem(size_t index) override {
    enter(std::to_string(index).c_str(), Presence::Required);
  }

private:
  std::string pointerTo(const char *key) const {
    return (pointers.empty() ? "" : pointers.back()) + "/" + key;
  }
  void hold(const std::string &pointer, int64_t value, Bounds bounds) {
    bool good = value >= 0 && uint64_t(value) >= bounds.min &&
                uint64_t(value) <= bounds.max;
    if (!good && !problem) {
      problem = outOfBounds(placeInFile(where, pointer), bounds,
                            fmt::format("{}", value));
    }
  }
  std::string where;
  std::vector<std::string> pointers;
};

/// Rules between fields; each returns the first one that is broken.
class RuleChecker {
public:
  RuleChecker(const Machine &machine, const std::string &where)
      : m(machine), where(where) {}

  Status run() const {
    for (Status (RuleChecker::*rule)() const :
         {&RuleChecker::name, &RuleChecker::grid, &RuleChecker::memory,
          &RuleChecker::fabric, &RuleChecker::queues, &RuleChecker::host,
          &RuleChecker::offWafer, &RuleChecker::redundancy,
          &RuleChecker::parameterSets}) {
      if (Status status = (this->*rule)(); !status) {
        return status;
      }
    }
    return Status::success();
  }

private:
  Diagnostic broken(const char *pointer, std::string what,
                    std::string expected = "", std::string found = "",
                    std::string hint = "") const {
    return {std::move(what), placeInFile(where, pointer), std::move(expected),
            std::move(found), std::move(hint)};
  }
  static bool isName(std::string_view text) {
    for (char c : text) {
      bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
      if (!good) {
        return false;
      }
    }
    return !text.empty();
  }

  Status name() const;
  Status grid() const;
  Status memory() const;
  Status fabric() const;
  Status queues() const;
  Status queues(const char *pointer, const QueueSpec &spec) const;
  Status host() const;
  Status offWafer() const;
  Status redundancy() const;
  Status parameterSets() const;

  const Machine &m;
  const std::string &where;
};

} // namespace

Status RuleChecker::name() const {
  if (!isName(m.name)) {
    return broken("/name", "machine name is not valid",
                  "letters, digits, '-', '_' and '.'", "'" + m.name + "'");
  }
  return Status::success();
}

Status RuleChecker::grid() const {
  Rect physical{0, 0, m.physicalWidth, m.physicalHeight};
  if (m.usable.empty()) {
    return broken("/grid/usable", "usable rectangle is empty");
  }
  if (!physical.contains(m.usable)) {
    return broken("/grid/usable",
                  "usable rectangle is not inside the physical grid",
                  fmt::format("an end of at most ({}, {})", m.physicalWidth,
                              m.physicalHeight),
                  fmt::format("({}, {})", m.usable.endX(), m.usable.endY()));
  }
  return Status::success();
}

Status RuleChecker::memory() const {
  uint32_t bankRow = m.sramBanks * m.bankWidthBytes;
  if (m.sramBytes % bankRow != 0) {
    return broken("/memory/sramBytes", "banks are not equally large",
                  fmt::format("a multiple of {} bytes ({} banks of {} bytes)",
                              bankRow, m.sramBanks, m.bankWidthBytes),
                  fmt::format("{}", m.sramBytes));
  }
  if (m.readConflictModulus > m.sramBanks) {
    return broken("/memory/readConflictModulus",
                  "modulus is larger than the number of banks",
                  fmt::format("at most {}", m.sramBanks),
                  fmt::format("{}", m.readConflictModulus));
  }
  uint32_t taken = m.systemBytes + m.taskTableBytes;
  if (taken >= m.sramBytes) {
    return broken("/memory/systemBytes", "no memory is left for programs",
                  fmt::format("less than {} bytes for system and task table",
                              m.sramBytes),
                  fmt::format("{}", taken));
  }
  return Status::success();
}

Status RuleChecker::fabric() const {
  uint32_t all = m.colors >= 32 ? ~0u : (1u << m.colors) - 1;
  if (m.reservedColors & ~all) {
    return broken("/fabric/reservedColors", "color is out of range",
                  fmt::format("colors from 0 to {}", m.colors - 1));
  }
  if (m.switchableColors & ~all) {
    return broken("/fabric/switchableColors", "color is out of range",
                  fmt::format("colors from 0 to {}", m.colors - 1));
  }
  if (m.reservedColors == all) {
    return broken("/fabric/reservedColors", "no color is left for programs");
  }
  if (m.routerBufferDepth < m.hopCycles + 1) {
    return broken("/fabric/routerBufferDepth",
                  "router buffer is too small to keep a link busy",
                  fmt::format("at least {} (hopCycles + 1)", m.hopCycles + 1),
                  fmt::format("{}", m.routerBufferDepth));
  }
  return Status::success();
}

Status RuleChecker::queues(const char *pointer, const QueueSpec &spec) const {
  if (spec.reserved >> spec.count()) {
    return broken(pointer, "queue is out of range",
                  fmt::format("queues from 0 to {}", spec.count() - 1));
  }
  if (spec.numUsable() == 0) {
    return broken(pointer, "no queue is left for programs");
  }
  return Status::success();
}

Status RuleChecker::queues() const {
  Status status = queues("/queues/input/reserved", m.inputQueues);
  return status ? queues("/queues/output/reserved", m.outputQueues) : status;
}

Status RuleChecker::host() const {
  bool edges = m.host.west || m.host.east;
  if (edges != (m.host.count > 0)) {
    return broken(edges ? "/host/count" : "/host/edges",
                  edges ? "edges are named but there are no channels"
                        : "there are channels but no edge is named");
  }
  int64_t last = m.host.firstRow + int64_t(m.host.rowStep) * (m.host.count - 1);
  if (m.host.count > 0 && last >= m.usable.h) {
    return broken(
        "/host/count", "last channel lies outside the usable rectangle",
        fmt::format("a row below {}", m.usable.h), fmt::format("row {}", last));
  }
  return Status::success();
}

/// What keeps the times of crossings far from the ends of 64 bits.
Status RuleChecker::offWafer() const {
  constexpr double kMostCycles = 1e9;
  double latency = m.offWaferLatencySeconds * m.clockHz;
  if (latency > kMostCycles) {
    return broken("/offWafer/latencySeconds", "latency is too long",
                  fmt::format("at most {:g} cycles", kMostCycles),
                  fmt::format("{:g} cycles", latency));
  }
  double word = m.offWaferBytesPerSecond > 0
                    ? 4 * m.clockHz / m.offWaferBytesPerSecond
                    : 0;
  if (word > kMostCycles) {
    return broken("/offWafer/bytesPerSecond", "rate is too low",
                  fmt::format("at most {:g} cycles a word", kMostCycles),
                  fmt::format("{:g} cycles", word));
  }
  return Status::success();
}

Status RuleChecker::redundancy() const {
  if (m.redundancy != "none" && m.redundancy != "row-shift") {
    return broken("/redundancy/kind", "unknown kind of redundancy",
                  "'none' or 'row-shift'", "'" + m.redundancy + "'");
  }
  if (m.redundancy == "none" && (m.spareColumns || m.bypassCycles)) {
    return broken(m.spareColumns ? "/redundancy/spareColumns"
                                 : "/redundancy/bypassCycles",
                  "machine without redundancy has spares or a bypass", "0");
  }
  if (m.redundancy == "row-shift" && m.spareColumns == 0) {
    return broken("/redundancy/spareColumns", "row shift needs spare columns",
                  "at least 1", "0");
  }
  return Status::success();
}

Status RuleChecker::parameterSets() const {
  if (m.parameterSets.empty()) {
    return broken("/parameterSets", "machine has no parameter set");
  }
  std::set<std::string_view> seen;
  for (size_t i = 0; i < m.parameterSets.size(); ++i) {
    const ParameterSet &set = m.parameterSets[i];
    std::string pointer = fmt::format("/parameterSets/{}", i);
    if (!isName(set.name)) {
      return broken((pointer + "/name").c_str(),
                    "parameter set name is not valid",
                    "letters, digits, '-', '_' and '.'", "'" + set.name + "'");
    }
    if (!seen.insert(set.name).second) {
      return broken((pointer + "/name").c_str(),
                    "two parameter sets have the name '" + set.name + "'");
    }
    if (set.sendCycles < set.sendWords) {
      return broken(
          (pointer + "/sendCycles").c_str(), "stream is faster than its link",
          fmt::format("at least {} (one word a cycle)", set.sendWords),
          fmt::format("{}", set.sendCycles));
    }
  }
  return Status::success();
}

Status Machine::check(const std::string &where) const {
  Machine copy = *this; // visitors take members that can be changed
  BoundsChecker bounds(where);
  visitMachine(copy, bounds);
  if (bounds.problem) {
    return *bounds.problem;
  }
  return RuleChecker(*this, where).run();
}
