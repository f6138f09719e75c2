// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Builder.h - Small images for tests of an engine ----------*- C++ -*-===//
//
// One role and one 1x1 region for each core; routes core by core. Everything
// costs one cycle and nothing has a start cost unless a test says otherwise, so
// that cycles can be counted by hand.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_SIM_BUILDER_H
#define WAFER_TEST_UNIT_SIM_BUILDER_H

#include "PairEngine.h"

#include <gtest/gtest.h>

#include <deque>

namespace wafer::test {

inline constexpr uint8_t kW = portBit(Port::West);
inline constexpr uint8_t kE = portBit(Port::East);
inline constexpr uint8_t kS = portBit(Port::South);
inline constexpr uint8_t kN = portBit(Port::North);
inline constexpr uint8_t kR = portBit(Port::Ramp);
inline constexpr uint8_t kNoDsr = kNoOperand;

inline constexpr uint8_t D(unsigned i) { return dsrId(DsrFile::Dest, i); }
inline constexpr uint8_t S0(unsigned i) { return dsrId(DsrFile::Src0, i); }
inline constexpr uint8_t S1(unsigned i) { return dsrId(DsrFile::Src1, i); }

inline Descriptor memory(unsigned base, unsigned extent, int stride = 1) {
  Descriptor d;
  d.base = uint16_t(base);
  d.extent0 = uint16_t(extent);
  d.stride0 = int16_t(stride);
  return d;
}
inline Descriptor fabric(DescriptorKind kind, unsigned queue, unsigned extent) {
  Descriptor d;
  d.kind = kind;
  d.queue = uint8_t(queue);
  d.extent0 = uint16_t(extent);
  return d;
}
inline Descriptor fabricIn(unsigned queue, unsigned extent) {
  return fabric(DescriptorKind::FabricIn, queue, extent);
}
inline Descriptor fabricOut(unsigned queue, unsigned extent) {
  return fabric(DescriptorKind::FabricOut, queue, extent);
}

inline VectorFields async(unsigned microthread,
                          OnComplete done = OnComplete::None,
                          unsigned task = 0) {
  VectorFields f;
  f.async = true;
  f.microthread = uint8_t(microthread);
  f.onComplete = done;
  f.task = uint8_t(done == OnComplete::None ? 0 : task);
  return f;
}
inline VectorFields scalar(unsigned reg) {
  VectorFields f;
  f.scalarRegister = uint8_t(reg);
  return f;
}

/// The program of one core. Parameters begin at byte 0.
class Core {
public:
  explicit Core(Role &role) : role(role) {}

  Core &op(Opcode o, unsigned a = 0, unsigned b = 0, unsigned c = 0,
           uint32_t imm = 0) {
    role.code.push_back({o, uint8_t(a), uint8_t(b), uint8_t(c), imm});
    return *this;
  }
  Core &li(unsigned r, uint32_t v) { return op(Opcode::LoadImm, r, 0, 0, v); }
  Core &vec(Opcode o, unsigned dest, unsigned src0, unsigned src1 = kNoDsr,
            VectorFields f = {}) {
    return op(o, dest, src0, src1, f.encode());
  }
  /// dsrload from a descriptor put into the parameter block.
  Core &dsr(unsigned id, const Descriptor &d) {
    uint32_t at = uint32_t(role.params.size()) * 2;
    for (uint16_t h : d.encode()) {
      role.params.push_back(ParamSource::constant(h));
    }
    return op(Opcode::DsrLoad, id, 0, 0, at);
  }
  /// The clock into a word of SRAM: the tsc acts first.
  Core &clock(unsigned r, uint32_t address) {
    return op(Opcode::ReadClock, r).op(Opcode::StoreWord, r, 0, 0, address);
  }
  Core &end() { return op(Opcode::End); }
  uint32_t here() const { return uint32_t(role.code.size()); }
  /// Declares a task that begins here.
  Core &task(std::string name, TaskKind kind = TaskKind::Local,
             unsigned binding = 0) {
    Task t;
    t.name = std::move(name);
    t.kind = kind;
    t.entry = here();
    t.binding = uint8_t(binding);
    role.tasks.push_back(t);
    return *this;
  }
  /// The task declared last is active, or blocked, at start.
  Core &active() {
    role.tasks.back().initiallyActive = true;
    return *this;
  }
  Core &blocked() {
    role.tasks.back().initiallyBlocked = true;
    return *this;
  }
  Core &main() { return task("main").active(); }
  Core &input(unsigned queue, unsigned color) {
    return bind(true, queue, color);
  }
  Core &output(unsigned queue, unsigned color) {
    return bind(false, queue, color);
  }

private:
  Core &bind(bool input, unsigned queue, unsigned color) {
    role.queues.push_back(
        {input, uint8_t(queue), ParamSource::constant(uint16_t(color))});
    return *this;
  }
  Role &role;
};

class Builder {
public:
  Builder(int width, int height) {
    machine.name = "test";
    machine.physicalWidth = width;
    machine.physicalHeight = height;
    machine.usable = {0, 0, width, height};
    machine.sramBytes = 49152;
    machine.systemBytes = 3072;
    machine.taskTableBytes = 1024;
    machine.inputQueues.depths.assign(8, 4);
    machine.outputQueues.depths.assign(8, 4);
    machine.lanes = {{"mov16", 4}, {"mov32", 2},  {"faddh", 4}, {"fadds", 2},
                     {"fmach", 4}, {"fmachs", 2}, {"fmacs", 1}};
    machine.host.west = machine.host.east = true;
    machine.host.count = height;
    costs.name = "test";
    costs.fpDivide = 10;
  }

  Core core(int x, int y) {
    roles.emplace_back();
    Role &role = roles.back();
    role.name = "role" + std::to_string(roles.size() - 1);
    Region region;
    region.name = "r" + std::to_string(x) + "." + std::to_string(y);
    region.role = uint32_t(roles.size() - 1);
    region.rect = {x, y, 1, 1};
    image.regions.push_back(region);
    return Core(role);
  }
  Builder &route(int x, int y, unsigned color, uint8_t rx, uint8_t tx) {
    RouteConfig config;
    config.positions[0] = {rx, tx};
    return route(x, y, color, config);
  }
  Builder &route(int x, int y, unsigned color, const RouteConfig &config) {
    Rule rule;
    rule.color = uint8_t(color);
    rule.rect = {x, y, 1, 1};
    rule.classes = {{{1, uint32_t(image.configs.size())}}};
    image.configs.push_back(config);
    image.rules.push_back(rule);
    return *this;
  }
  /// A host port; the number is its index.
  unsigned port(bool input, bool west, int row, unsigned color) {
    HostPort p;
    p.name = (input ? "in" : "out") + std::to_string(image.hostPorts.size());
    p.input = input;
    p.west = west;
    p.row = row;
    p.color = uint8_t(color);
    image.hostPorts.push_back(p);
    return unsigned(image.hostPorts.size() - 1);
  }

  /// So many wafers side by side, each as large as the machine was.
  Builder &wafers(int count) {
    machine.wafers = count;
    return *this;
  }
  struct Side {
    int wafer = 0;
    bool west = true;
    int row = 0;
    unsigned color = 0;
  };
  Builder &crossing(const Side &from, const Side &to) {
    unsigned exit = port(false, from.west, from.row, from.color);
    unsigned entry = port(true, to.west, to.row, to.color);
    image.hostPorts[exit].wafer = uint32_t(from.wafer);
    image.hostPorts[exit].partner = entry;
    image.hostPorts[entry].wafer = uint32_t(to.wafer);
    image.hostPorts[entry].partner = exit;
    return *this;
  }

  /// The image with all that was added.
  const Image &finish() {
    image.machine = machine.toJson();
    image.roles.assign(roles.begin(), roles.end());
    for (Role &role : image.roles) {
      uint32_t bytes = uint32_t(role.params.size()) * 2;
      if (bytes) {
        role.buffers.push_back(
            {"params", BufferKind::Params, role.paramOffset, bytes});
      }
    }
    return image;
  }
  /// Loads the image into both engines; fails the test if that fails.
  Engine &start() {
    auto result = PairEngine::create(finish(), machine, costs);
    if (!result) {
      ADD_FAILURE() << result.error().str();
      std::abort();
    }
    engine = std::move(*result);
    return *engine;
  }
  /// Loads and runs until nothing happens.
  Outcome run(Cycle maxCycles = 100000) {
    start();
    return engine->run({{}, maxCycles});
  }
  uint32_t word(int x, int y, uint32_t address) {
    uint32_t value = 0;
    Status status = engine->peek({x, y}, address, &value, 4);
    EXPECT_TRUE(bool(status));
    return value;
  }
  uint16_t half(int x, int y, uint32_t address) {
    uint16_t value = 0;
    Status status = engine->peek({x, y}, address, &value, 2);
    EXPECT_TRUE(bool(status));
    return value;
  }
  void poke(int x, int y, uint32_t address, uint32_t value) {
    EXPECT_TRUE(bool(engine->poke({x, y}, address, &value, 4)));
  }
  /// Payloads and arrival cycles at an output port.
  std::vector<uint32_t> payloads(unsigned port) {
    std::vector<uint32_t> result;
    for (const HostWord &w : engine->received(port)) {
      result.push_back(w.payload);
    }
    return result;
  }
  std::vector<Cycle> arrivals(unsigned port) {
    std::vector<Cycle> result;
    for (const HostWord &w : engine->received(port)) {
      result.push_back(w.cycle);
    }
    return result;
  }

  Image image;
  Machine machine;
  ParameterSet costs;
  std::deque<Role> roles;
  std::unique_ptr<Engine> engine;
};

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_SIM_BUILDER_H
