// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Machine.h - The description of a wafer-scale machine -----*- C++ -*-===//
//
// A machine is data: everything that a phase, an engine or a report may ask
// about the target comes from this object, which is read from a JSON file
// (docs/machine/machine-files.md documents the schema). No constant of a real
// wafer stands anywhere else. Each value of a shipped file names its source.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_MACHINE_MACHINE_H
#define WAFER_MACHINE_MACHINE_H

#include "wafer/Support/Geometry.h"
#include "wafer/Support/Result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace wafer {

/// The costs that are not published exactly, as one named set. All in cycles
/// except the ratio.
struct ParameterSet {
  std::string name;
  /// From the issue of a vector instruction to its first step.
  uint32_t vectorStart = 0;
  /// From the choice of a task to its first instruction.
  uint32_t taskStart = 0;
  uint32_t alu = 1;
  uint32_t multiply = 1;
  uint32_t fp = 1;
  uint32_t fpDivide = 50;
  uint32_t load = 1;
  uint32_t store = 1;
  uint32_t branch = 1;
  /// activate, block, unblock.
  uint32_t taskControl = 1;
  uint32_t readClock = 1;
  uint32_t dsrLoad = 1;
  /// dsrbase, dsrlen, dsrstride, dsradd.
  uint32_t dsrSet = 1;
  /// A stream from memory to the fabric sends `sendWords` words in every
  /// `sendCycles` cycles (1/1 is the link rate; wse3 measures 8 in 9).
  uint32_t sendWords = 1;
  uint32_t sendCycles = 1;
};

/// Queues of one direction; index is the queue id.
struct QueueSpec {
  std::vector<uint32_t> depths;
  /// Bit i: queue i belongs to the system and is not for programs.
  uint32_t reserved = 0;

  unsigned count() const { return unsigned(depths.size()); }
  bool usable(unsigned q) const {
    return q < count() && !((reserved >> q) & 1u);
  }
  unsigned numUsable() const;
};

struct Machine {
  std::string name;
  std::string description;

  // Grid. Coordinates of programs are those of the usable rectangle; several
  // wafers lie side by side: wafer k has the columns k * usable.w and on. No
  // link joins two wafers.
  int32_t physicalWidth = 0;
  int32_t physicalHeight = 0;
  /// Where programs may be placed, inside the physical grid.
  Rect usable;
  /// Wafers that a program has. All else in this file is of one wafer.
  int32_t wafers = 1;
  static constexpr int32_t kMostWafers = 64;

  // Core memory.
  uint32_t sramBytes = 0;
  uint32_t sramBanks = 8;
  uint32_t bankWidthBytes = 4;
  /// Two reads of one step conflict when their banks agree modulo this.
  uint32_t readConflictModulus = 4;
  /// System share and task table, charged to every core.
  uint32_t systemBytes = 0;
  uint32_t taskTableBytes = 0;
  /// Bytes of SRAM charged for each instruction.
  uint32_t codeBytesPerInstruction = 8;

  // Core registers.
  uint32_t dsrsPerFile = 8;
  uint32_t microthreads = 8;
  uint32_t maxTasks = 64;

  /// Elements a vector instruction handles in a step, by mnemonic; 1 if absent.
  std::map<std::string, uint32_t, std::less<>> lanes;

  // Fabric.
  uint32_t hopCycles = 1;
  uint32_t rampCycles = 2;
  /// Wavelets that a router holds for each input port and color.
  uint32_t routerBufferDepth = 4;
  uint32_t colors = 24;
  /// Bit c: color c belongs to the system.
  uint32_t reservedColors = 0;
  /// Bit c: color c may have switch positions.
  uint32_t switchableColors = 0;
  uint32_t maxSwitchPositions = 4;
  /// A switch position may change both masks, and tx may have several bits.
  bool switchChangesBoth = false;
  uint32_t filtersPerCore = 4;
  QueueSpec inputQueues;
  QueueSpec outputQueues;

  // Host channels, on the west and east edge of the usable rectangle.
  struct HostChannels {
    bool west = false;
    bool east = false;
    /// Rows first, first + step, ... (count of them), relative to `usable`.
    int32_t firstRow = 0;
    int32_t rowStep = 1;
    int32_t count = 0;
    /// From the host to the edge router, and back.
    uint32_t latencyCycles = 0;

    bool isChannelRow(int32_t y) const {
      return y >= firstRow && (y - firstRow) % rowStep == 0 &&
             (y - firstRow) / rowStep < count;
    }
  } host;

  // Wafer to wafer: crossings.
  /// Of all words that leave a wafer together; 0: no bound.
  double offWaferBytesPerSecond = 0;
  /// As a program that hands words on with the host's software sees it.
  double offWaferLatencySeconds = 0;
  /// Of the network alone; 0: not known.
  double networkLatencySeconds = 0;

  /// Used only to print seconds.
  double clockHz = 1e9;

  /// "none", or "row-shift": spare columns taken in by hardware bypass.
  std::string redundancy = "none";
  uint32_t spareColumns = 0;
  uint32_t bypassCycles = 0;

  /// The first one is the set that is printed first and used by default.
  std::vector<ParameterSet> parameterSets;

  /// Where each value comes from: JSON pointer -> citation.
  std::map<std::string, std::string> sources;

  int32_t width() const { return usable.w * wafers; }
  int32_t height() const { return usable.h; }
  int32_t waferOf(int32_t x) const { return x / usable.w; }
  /// The outermost column of a wafer.
  int32_t edgeColumn(int32_t wafer, bool west) const {
    return wafer * usable.w + (west ? 0 : usable.w - 1);
  }
  /// Whether a rectangle of the grid lies on one wafer.
  bool onOneWafer(const Rect &r) const {
    return waferOf(r.x) == waferOf(r.endX() - 1);
  }
  /// Whether a link leads from a core of the grid over a side.
  bool hasLink(Coord from, Port side) const;
  /// The latency of a crossing in cycles, and the time that each word takes
  /// from the rate of its wafer, in 2^-16 cycles; both rounded to nearest.
  uint64_t crossingCycles() const;
  uint64_t crossingWordTime() const;
  static constexpr unsigned kWordTimeBits = 16;
  /// SRAM left for code and data of the program.
  uint32_t programBytes() const {
    return sramBytes - systemBytes - taskTableBytes;
  }
  uint32_t lanesOf(std::string_view mnemonic) const;
  /// nullptr when there is no such set.
  const ParameterSet *findParameters(std::string_view setName) const;
  /// The same, with an error that lists the sets; the first one where the name
  /// is empty.
  Result<const ParameterSet *> chooseParameters(std::string_view setName) const;

  /// Parses and checks a machine file. `where` names it in errors.
  static Result<Machine> fromJson(std::string_view text,
                                  const std::string &where);
  /// Loads a shipped machine by name ("wse2") or a file by path; anything with
  /// a '/' or ending in ".json" is a path.
  static Result<Machine> load(const std::string &nameOrPath);
  /// Names of the shipped machines, sorted.
  static std::vector<std::string> shippedNames();
  /// Canonical JSON (sorted keys, all fields), the form that images embed.
  std::string toJson() const;
  /// Checks consistency (every rule that fromJson also applies).
  Status check(const std::string &where) const;
};

} // namespace wafer

#endif // WAFER_MACHINE_MACHINE_H
