// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "MachineFields.h"

#include <algorithm>
#include <array>

using namespace wafer;

// Bounds that come from encodings (docs/machine/abstract-machine.md): byte
// addresses are 16 bits wide, descriptors name one of 8 queues, instructions
// one of 8 microthreads and 64 tasks, wavelets carry a 5-bit color, routes
// have up to four positions. The others only keep sums and products of fields
// far from the ends of 32 bits.
static constexpr Bounds kSide{1, 32767};
static constexpr Bounds kPlace{0, 32767};
static constexpr Bounds kSram{1024, 65536};
static constexpr Bounds kCost{0, 1000000};
static constexpr Bounds kLatency{1, 255};

static void visitGrid(Machine &m, MachineVisitor &v) {
  if (!v.enter("grid", Presence::Required)) {
    return;
  }
  v.tuple("physical", {&m.physicalWidth, &m.physicalHeight}, kSide);
  v.tuple("usable", {&m.usable.x, &m.usable.y, &m.usable.w, &m.usable.h},
          kPlace);
  v.number("wafers", m.wafers, {1, Machine::kMostWafers}, Presence::Optional);
  v.leave();
}

static void visitCore(Machine &m, MachineVisitor &v) {
  if (v.enter("memory", Presence::Required)) {
    v.number("sramBytes", m.sramBytes, kSram);
    v.number("sramBanks", m.sramBanks, {1, 64});
    v.number("bankWidthBytes", m.bankWidthBytes, {1, 64});
    v.number("readConflictModulus", m.readConflictModulus, {1, 64});
    v.number("systemBytes", m.systemBytes, {0, kSram.max});
    v.number("taskTableBytes", m.taskTableBytes, {0, kSram.max});
    v.number("codeBytesPerInstruction", m.codeBytesPerInstruction, {1, 64});
    v.leave();
  }
  if (v.enter("core", Presence::Required)) {
    v.number("dsrsPerFile", m.dsrsPerFile, {1, 8});
    v.number("microthreads", m.microthreads, {1, 8});
    v.number("maxTasks", m.maxTasks, {1, 64});
    v.leave();
  }
  v.lanes("lanes", m.lanes, {1, 64});
}

static void visitQueues(QueueSpec &queues, const char *key, MachineVisitor &v) {
  if (!v.enter(key, Presence::Required)) {
    return;
  }
  v.numbers("depths", queues.depths, {1, 1024}, 8);
  v.bits("reserved", queues.reserved);
  v.leave();
}

static void visitFabric(Machine &m, MachineVisitor &v) {
  if (v.enter("fabric", Presence::Required)) {
    v.number("hopCycles", m.hopCycles, kLatency);
    v.number("rampCycles", m.rampCycles, kLatency);
    v.number("routerBufferDepth", m.routerBufferDepth, {2, 1024});
    v.number("colors", m.colors, {1, 32});
    v.bits("reservedColors", m.reservedColors);
    v.bits("switchableColors", m.switchableColors);
    v.number("maxSwitchPositions", m.maxSwitchPositions, {1, 4});
    v.flag("switchChangesBoth", m.switchChangesBoth);
    v.number("filtersPerCore", m.filtersPerCore, {0, 32});
    v.leave();
  }
  if (v.enter("queues", Presence::Required)) {
    visitQueues(m.inputQueues, "input", v);
    visitQueues(m.outputQueues, "output", v);
    v.leave();
  }
}

static void visitOutside(Machine &m, MachineVisitor &v) {
  if (v.enter("host", Presence::Optional)) {
    v.names("edges", {{"west", &m.host.west}, {"east", &m.host.east}});
    v.number("firstRow", m.host.firstRow, kPlace);
    v.number("rowStep", m.host.rowStep, kSide);
    v.number("count", m.host.count, kPlace);
    v.number("latencyCycles", m.host.latencyCycles, {0, 1000000000});
    v.leave();
  }
  if (v.enter("offWafer", Presence::Optional)) {
    v.real("bytesPerSecond", m.offWaferBytesPerSecond, 1e18, true);
    v.real("latencySeconds", m.offWaferLatencySeconds, 1e6, true);
    v.real("networkLatencySeconds", m.networkLatencySeconds, 1e6, true,
           Presence::Optional);
    v.leave();
  }
  if (v.enter("clock", Presence::Required)) {
    v.real("hertz", m.clockHz, 1e15, false);
    v.leave();
  }
  if (v.enter("redundancy", Presence::Optional)) {
    v.text("kind", m.redundancy, Presence::Required);
    v.number("spareColumns", m.spareColumns, kPlace, Presence::Optional);
    v.number("bypassCycles", m.bypassCycles, {0, 255}, Presence::Optional);
    v.leave();
  }
}

static void visitSet(ParameterSet &s, MachineVisitor &v) {
  v.text("name", s.name, Presence::Required);
  v.number("vectorStart", s.vectorStart, kCost);
  v.number("taskStart", s.taskStart, kCost);
  v.number("alu", s.alu, kCost, Presence::Optional);
  v.number("multiply", s.multiply, kCost, Presence::Optional);
  v.number("fp", s.fp, kCost, Presence::Optional);
  v.number("fpDivide", s.fpDivide, kCost, Presence::Optional);
  v.number("load", s.load, kCost, Presence::Optional);
  v.number("store", s.store, kCost, Presence::Optional);
  v.number("branch", s.branch, kCost, Presence::Optional);
  v.number("taskControl", s.taskControl, kCost, Presence::Optional);
  v.number("readClock", s.readClock, kCost, Presence::Optional);
  v.number("dsrLoad", s.dsrLoad, kCost, Presence::Optional);
  v.number("dsrSet", s.dsrSet, kCost, Presence::Optional);
  v.number("sendWords", s.sendWords, {1, 1000000}, Presence::Optional);
  v.number("sendCycles", s.sendCycles, {1, 1000000}, Presence::Optional);
}

void wafer::visitMachine(Machine &m, MachineVisitor &v) {
  v.text("name", m.name, Presence::Required);
  v.text("description", m.description, Presence::Optional);
  visitGrid(m, v);
  visitCore(m, v);
  visitFabric(m, v);
  visitOutside(m, v);
  v.enterSets("parameterSets", m.parameterSets);
  for (size_t i = 0; i < m.parameterSets.size(); ++i) {
    v.enterItem(i);
    visitSet(m.parameterSets[i], v);
    v.leave();
  }
  v.leave();
}

bool wafer::isVectorMnemonic(std::string_view mnemonic) {
  static constexpr std::string_view kNames[] = {
      "add16", "and16", "fabsh",  "fabss", "faddh", "faddhs", "fadds",
      "fh2s",  "fmach", "fmachs", "fmacs", "fmaxh", "fmaxs",  "fmulh",
      "fmuls", "fnegh", "fnegs",  "fs2h",  "fsubh", "fsubs",  "mov16",
      "mov32", "or16",  "sar16",  "sll16", "slr16", "sub16",  "xor16"};
  return std::binary_search(std::begin(kNames), std::end(kNames), mnemonic);
}

std::string wafer::placeInFile(const std::string &where,
                               const std::string &pointer) {
  return pointer.empty() ? where : where + ": " + pointer;
}

Diagnostic wafer::outOfBounds(const std::string &place, Bounds bounds,
                              const std::string &found) {
  return {"value is out of range", place,
          "an integer from " + std::to_string(bounds.min) + " to " +
              std::to_string(bounds.max),
          found, ""};
}
