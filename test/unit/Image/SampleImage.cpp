// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "SampleImage.h"

#include <numeric>

using namespace wafer;

Machine wafer::test::sampleMachine() {
  Result<Machine> machine = Machine::load("test8");
  return machine ? *machine : Machine();
}

static Role sampleRole() {
  Role role;
  role.name = "chain";
  auto add = [&](Opcode op, uint8_t a, uint8_t b, uint8_t c, uint32_t imm) {
    role.code.push_back({op, a, b, c, imm});
  };
  VectorFields done;
  done.async = true;
  done.microthread = 2;
  done.onComplete = OnComplete::Activate;
  done.task = 1;
  add(Opcode::LoadHalf, 1, 0, 0, 0);                       // 0: start
  add(Opcode::DsrLoad, dsrId(DsrFile::Dest, 0), 0, 0, 4);  // 1
  add(Opcode::DsrLoad, dsrId(DsrFile::Src0, 1), 0, 0, 20); // 2
  add(Opcode::FAddS, dsrId(DsrFile::Dest, 0), dsrId(DsrFile::Src0, 1),
      kNoOperand, done.encode());    // 3
  add(Opcode::BranchNe, 0, 1, 0, 6); // 4
  add(Opcode::Activate, 0, 0, 0, 1); // 5
  add(Opcode::End, 0, 0, 0, 0);      // 6: done
  role.tasks = {{"main", TaskKind::Local, 0, 0, true, false},
                {"finish", TaskKind::Local, 6, 0, false, false},
                {"word", TaskKind::Data, 6, 2, false, true}};
  role.buffers = {{"params", BufferKind::Params, 0, 64},
                  {"weights", BufferKind::Weights, 64, 128},
                  {"acc", BufferKind::Scratch, 192, 64},
                  {"sum", BufferKind::Scratch, 224, 32}};
  role.queues = {{true, 2, ParamSource::column(0)},
                 {false, 3, ParamSource::constant(5)}};
  role.params = {ParamSource::constant(4), ParamSource::row(0)};
  Descriptor memory;
  memory.base = 192;
  memory.extent0 = 4;
  memory.stride0 = 1;
  Descriptor fabric;
  fabric.kind = DescriptorKind::FabricIn;
  fabric.queue = 2;
  fabric.extent0 = 4;
  for (const Descriptor &d : {memory, fabric}) {
    for (uint16_t half : d.encode()) {
      role.params.push_back(ParamSource::constant(half));
    }
  }
  role.paramLabels = {{"n", 0}, {"row", 1}, {"dst", 2}, {"in", 10}};
  role.labels = {{"start", 0}, {"done", 6}};
  return role;
}

static RouteConfig route(uint8_t rx, uint8_t tx) {
  RouteConfig config;
  config.positions[0] = {rx, tx};
  return config;
}

static TensorPlacement sampleTensor() {
  // 8 x 8 halves; a row of cores has 4 rows of it, a column of cores 2 columns:
  // a block of 4 x 2 elements, 16 bytes.
  TensorPlacement t;
  t.name = "w";
  t.shape = {8, 8};
  t.buffer = 1;
  t.dims.resize(2);
  t.dims[0].kind = DimensionLayout::Kind::Rows;
  t.dims[0].begin = {0, 4};
  t.dims[0].end = {4, 8};
  t.dims[1].kind = DimensionLayout::Kind::Columns;
  t.dims[1].begin = {0, 2, 4, 6};
  t.dims[1].end = {2, 4, 6, 8};
  t.strides = {4, 2};
  return t;
}

Image wafer::test::sampleImage() {
  Image image;
  image.machine = sampleMachine().toJson();
  image.model = R"({"name":"sample","vocabulary":8})";
  image.tokenizer = std::string("\x00\xff raw", 6);
  image.report = "{}";
  image.graph = "ML\xefR";
  image.parameterSet = "measured";
  image.roles = {sampleRole()};
  Region region;
  region.name = "line";
  region.rect = {0, 1, 4, 2};
  region.rowTables = {{7, 7}};
  region.columnTables = {{kUnboundColor, 5, 6, 6}};
  image.regions = {region};

  const uint8_t w = portBit(Port::West), e = portBit(Port::East),
                ramp = portBit(Port::Ramp);
  image.configs = {route(ramp, e), route(w, ramp), route(w, ramp | e)};
  RouteConfig switched = route(ramp, e);
  switched.positions[1] = {w, ramp};
  switched.numPositions = 2;
  switched.currentPosition = 1;
  switched.ring = true;
  switched.pop = PopMode::OnAdvance;
  switched.filter = {FilterKind::Counter, 1, 2, 0, 3};
  image.configs.push_back(switched);

  image.rules = {
      {"first", 5, {0, 1, 2, 2}, Axis::X, 0, {{{1, 0}, {1, 1}}}},
      {"second",
       6,
       {1, 1, 3, 2},
       Axis::X,
       0,
       {{{1, 0}, {1, 2}, {1, 1}}, {{1, 0}, {1, 2}, {1, 1}}}},
      {"skewed", 7, {0, 4, 2, 4}, Axis::Y, 1, {{{1, 3}, {3, kNoRoute}}}}};
  image.families = {{"first", 5, {0, 1, 2, 2}, Axis::X, 0, {{0, 1, 2}}},
                    {"second", 6, {1, 1, 3, 2}, Axis::X, 0, {{0, 1, 3}}}};
  image.streams = {
      {"lone", 9, {0, 0}, {{1, 0, 2, 1}, {5, 5, 1, 1}}, true, false},
      {"paced", 10, {1, 1}, {{2, 1, 1, 1}}, false, false, true}};
  image.certified = 0x9abcdef0;
  image.seal = Seal{0xfedcba9876543210, {{"layers[0:4]", 0x0123456789abcdef}}};
  image.tensors = {sampleTensor()};
  image.hostPorts = {{"tokens", true, true, 0, 9}};
  image.stages = {{"blocks", 0, 0, {0, 1, 4, 2}, 0, 4}};

  auto bytes = std::make_shared<std::vector<uint8_t>>(8 * 16);
  std::iota(bytes->begin(), bytes->end(), uint8_t(0));
  image.initData = {{0, 64, 16, bytes->data(), bytes->size()}};
  image.storage.push_back(bytes);
  return image;
}
