// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastMemory.cpp - Vector instructions in memory, in one go ----------===//
#include "FastCore.h"

using namespace wafer;
using namespace wafer::fast;

using Source = Operand::Source;

bool Cores::readsConflict(Operand &a, Operand &b, unsigned n) const {
  uint64_t banks0 = 0;
  uint64_t banks1 = 0;
  bool same = true;
  for (unsigned i = 0; i < n; ++i) {
    banks0 |= bankOf(a.address);
    banks1 |= bankOf(b.address);
    same &= a.address == b.address;
    a.next();
    b.next();
  }
  return (banks0 & banks1) && !same;
}

/// How many of the `steps` steps of an instruction conflict, and whether the
/// last one does.
Cores::Conflicts Cores::countConflicts(const VectorOp &op, uint64_t steps) {
  // That depends on the banks of the elements, and on which ones are the same:
  // on where the walks begin in the span after which the banks repeat and, if
  // they may meet, on how far they lie apart.
  uint32_t first = uint32_t(insideSpan(op.src0.address));
  uint32_t second = op.readsApart ? uint32_t(insideSpan(op.src1.address))
                                  : uint32_t(op.src1.address - op.src0.address);
  uint32_t hash =
      (first + 31 * second) * 40503u + uint32_t(op.shape) * 2654435761u;
  Conflicts &known = conflicts[hash >> 8 & (conflicts.size() - 1)];
  if (known.shape == op.shape && known.first == first &&
      known.second == second && known.isApart == op.readsApart) {
    return known;
  }
  known = {op.shape, first, second, 0, false, op.readsApart};
  Operand a = op.src0, b = op.src1;
  uint32_t left = op.length;
  for (; steps; --steps, left -= op.perStep) {
    known.last = readsConflict(a, b, std::min(op.perStep, left));
    known.count += known.last;
  }
  return known;
}

/// n elements on, over the ends of rows.
static void skip(Operand &o, uint32_t n) {
  if (!o.twoDimensional) {
    o.address += int32_t(n) * o.stepBytes;
    return;
  }
  uint32_t inner = o.inner + n;
  o.row += int32_t(inner / o.extent0) * o.rowBytes;
  o.inner = inner % o.extent0;
  o.address = o.row + int32_t(o.inner) * o.stepBytes;
}

void Cores::skipElements(VectorOp &op, uint32_t count) {
  for (Operand *o : {&op.dest, &op.src0, &op.src1}) {
    if (o->source == Source::Memory) {
      skip(*o, count);
    }
  }
}

void Cores::runElements(CoreState &core, VectorOp &op, uint32_t count) {
  Kernel kernel = vectors[uint8_t(op.op)].kernel;
  op.done += count;
  if (!kernel) {
    skipElements(op, count);
    return;
  }
  Operand *const operands[] = {&op.dest, &op.src0, &op.src1};
  while (count) {
    // The rest of a row or, where all of them end together, rows as a whole.
    uint32_t shortest = count;
    uint32_t longest = 0;
    for (const Operand *o : operands) {
      if (o->twoDimensional) {
        uint32_t rest = uint32_t(o->extent0) - o->inner;
        shortest = std::min(shortest, rest);
        longest = std::max({longest, rest, uint32_t(o->extent0)});
      }
    }
    uint32_t n = shortest;
    uint32_t rows = longest == n ? count / n : 1;
    Elements e;
    auto steps = [&](const Operand &o, int32_t &step, int32_t &row) {
      step = o.stepBytes;
      row = o.twoDimensional ? o.rowBytes : int32_t(n) * o.stepBytes;
    };
    auto source = [&](const Operand &o, const uint8_t *&at, int32_t &step,
                      int32_t &row) {
      if (o.source == Source::Memory) {
        at = core.sram + o.address;
        steps(o, step, row);
      } else {
        at = reinterpret_cast<const uint8_t *>(&o.value);
      }
    };
    e.dest = core.sram + op.dest.address;
    steps(op.dest, e.destStep, e.destRow);
    source(op.src0, e.src0, e.step0, e.row0);
    source(op.src1, e.src1, e.step1, e.row1);
    e.count = n;
    e.rows = rows;
    e.scalar = op.scalar;
    if (n == 1) { // a column
      e.count = rows;
      e.rows = 1;
      e.destStep = e.destRow;
      e.step0 = e.row0;
      e.step1 = e.row1;
    }
    kernel(e);
    count -= n * rows;
    if (!count && op.done == op.length) {
      return; // nobody asks where it would go on
    }
    for (Operand *o : operands) {
      if (o->source == Source::Memory) {
        skip(*o, n * rows);
      }
    }
  }
}

bool Cores::burstMemory(CoreState &core, Cycle &t) {
  VectorOp &op = core.main;
  t = std::max(t, op.nextStep);
  if (t >= context.bound) {
    wakeAt(core, t);
    return false;
  }
  closeWaits(core, t);
  uint32_t left = op.length - op.done;
  uint64_t steps = 0;
  uint64_t conflicts = 0;
  Cycle last = t; // begin of the last step
  bool mayConflict = op.readsMayConflict && !op.alwaysConflicts;
  uint64_t all = (left + op.perStep - 1) / op.perStep;
  if (mayConflict && !op.done && context.bound - t >= 2 * all) {
    steps = all;
    Conflicts found = countConflicts(op, all);
    conflicts = found.count;
    t += steps + conflicts;
    last = t - (found.last ? 2 : 1);
  } else if (mayConflict) {
    Operand a = op.src0, b = op.src1;
    for (uint32_t n = 0; left && t < context.bound; left -= n) {
      n = std::min(op.perStep, left);
      bool conflict = readsConflict(a, b, n);
      ++steps;
      conflicts += conflict;
      last = t;
      t += conflict ? 2 : 1;
    }
  } else {
    Cycle each = op.alwaysConflicts ? 2 : 1;
    steps = std::min<Cycle>(all, (context.bound - t + each - 1) / each);
    conflicts = op.alwaysConflicts ? steps : 0;
    last = t + (steps - 1) * each;
    t += steps * each;
  }
  runElements(
      core, op,
      uint32_t(std::min<uint64_t>(steps * op.perStep, op.length - op.done)));
  core.counters[Activity::VectorStep] += steps;
  core.counters[Activity::BankConflict] += conflicts;
  core.accountedTo = core.waiting.from = t;
  core.datapathFree = t;
  context.happened(t);
  context.aheadTo = std::max(context.aheadTo, last + 1);
  op.nextStep = t;
  if (op.done == op.length) {
    finish(core, op, t);
  }
  return true;
}
