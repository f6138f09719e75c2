// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RandomPrograms.h - Programs by chance --------------------*- C++ -*-===//
#ifndef WAFER_TEST_UNIT_SIM_RANDOMPROGRAMS_H
#define WAFER_TEST_UNIT_SIM_RANDOMPROGRAMS_H

#include "Builder.h"
#include "RandomFabric.h"

#include <functional>

namespace wafer::test {

/// Writes the role of one core: it does its part in the streams that end there,
/// and computes something in between.
class RandomProgram {
public:
  RandomProgram(Role &role, Rng &rng, const Machine &machine)
      : role(role), core(role), rng(rng), machine(machine) {}
  /// With `turns`, its part and the rest are done so often, in a loop.
  void make(const std::vector<StreamEnd> &ends, unsigned turns = 0);

private:
  /// Data lies here; parameters lie below, code above.
  static constexpr unsigned kDataBegin = 2048;
  static constexpr unsigned kDataEnd = 4096;
  static constexpr size_t kMaxCode = 400;

  using Action = std::function<void()>;
  struct End {
    unsigned queue = 0;
    StreamEnd stream;
  };

  bool chance(unsigned percent) { return rng.below(100) < percent; }
  unsigned below(unsigned n) { return unsigned(rng.below(n)); }
  unsigned reg() { return 2 + below(19); }
  unsigned anyReg() { return below(21); }
  bool full() const {
    return role.params.size() * 2 + 128 > kDataBegin ||
           role.code.size() + 40 > kMaxCode;
  }

  void bind(const std::vector<StreamEnd> &ends);
  void plan();
  void planPieces(const End &end);
  void arrivalTasks();
  void write();
  void writeLoop(unsigned turns);
  void useCounter();

  Descriptor data(unsigned elements, unsigned bytes);
  Descriptor anyData();
  VectorFields fields(const OpcodeInfo &info, bool hasAll, bool mayBeAsync);
  void vectorOp(Opcode op, int fabricAt, const End *in, const End *out,
                unsigned words);
  void transfer(const End *in, const End *out, unsigned words);
  void sendControl(const End &end, unsigned words);
  void compute();
  void scalar();
  void block(unsigned actions);

  Role &role;
  Core core;
  Rng &rng;
  const Machine &machine;
  std::vector<End> inputs, outputs;
  std::vector<Action> actions;
  unsigned localTasks = 1;
};

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_SIM_RANDOMPROGRAMS_H
