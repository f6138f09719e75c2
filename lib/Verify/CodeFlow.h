// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- CodeFlow.h - What descriptor registers hold (internal) ---*- C++ -*-===//
//
// A forward analysis of a role's code: for each instruction and descriptor
// register the places that it can have been loaded from, and what may have been
// changed in it since.
//
//   entry    A task that is active at the start, and the only such one, begins
//            with registers that nobody loaded. A task that others activate
//            begins after one of them has ended, with what those left unloaded;
//            beyond that, what it finds depends on who ran before and is
//            unknown.
//   flow     Branches go both ways; a return goes behind every call.
//   join     Union: a register may be unloaded, or hold any of the descriptors.
//
// Cost: instructions x registers x a small number of descriptors each.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_VERIFY_CODEFLOW_H
#define WAFER_LIB_VERIFY_CODEFLOW_H

#include "wafer/Image/Image.h"

#include <array>
#include <vector>

namespace wafer::verifier {

/// What a descriptor register may hold.
struct RegisterState {
  /// On some path from a start nobody loaded it.
  bool maybeUnloaded = false;
  /// Loaded from an address that is not constant, or by another task.
  bool unknown = false;
  /// Set since it was loaded, on some path.
  bool baseChanged = false;
  bool lengthChanged = false;
  bool strideChanged = false;
  /// SRAM addresses that `dsrload` with a constant address took it from,
  /// ascending.
  std::vector<uint32_t> sites;

  /// Adds what `other` may hold; true if that is more.
  bool join(const RegisterState &other);
  /// The only place that it can come from, if that is known.
  bool isFrom(uint32_t &site) const {
    if (unknown || maybeUnloaded || sites.size() != 1) {
      return false;
    }
    site = sites[0];
    return true;
  }
};
using RegisterStates = std::array<RegisterState, kNumDsrs>;

class CodeFlow {
public:
  explicit CodeFlow(const Role &role);

  /// Whether any task can come to an instruction.
  bool isReached(size_t instruction) const { return reached[instruction]; }
  /// The registers when an instruction is issued; valid where it is reached.
  const RegisterStates &before(size_t instruction) const {
    return states[instruction];
  }

private:
  void enter(size_t instruction, const RegisterStates &from);
  void apply(const Instruction &i, RegisterStates &registers) const;
  void forEachSuccessor(size_t at, const RegisterStates &registers);
  bool savesAny(const RegisterState &r) const;
  void findSuccessions();

  const Role &role;
  std::vector<RegisterStates> states;
  std::vector<bool> reached;
  std::vector<bool> waiting;
  std::vector<size_t> work;
  /// By instruction: entries of the tasks that may start when it ends a task
  /// because they were activated on the way to it.
  std::vector<std::vector<size_t>> startedAfter;
};

/// The descriptor whose first halfword is the parameter at SRAM byte `address`,
/// in the core of `region` at `core`; false if the block does not hold it.
bool descriptorAt(const Role &role, const Region &region, Coord core,
                  uint32_t address, Descriptor &descriptor);

} // namespace wafer::verifier

#endif // WAFER_LIB_VERIFY_CODEFLOW_H
