// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- MachineFields.h - The one list of a machine's fields -----*- C++ -*-===//
//
// Reading, writing and range checks of a machine all need the same list: key
// in the file, member, range. visitMachine() walks that list; the visitors of
// MachineJson.cpp and Machine.cpp do the work.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_MACHINE_MACHINEFIELDS_H
#define WAFER_LIB_MACHINE_MACHINEFIELDS_H

#include "wafer/Machine/Machine.h"

#include <initializer_list>

namespace wafer {

/// Inclusive bounds of a number.
struct Bounds {
  uint64_t min = 0;
  uint64_t max = 0;
};

/// Required fields have no neutral value: a file must give them.
enum class Presence { Required, Optional };

class MachineVisitor {
public:
  virtual ~MachineVisitor() = default;

  virtual void text(const char *key, std::string &member,
                    Presence presence) = 0;
  virtual void number(const char *key, uint32_t &member, Bounds bounds,
                      Presence presence = Presence::Required) = 0;
  virtual void number(const char *key, int32_t &member, Bounds bounds,
                      Presence presence = Presence::Required) = 0;
  /// A positive real number up to `max`; 0 too where `zero` is set.
  virtual void real(const char *key, double &member, double max, bool zero,
                    Presence presence = Presence::Required) = 0;
  virtual void flag(const char *key, bool &member) = 0;
  /// An array with one integer for each member.
  virtual void tuple(const char *key, std::initializer_list<int32_t *> members,
                     Bounds bounds) = 0;
  /// An array of up to `maxCount` integers.
  virtual void numbers(const char *key, std::vector<uint32_t> &member,
                       Bounds bounds, size_t maxCount) = 0;
  /// An array of bit numbers below 32.
  virtual void bits(const char *key, uint32_t &mask) = 0;
  /// An array of names, each of which sets one flag.
  virtual void
  names(const char *key,
        std::initializer_list<std::pair<const char *, bool *>> flags) = 0;
  /// An object from names of vector instructions to numbers.
  virtual void lanes(const char *key,
                     std::map<std::string, uint32_t, std::less<>> &member,
                     Bounds bounds) = 0;

  /// Objects inside the object; false means that the file leaves it out.
  virtual bool enter(const char *key, Presence presence) = 0;
  virtual void leave() = 0;
  /// Sets the length of an array of parameter sets, and enters one.
  virtual void enterSets(const char *key, std::vector<ParameterSet> &sets) = 0;
  virtual void enterItem(size_t index) = 0;
};

/// Calls the visitor for every field, in the order of the documentation.
void visitMachine(Machine &machine, MachineVisitor &visitor);

/// True for the mnemonics of vector instructions, the keys of `lanes`. (The
/// instruction table belongs to a library above this one; a unit test holds
/// the two together.)
bool isVectorMnemonic(std::string_view mnemonic);

/// "FILE: POINTER".
std::string placeInFile(const std::string &where, const std::string &pointer);
Diagnostic outOfBounds(const std::string &place, Bounds bounds,
                       const std::string &found);

} // namespace wafer

#endif // WAFER_LIB_MACHINE_MACHINEFIELDS_H
