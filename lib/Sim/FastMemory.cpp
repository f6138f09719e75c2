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

/// Whether the next n elements do not come to the end of a row.
static bool isInRow(const Operand &o, uint64_t n) {
  return !o.twoDimensional || o.inner + n <= o.extent0;
}

/// Of `steps` steps with n elements; nullptr where they do not repeat soon, or
/// not at all.
const Cores::ConflictPattern *Cores::conflictPattern(const Operand &a,
                                                     const Operand &b,
                                                     unsigned n,
                                                     uint64_t steps) {
  if (!tables.spanMask || !isInRow(a, steps * n) || !isInRow(b, steps * n)) {
    return nullptr;
  }
  if (a.stepBytes != b.stepBytes && n == 1) {
    // They may meet in an address, which is no conflict.
    int64_t apart = int64_t(b.address) - a.address;
    int64_t closer = int64_t(a.stepBytes) - b.stepBytes;
    if (apart % closer == 0 && apart / closer >= 0 &&
        uint64_t(apart / closer) < steps) {
      return nullptr;
    }
  }
  uint32_t first0 = uint32_t(a.address) & tables.spanMask;
  uint32_t first1 = uint32_t(b.address) & tables.spanMask;
  uint32_t hash = (first0 + 31 * first1 + 7 * uint32_t(a.stepBytes)) * 40503u +
                  uint32_t(b.stepBytes) * 2654435761u + n * 97;
  ConflictPattern &p = patterns[hash / 64 % patterns.size()];
  if (p.perStep != n || p.first0 != first0 || p.first1 != first1 ||
      p.step0 != a.stepBytes || p.step1 != b.stepBytes) {
    // The banks repeat after `span` bytes, a power of 2.
    uint32_t bits = (n * uint32_t(a.stepBytes)) | (n * uint32_t(b.stepBytes)) |
                    uint32_t(tables.span);
    uint32_t period = uint32_t(tables.span) / (bits & (0u - bits));
    if (period > 64) {
      return nullptr;
    }
    p = {first0, first1, a.stepBytes, b.stepBytes, n, period, 0};
    // Equal addresses, which the steps above do not tell from equal banks, are
    // the caller's.
    Operand x = a, y = b;
    x.twoDimensional = y.twoDimensional = false;
    for (uint32_t k = 0; k < period; ++k) {
      uint64_t banks0 = 0, banks1 = 0;
      for (unsigned i = 0; i < n; ++i, x.next(), y.next()) {
        banks0 |= bankOf(x.address);
        banks1 |= bankOf(y.address);
      }
      p.steps |= uint64_t((banks0 & banks1) != 0) << k;
    }
  }
  return &p;
}

static unsigned countBits(uint64_t bits) {
  unsigned count = 0;
  for (; bits; bits &= bits - 1) {
    ++count;
  }
  return count;
}

/// How many of the next `steps` steps conflict, and whether the last one does.
/// All but the last one are full; it has `lastElements`.
Cores::Conflicts Cores::countConflicts(const VectorOp &op, uint64_t steps,
                                       unsigned lastElements) {
  Operand a = op.src0, b = op.src1;
  Conflicts result;
  uint64_t full = steps - 1;
  const ConflictPattern *pattern =
      full > 1 ? conflictPattern(a, b, op.perStep, full) : nullptr;
  if (pattern) {
    bool same = a.address == b.address && a.stepBytes == b.stepBytes;
    if (!same) {
      uint64_t rest = (uint64_t(1) << (full % pattern->period)) - 1;
      result.count = full / pattern->period * countBits(pattern->steps) +
                     countBits(pattern->steps & rest);
    }
    a.advance(uint32_t(full) * op.perStep);
    b.advance(uint32_t(full) * op.perStep);
    full = 0;
  }
  for (; full; --full) {
    result.count += readsConflict(a, b, op.perStep);
  }
  if (const ConflictPattern *last = conflictPattern(a, b, lastElements, 1)) {
    bool same = a.address == b.address &&
                (a.stepBytes == b.stepBytes || lastElements == 1);
    result.last = !same && (last->steps & 1);
  } else {
    result.last = readsConflict(a, b, lastElements);
  }
  result.count += result.last;
  return result;
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
  while (count) {
    uint32_t n = count;
    for (const Operand *o : {&op.dest, &op.src0, &op.src1}) {
      if (o->twoDimensional) {
        n = std::min(n, o->extent0 - o->inner);
      }
    }
    Elements e;
    auto source = [&](const Operand &o, const uint8_t *&at, int32_t &step) {
      bool memory = o.source == Source::Memory;
      at = memory ? core.sram + o.address
                  : reinterpret_cast<const uint8_t *>(&o.value);
      step = memory ? o.stepBytes : 0;
    };
    e.dest = core.sram + op.dest.address;
    e.destStep = op.dest.stepBytes;
    source(op.src0, e.src0, e.step0);
    source(op.src1, e.src1, e.step1);
    e.count = n;
    e.scalar = op.scalar;
    kernel(e);
    for (Operand *o : {&op.dest, &op.src0, &op.src1}) {
      if (o->source == Source::Memory) {
        o->advance(n);
      }
    }
    count -= n;
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
  if (mayConflict && context.bound - t >= 2 * all) {
    steps = all;
    Conflicts found =
        countConflicts(op, all, left - uint32_t(all - 1) * op.perStep);
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
