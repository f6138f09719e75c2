// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RandomImages.h"
#include "RandomPrograms.h"

using namespace wafer;
using namespace wafer::test;

namespace {

class CaseMaker {
public:
  explicit CaseMaker(uint64_t seed) : rng(seed) {
    turns = seed >= kFirstLoop ? 20 + below(400) : 0;
  }

  RandomCase make() {
    makeMachine();
    makeCosts();
    RandomFabric fabric(out, rng);
    fabric.make();
    makeCores(fabric);
    makeRounds();
    out.image.machine = out.machine.toJson();
    return std::move(out);
  }

private:
  bool chance(unsigned percent) { return rng.below(100) < percent; }
  unsigned below(unsigned n) { return unsigned(rng.below(n)); }

  void makeMachine() {
    Machine &m = out.machine;
    m.name = "random";
    m.physicalWidth = int32_t(1 + below(5));
    m.physicalHeight = int32_t(1 + below(4));
    if (chance(15)) { // long enough for the strips of several threads
      (chance(50) ? m.physicalWidth : m.physicalHeight) =
          int32_t(8 + below(10));
    }
    m.usable = {0, 0, m.physicalWidth, m.physicalHeight};
    if (chance(25)) {
      m.wafers = 2 + int32_t(below(2));
      m.offWaferLatencySeconds =
          double(below(chance(50) ? 4 : 200)) / m.clockHz;
      if (chance(50)) { // 0.1 to 10 cycles a word
        m.offWaferBytesPerSecond = m.clockHz * 40 / double(1 + below(100));
      }
    }
    m.sramBytes = 8192;
    m.systemBytes = 256;
    m.taskTableBytes = 256;
    m.hopCycles = chance(60) ? 1 : 1 + below(4);
    m.rampCycles = chance(60) ? 2 : 1 + below(4);
    m.routerBufferDepth = chance(50) ? 4 : 1 + below(5);
    m.colors = 1 + below(chance(50) ? 3 : 10);
    m.switchableColors = ~0u;
    m.switchChangesBoth = true;
    m.inputQueues.depths.assign(8, 1 + below(6));
    m.outputQueues.depths.assign(8, 1 + below(6));
    static const char *const kSome[] = {"mov16", "mov32",  "faddh", "fadds",
                                        "fmach", "fmachs", "fmacs", "add16",
                                        "fh2s",  "fs2h",   "fmulh", "sll16"};
    for (const char *name : kSome) {
      m.lanes[name] = 1 + below(8);
    }
    m.host.west = m.host.east = true;
    m.host.count = m.height();
    m.host.latencyCycles = below(chance(50) ? 4 : 60);
  }

  void makeCosts() {
    ParameterSet &p = out.costs;
    p.name = "random";
    if (chance(50)) {
      return; // everything costs one cycle
    }
    uint32_t *const fields[] = {&p.vectorStart, &p.taskStart, &p.alu,
                                &p.multiply,    &p.fp,        &p.load,
                                &p.store,       &p.branch,    &p.taskControl,
                                &p.readClock,   &p.dsrLoad,   &p.dsrSet};
    for (uint32_t *field : fields) {
      *field = below(6);
    }
    p.fpDivide = below(20);
    p.sendWords = 1 + below(4);
    p.sendCycles = p.sendWords + below(3);
  }

  void makeCores(const RandomFabric &fabric) {
    for (size_t place = 0; place < fabric.ends.size(); ++place) {
      bool hasEnds = !fabric.ends[place].empty();
      if (!hasEnds && chance(40)) {
        continue; // no program
      }
      Role role;
      role.name = "role" + std::to_string(place);
      unsigned own = turns && chance(3) ? 1 + below(turns) : turns;
      RandomProgram(role, rng, out.machine).make(fabric.ends[place], own);
      uint32_t bytes = uint32_t(role.params.size()) * 2;
      if (bytes) {
        role.buffers.push_back({"params", BufferKind::Params, 0, bytes});
      }
      Region region;
      region.name = "region" + std::to_string(place);
      region.role = uint32_t(out.image.roles.size());
      region.rect = {int32_t(place) % out.machine.width(),
                     int32_t(place) / out.machine.width(), 1, 1};
      out.image.roles.push_back(std::move(role));
      out.image.regions.push_back(region);
      makeData(out.image.regions.size() - 1);
    }
  }

  /// Random numbers where the programs compute, so that results differ.
  void makeData(size_t region) {
    constexpr uint32_t kBytes = 2048;
    auto bytes = std::make_shared<std::vector<uint8_t>>(kBytes);
    for (size_t i = 0; i < kBytes; i += 2) {
      uint16_t half = uint16_t(rng.next());
      half = chance(90) ? uint16_t((half & 0x83ffu) | 0x3800u) : half;
      (*bytes)[i] = uint8_t(half);
      (*bytes)[i + 1] = uint8_t(half >> 8);
    }
    InitData data;
    data.region = uint32_t(region);
    data.offset = 2048;
    data.bytes = kBytes;
    data.data = bytes->data();
    data.size = kBytes;
    out.image.initData.push_back(data);
    out.image.storage.push_back(bytes);
  }

  void makeRounds() {
    for (unsigned rounds = 3 + below(5); rounds; --rounds) {
      RandomRound round;
      round.cycles = 1 + below(chance(50) ? 40 : 300);
      for (unsigned i = 0; i < out.image.hostPorts.size(); ++i) {
        const HostPort &port = out.image.hostPorts[i];
        if (!port.input && !port.crosses() && chance(30)) {
          round.goals.push_back({i, 1 + below(12), chance(20)});
        }
      }
      out.rounds.push_back(round);
    }
    out.rounds.push_back({20000, {}});
    if (turns) {
      out.rounds.push_back({1 + below(40000), {}});
      out.rounds.push_back({100000, {}});
    }
  }

  Rng rng;
  RandomCase out;
  unsigned turns = 0;
};

} // namespace

RandomCase wafer::test::makeRandomCase(uint64_t seed) {
  return CaseMaker(seed).make();
}
