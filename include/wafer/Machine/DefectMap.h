// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- DefectMap.h - What is dead on one wafer ------------------*- C++ -*-===//
//
// The defects of one wafer, as a test of the wafer finds them:
//
//   tile   core and router: nothing enters, nothing runs
//   core   runs nothing and takes no wavelet; its router works
//   link   carries nothing, in either direction
//   bank   a bank of a core's SRAM
//
// Coordinates are physical: those of Machine::physicalWidth x physicalHeight
// with the spare columns east of it. docs/defects.md gives the file form.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_MACHINE_DEFECTMAP_H
#define WAFER_MACHINE_DEFECTMAP_H

#include "wafer/Machine/Machine.h"

namespace wafer {

/// The link between `core` and its neighbour behind `side`. Normalised, the
/// side is East or South.
struct DeadLink {
  Coord core;
  Port side = Port::East;

  friend bool operator==(const DeadLink &a, const DeadLink &b) {
    return a.core == b.core && a.side == b.side;
  }
  friend bool operator<(const DeadLink &a, const DeadLink &b) {
    return a.core != b.core ? a.core < b.core : a.side < b.side;
  }
  /// The same link, named from its western or northern end.
  DeadLink normalised() const;
};

struct DeadBank {
  Coord core;
  uint32_t bank = 0;

  friend bool operator==(const DeadBank &a, const DeadBank &b) {
    return a.core == b.core && a.bank == b.bank;
  }
  friend bool operator<(const DeadBank &a, const DeadBank &b) {
    return a.core != b.core ? a.core < b.core : a.bank < b.bank;
  }
};

struct DefectMap {
  /// Name of the machine that the wafer is one of.
  std::string machine;
  std::vector<Coord> tiles;
  std::vector<Coord> cores;
  std::vector<DeadLink> links;
  std::vector<DeadBank> banks;

  size_t size() const {
    return tiles.size() + cores.size() + links.size() + banks.size();
  }
  bool empty() const { return size() == 0; }

  /// Normalises the links and sorts all lists.
  void normalise();

  /// Everything lies on the machine, nothing stands twice, the lists are
  /// sorted and links normalised. `where` names the map in errors.
  Status check(const Machine &target, const std::string &where) const;

  /// Reads a file's text, whatever machine it is for; sorted and normalised,
  /// but not checked.
  static Result<DefectMap> parse(std::string_view text,
                                 const std::string &where);
  /// The same for a machine; the result passed check().
  static Result<DefectMap> fromJson(std::string_view text,
                                    const Machine &target,
                                    const std::string &where);
  static Result<DefectMap> load(const std::string &path, const Machine &target);
  std::string toJson() const;
};

/// Columns that a defect map may name: with spares.
int32_t defectColumns(const Machine &machine);

/// The letter of a side in a defect map.
char letterOf(Port side);

} // namespace wafer

#endif // WAFER_MACHINE_DEFECTMAP_H
