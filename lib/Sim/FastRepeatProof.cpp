// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastRepeatProof.cpp - How often a period follows itself ------------===//
//
// Everything that is asked of a core in turn: does it stand where it stood, do
// the origins that matter grow by the same amount again, and for how many
// periods does what was noted of them come out as it did.
//
//===----------------------------------------------------------------------===//
#include "FastRepeat.h"

#include <cstring>

using namespace wafer;
using namespace wafer::fast;

namespace {

/// What is left of a time; all that is past is alike.
Cycle rest(Cycle time, Cycle now) { return time > now ? time - now : 0; }

/// A core at the beginning and at the end of a period.
struct Moved {
  const CoreRecord &r;
  const CoreState &a; // before
  const CoreState &b;
  Cycle from, to;
  std::array<uint32_t, kNumOrigins> by{}; // growth of origins

  bool isAlike(Cycle atFrom, Cycle atTo) const {
    return rest(atFrom, from) == rest(atTo, to);
  }
  uint32_t of(Symbol s) const {
    return s.moves() ? s.factor * by[s.origin] : 0;
  }
  /// Bases are of 16 bits.
  int32_t ofBase(Symbol s) const { return int16_t(uint16_t(of(s))); }

  bool compare();
  bool compareOps(unsigned thread, const VectorOp &x, const VectorOp &y);
  bool compareOperands(unsigned origin, const Operand &x, const Operand &y,
                       bool hasValue);
  bool isClosed() const;
};

bool Moved::compareOperands(unsigned origin, const Operand &x, const Operand &y,
                            bool hasValue) {
  using Source = Operand::Source;
  if (x.source != y.source || x.bytes != y.bytes || x.dsr != y.dsr ||
      x.queue != y.queue || x.packed != y.packed || x.control != y.control ||
      x.save != y.save) {
    return false;
  }
  if (x.source == Source::Scalar) {
    return !hasValue || x.value == y.value;
  }
  if (x.source != Source::Memory) {
    return true;
  }
  by[origin] = uint32_t(y.address - x.address);
  return x.twoDimensional == y.twoDimensional && x.stride0 == y.stride0 &&
         x.extent0 == y.extent0 && x.inner == y.inner &&
         x.stepBytes == y.stepBytes && x.rowBytes == y.rowBytes &&
         (!x.twoDimensional || uint32_t(y.row - x.row) == by[origin]) &&
         uint16_t(y.endBase - x.endBase) == uint16_t(by[origin]);
}

bool Moved::compareOps(unsigned thread, const VectorOp &x, const VectorOp &y) {
  if (x.state != y.state) {
    return false;
  }
  if (x.state == VectorOp::State::Free) {
    return true;
  }
  unsigned origin = kWalkOrigin + 3 * thread;
  return x.op == y.op && x.onComplete == y.onComplete && x.task == y.task &&
         x.hasFabric == y.hasFabric &&
         x.readsMayConflict == y.readsMayConflict &&
         x.alwaysConflicts == y.alwaysConflicts && x.pauses == y.pauses &&
         x.advance == y.advance && x.inMemory == y.inMemory &&
         x.hasValue == y.hasValue && x.issuedBy == y.issuedBy && x.pc == y.pc &&
         (!x.hasValue || x.scalar == y.scalar) && x.length == y.length &&
         x.done == y.done && x.perStep == y.perStep && x.sent == y.sent &&
         x.in == y.in && x.out == y.out && isAlike(x.nextStep, y.nextStep) &&
         compareOperands(origin, x.dest, y.dest, x.hasValue) &&
         compareOperands(origin + 1, x.src0, y.src0, x.hasValue) &&
         compareOperands(origin + 2, x.src1, y.src1, x.hasValue);
}

bool Moved::compare() {
  if (b.accountedTo > to && !b.olderWaits.empty()) {
    return false; // hard to tell apart
  }
  if (a.task != b.task || a.pc != b.pc || a.lastPc != b.lastPc ||
      a.starting != b.starting || a.faulted || b.faulted ||
      a.lastActed != b.lastActed || a.busy != b.busy || a.active != b.active ||
      a.blocked != b.blocked || a.waiting.what != b.waiting.what ||
      !isAlike(a.ready, b.ready) || !isAlike(a.datapathFree, b.datapathFree) ||
      !isAlike(a.accountedTo, b.accountedTo) ||
      !compareOps(0, a.main, b.main)) {
    return false;
  }
  for (unsigned i = 0; i < a.micro.size(); ++i) {
    if (!compareOps(i + 1, a.micro[i], b.micro[i])) {
      return false;
    }
  }
  for (unsigned i = 1; i < kNumRegisters; ++i) {
    by[i] = b.registers[i] - a.registers[i];
  }
  for (unsigned i = 0; i < kNumDsrs; ++i) {
    by[kDsrOrigin + i] = uint16_t(b.dsrs[i][0] - a.dsrs[i][0]);
    // One that was loaded first is loaded again.
    bool isOwn = ((r.loaded & ~r.used) >> i) & 1u;
    if (!isOwn && std::memcmp(&a.dsrs[i][1], &b.dsrs[i][1],
                              sizeof(Dsr) - sizeof(uint16_t)) != 0) {
      return false;
    }
  }
  auto now = [&](uint32_t word) {
    uint32_t bits;
    std::memcpy(&bits, b.sram + size_t(word) * 4, 4);
    return bits;
  };
  for (auto [word, old] : r.old) {
    if (now(word) != old && r.read.has(word)) {
      return false;
    }
  }
  bool zerosAreZero = r.written.all([&](uint32_t word) {
    return !now(word) || r.wasNotZero.has(word) || !r.read.has(word);
  });
  return zerosAreZero && isClosed();
}

/// Whether origins that matter grow again as they did.
bool Moved::isClosed() const {
  OriginMask matters = r.noted;
  for (Symbol s : r.registers) {
    matters.add(s.origin);
  }
  for (Symbol s : r.dsrs) {
    matters.add(s.origin);
  }
  for (unsigned t = 0; t <= b.micro.size(); ++t) {
    for (Symbol s : r.walks[t]) {
      matters.add(s.origin);
    }
  }
  for (unsigned i = 1; i < kNumOrigins; ++i) {
    bool isNeeded = r.needed.has(i);
    if (isNeeded && by[i] != 0) {
      return false;
    }
    if (!isNeeded && !matters.has(i)) {
      continue;
    }
    bool grows;
    if (i < kDsrOrigin) {
      // Nobody asks for one that is as it was at the beginning and that
      // nothing else came from, but that is checked all the same.
      grows = of(r.registers[i]) == by[i];
    } else if (i < kWalkOrigin) {
      grows = uint16_t(of(r.dsrs[i - kDsrOrigin])) == uint16_t(by[i]);
    } else {
      unsigned thread = (i - kWalkOrigin) / 3;
      const VectorOp *op = thread == 0                ? &b.main
                           : thread <= b.micro.size() ? &b.micro[thread - 1]
                                                      : nullptr;
      grows = !op || op->state == VectorOp::State::Free ||
              ofBase(r.walks[thread][(i - kWalkOrigin) % 3]) == int32_t(by[i]);
    }
    if (!grows) {
      return false;
    }
  }
  return true;
}

/// How often `holds(k)` is true from k = 1 on, at most `most` times.
template <typename Holds>
uint64_t count(uint64_t most, Holds holds) {
  for (uint64_t k = 1; k <= most; ++k) {
    if (!holds(uint32_t(k))) {
      return k - 1;
    }
  }
  return most;
}

bool isTaken(Opcode op, uint32_t x, uint32_t y) {
  return op == Opcode::LoopDec ? x != 0 : sim::branchTaken(op, x, y);
}

struct Interval {
  int64_t low, high;
  bool meets(const Interval &o) const { return low < o.high && o.low < high; }
};

/// All that a walk, or a cell, touches in periods 0 to n.
Interval hull(int64_t low, int64_t high, int64_t by, uint64_t n) {
  int64_t all = by * int64_t(n);
  return {low + std::min<int64_t>(all, 0), high + std::max<int64_t>(all, 0)};
}

/// How often walks keep their bounds and their bank conflicts.
uint64_t checkWalks(const Moved &m, const RecordedWalks &w,
                    const Machine &machine, uint64_t most) {
  std::array<int32_t, 3> by{};
  bool moves = false;
  const int32_t width = int32_t(machine.bankWidthBytes);
  const int32_t span = int32_t(machine.sramBanks) * width;
  // Reads conflict by their banks modulo this.
  const int32_t readSpan = machine.sramBanks % machine.readConflictModulus == 0
                               ? int32_t(machine.readConflictModulus) * width
                               : span;
  const int64_t end = m.b.role->memoryBytes;
  for (unsigned i = 0; i < 3; ++i) {
    by[i] = (w.walks >> i) & 1u ? m.ofBase(w.symbols[i]) : 0;
    if (!by[i]) {
      continue;
    }
    moves = true;
    if (by[i] & 1) {
      return 0;
    }
    int64_t room =
        by[i] > 0 ? end - w.high[i] - w.base[i] : int64_t(w.base[i]) + w.low[i];
    most = room < 0 ? 0 : std::min(most, uint64_t(room / std::abs(by[i])));
    // A base does not wrap round, whatever the reach of its walk is.
    int64_t baseRoom = by[i] > 0 ? 0xffff - w.base[i] : w.base[i];
    most =
        baseRoom < 0 ? 0 : std::min(most, uint64_t(baseRoom / std::abs(by[i])));
  }
  if (!moves || !most) {
    return most;
  }
  auto keepsBanks = [&](unsigned i, unsigned j, int32_t modulus) {
    return by[i] % width == 0 && by[j] % width == 0 &&
           (by[i] - by[j]) % modulus == 0;
  };
  for (unsigned i = 1; i < 3; ++i) {
    bool asks = ((w.sameBank >> i) & 1u) && (w.walks & 1u);
    if (asks && (by[0] || by[i]) && !keepsBanks(0, i, span)) {
      return 0;
    }
  }
  if (w.readsMayConflict && (by[1] || by[2])) {
    // Elements with the same address do not conflict.
    bool staysApart =
        by[1] == by[2] ||
        !hull(int64_t(w.base[1]) + w.low[1], int64_t(w.base[1]) + w.high[1],
              by[1], most)
             .meets(hull(int64_t(w.base[2]) + w.low[2],
                         int64_t(w.base[2]) + w.high[2], by[2], most));
    if (!staysApart || !keepsBanks(1, 2, readSpan)) {
      return 0;
    }
  }
  return most;
}

/// Whether no cell of one period is met by another one's of some period.
bool isApart(const RecordedCell &x, int32_t byX, const RecordedCell &y,
             int32_t byY, uint64_t n) {
  if (!x.isWritten && !y.isWritten) {
    return true;
  }
  if (!hull(x.address, int64_t(x.address) + x.bytes, byX, n)
           .meets(hull(y.address, int64_t(y.address) + y.bytes, byY, n))) {
    return true;
  }
  if (byX != byY || byX == 0) {
    return false;
  }
  int64_t step = std::abs(int64_t(byX));
  int64_t behind = (int64_t(x.address) - y.address) % step;
  behind += behind < 0 ? step : 0;
  return behind >= y.bytes && step - behind >= x.bytes;
}

uint32_t contentOf(const CoreState &core, int64_t address, unsigned bytes) {
  uint32_t bits = 0;
  std::memcpy(&bits, core.sram + address, bytes);
  return bits;
}

/// How often accesses to memory that moves find what they found, and disturb
/// nobody.
uint64_t checkCells(const Moved &m, uint64_t most) {
  const std::vector<RecordedCell> &cells = m.r.cells;
  auto by = [&](const RecordedCell &c) { return int32_t(m.of(c.symbol)); };
  for (const RecordedCell &c : cells) {
    int32_t step = by(c);
    if (step == 0) {
      bool changed = contentOf(m.b, c.address, c.bytes) != c.first;
      bool isAsked = c.isRead;
      for (uint32_t at = c.address; at < c.address + c.bytes; at += 2) {
        isAsked |= m.r.read.has(at / 4);
      }
      if (changed && isAsked) {
        return 0;
      }
      continue;
    }
    if ((step & 1) || std::abs(int64_t(step)) < c.bytes) {
      return 0;
    }
    most = count(most, [&](uint32_t k) {
      int64_t at = int64_t(c.address) + int64_t(step) * k;
      return at >= 0 && at + c.bytes <= m.b.role->memoryBytes &&
             (!c.isRead || contentOf(m.b, at, c.bytes) == c.first);
    });
    for (uint64_t k = 0; k <= most; ++k) {
      int64_t first = int64_t(c.address) + int64_t(step) * int64_t(k);
      for (int64_t at = first; at < first + c.bytes; at += 2) {
        uint32_t word = uint32_t(at / 4);
        if (m.r.written.has(word) || (c.isWritten && m.r.read.has(word))) {
          return 0;
        }
      }
    }
  }
  for (size_t i = 0; i < cells.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (!isApart(cells[i], by(cells[i]), cells[j], by(cells[j]), most)) {
        return 0;
      }
    }
  }
  return most;
}

} // namespace

uint64_t Repeats::repetitionsOf(const CoreRecord &r, const CoreState &core,
                                uint64_t most) const {
  Moved m{r, r.before, core, from, to};
  if (!m.compare()) {
    return 0;
  }
  for (const RecordedBranch &b : r.branches) {
    bool taken = isTaken(b.op, b.x, b.y);
    uint32_t x = m.of(b.a), y = m.of(b.b);
    if (x || y) {
      most = count(most, [&](uint32_t k) {
        return isTaken(b.op, b.x + k * x, b.y + k * y) == taken;
      });
    }
  }
  for (const RecordedWalks &w : r.walking) {
    most = checkWalks(m, w, context.machine, most);
  }
  return most && !r.cells.empty() ? checkCells(m, most) : most;
}

uint64_t Repeats::repetitions(uint64_t most) {
  Picture now;
  if (context.quietFrom <= from) {
    return 0; // nothing happens any more
  }
  cameBack = draw(now, to) && now == before;
  if (!cameBack || recorder->failure() || context.fault) {
    return 0;
  }
  for (uint32_t place = 0; place < recorder->numPlaces() && most; ++place) {
    const CoreState *core = tables.places[place].state;
    const CoreRecord *r = recorder->find(place);
    if (!r) {
      // It did nothing; what it is going to do by itself does not repeat.
      most = tables.places[place].at == kNever ? most : 0;
      continue;
    }
    most = repetitionsOf(*r, *core, most);
  }
  return most;
}
