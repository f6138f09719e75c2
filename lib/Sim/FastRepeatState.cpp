// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FastRepeatState.cpp - States that are compared, and moved on -------===//
#include "FastRepeat.h"

#include <cstring>

using namespace wafer;
using namespace wafer::fast;

//===----------------------------------------------------------------------===//
// Pictures
//===----------------------------------------------------------------------===//

/// Whoever holds wavelets, with them; times that are past are alike. At the
/// bound, slots that are free have been so before.
void Fabric::describe(uint32_t id, Cycle now,
                      std::vector<uint32_t> &words) const {
  const Channel &c = channels[id];
  auto put = [&](unsigned index, Wavelet w, Cycle usableFrom) {
    words.push_back(id << 3 | index);
    words.push_back(w.payload);
    words.push_back(uint32_t(usableFrom > now ? usableFrom - now : 0) << 1 |
                    w.control);
  };
  auto putAll = [&](unsigned index) {
    const Fifo &fifo = context.fifos[c.fifos[index]];
    for (unsigned i = 0; i < fifo.size(); ++i) {
      put(index, fifo.at(i).wavelet(), fifo.at(i).time());
    }
  };
  for (unsigned ports = c.occupied(); ports; ports &= ports - 1) {
    unsigned port = unsigned(__builtin_ctz(ports));
    if (c.alonePort == port) {
      bool sleeps = (c.sleeping >> port) & 1u;
      put(port, {c.alonePayload, c.aloneControl},
          sleeps ? now + Cycle(int64_t(int32_t(c.aloneFrom - uint32_t(now))))
                 : 0);
    } else {
      putAll(port);
    }
  }
  if (c.fifos[kInputQueue]) {
    putAll(kInputQueue);
  }
}

void Fabric::delay(uint32_t id, Cycle now, Cycle by) {
  Channel &c = channels[id];
  if (c.alonePort != kNobody && ((c.sleeping >> c.alonePort) & 1u)) {
    c.aloneFrom += uint32_t(by);
  }
  for (uint32_t fifo : c.fifos) {
    if (fifo) {
      context.fifos[fifo].delay(now, by);
    }
  }
}

bool Host::describe(Cycle now, std::vector<uint64_t> &words) const {
  for (const PortState &port : ports) {
    // What is on its way comes at a time of its own.
    bool isOnItsWay =
        !port.left.empty() ||
        (!port.received.empty() && port.received.back().cycle >= now) ||
        (!port.waiting.empty() && port.waiting.back().from > now);
    if (isOnItsWay) {
      return false;
    }
    words.push_back(port.waiting.size());
    words.push_back(port.received.size());
  }
  for (const Link &link : links) {
    words.push_back(link.next);
  }
  words.insert(words.end(), outBy.begin(), outBy.end());
  for (uint64_t out : outBy) {
    if (out >> Machine::kWordTimeBits >= now) {
      return false;
    }
  }
  return true;
}

bool Repeats::draw(Picture &picture, Cycle now) const {
  picture = Picture();
  if (!host.describe(now, picture.host)) {
    return false;
  }
  for (size_t link = 0; link < host.numLinks(); ++link) {
    if (planned.at[unsigned(Actor::Link)][uint32_t(link)] != kNever) {
      return false;
    }
  }
  const Fabric &fabric = lanes.first().fabric;
  picture.turns.reserve(fabricState.routers.size());
  for (const Router &r : fabricState.routers) {
    picture.turns.push_back(r.next);
  }
  size_t count = fabricState.channels.size();
  picture.positions.reserve(count);
  picture.filters.reserve(count);
  for (uint32_t id = 0; id < count; ++id) {
    const Channel &c = fabricState.channels[id];
    picture.positions.push_back(c.position);
    picture.filters.push_back(c.filterCount);
    if (c.occupied() || c.fifos[kInputQueue]) {
      fabric.describe(id, now, picture.words);
    }
  }
  return true;
}

//===----------------------------------------------------------------------===//
// n periods later
//===----------------------------------------------------------------------===//

void Repeats::advanceCore(const CoreRecord &r, CoreState &core, uint64_t n) {
  std::array<uint32_t, kNumOrigins> by{};
  for (unsigned i = 1; i < kNumRegisters; ++i) {
    by[i] = core.registers[i] - r.before.registers[i];
  }
  for (unsigned i = 0; i < kNumDsrs; ++i) {
    by[kDsrOrigin + i] = uint16_t(core.dsrs[i][0] - r.before.dsrs[i][0]);
  }
  const Cycle later = n * (to - from);
  auto eachOp = [&](auto fn) {
    for (unsigned t = 0; t <= core.micro.size(); ++t) {
      VectorOp &op = t ? core.micro[t - 1] : core.main;
      if (op.state != VectorOp::State::Free) {
        fn(t, op, t ? r.before.micro[t - 1] : r.before.main);
      }
    }
  };
  eachOp([&](unsigned t, const VectorOp &op, const VectorOp &old) {
    unsigned origin = kWalkOrigin + 3 * t;
    by[origin] = uint32_t(op.dest.address - old.dest.address);
    by[origin + 1] = uint32_t(op.src0.address - old.src0.address);
    by[origin + 2] = uint32_t(op.src1.address - old.src1.address);
  });
  auto growth = [&](Symbol s) {
    return s.moves() ? uint32_t(n) * s.factor * by[s.origin] : 0u;
  };
  for (unsigned i = 1; i < kNumRegisters; ++i) {
    core.registers[i] += growth(r.registers[i]);
  }
  for (unsigned i = 0; i < kNumDsrs; ++i) {
    core.dsrs[i][0] = uint16_t(core.dsrs[i][0] + growth(r.dsrs[i]));
  }
  eachOp([&](unsigned t, VectorOp &op, const VectorOp &) {
    Operand *const operands[3] = {&op.dest, &op.src0, &op.src1};
    for (unsigned i = 0; i < 3; ++i) {
      Operand &o = *operands[i];
      if (o.source == Operand::Source::Memory) {
        // As a sum of steps that do not wrap round, each one of 16 bits.
        Symbol s = r.walks[t][i];
        uint32_t one = s.moves() ? s.factor * by[s.origin] : 0u;
        int32_t all = int32_t(n) * int16_t(uint16_t(one));
        o.address += all;
        o.row += all;
        o.endBase = uint16_t(o.endBase + all);
      }
    }
    op.nextStep += later;
  });
  for (const RecordedCell &c : r.cells) {
    int32_t step =
        c.symbol.moves() ? int32_t(c.symbol.factor * by[c.symbol.origin]) : 0;
    for (uint64_t k = 1; c.isWritten && step && k <= n; ++k) {
      std::memcpy(core.sram + int64_t(c.address) + int64_t(step) * int64_t(k),
                  &c.last, c.bytes);
    }
  }
  Cores::closeAt(core, to);
  Counters end = Cores::countersOf(core, to);
  for (unsigned i = 0; i < kNumActivities; ++i) {
    core.counters.cycles[i] += n * (end.cycles[i] - r.counters.cycles[i]);
  }
  core.ready += later;
  core.datapathFree += later;
  core.accountedTo += later;
  core.waiting.from += later;
  lanes.first().fabric.intake(core.place).next += later;
}

void Repeats::delayFabric(Cycle now, Cycle by) {
  Fabric &fabric = lanes.first().fabric;
  for (uint32_t id = 0; id < fabricState.channels.size(); ++id) {
    fabric.delay(id, now, by);
  }
  for (Router &r : fabricState.routers) {
    r.fresh = 0;
    r.sleepUntil += r.sleeping ? uint32_t(by) : 0u;
  }
}

void Repeats::planAgain(Cycle now, Cycle by) {
  lanes.forEach([&](Lane &lane) {
    lane.context.schedule.clear();
    lane.context.schedule.begin(now + by, now + by);
  });
  auto again = [&](Actor actor, size_t count) {
    const PlannedTimes &times = planned.at[unsigned(actor)];
    for (uint32_t id = 0; id < count; ++id) {
      Cycle at = times[id];
      if (at != kNever) {
        times[id] = kNever;
        context.schedule.wake(actor, id, at + by);
      }
    }
  };
  again(Actor::Router, fabricState.routers.size());
  again(Actor::Core, tables.places.size());
}

void Repeats::advance(uint64_t n) {
  const Cycle by = n * (to - from);
  for (uint32_t place = 0; place < recorder->numPlaces(); ++place) {
    if (const CoreRecord *r = recorder->find(place)) {
      advanceCore(*r, *tables.places[place].state, n);
    }
  }
  delayFabric(to, by);
  context.wordHops += n * (context.wordHops - hopsBefore);
  context.quietFrom += by;
  context.aheadTo += by;
  planAgain(to, by);
}
