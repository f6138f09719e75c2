// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each test breaks one thing of the sample image and expects its message.
//
//===----------------------------------------------------------------------===//
#include "wafer/Image/Validate.h"
#include "SampleImage.h"

#include <functional>
#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {

/// The message after `change`, or "" if the image is still valid.
std::string after(const std::function<void(Image &)> &change) {
  Image image = sampleImage();
  change(image);
  Status status = validate(image, sampleMachine());
  return status ? "" : status.error().str();
}

#define EXPECT_MESSAGE(Part, Change)                                           \
  do {                                                                         \
    std::string message = after([](Image &i) { Change; });                     \
    EXPECT_NE(message.find(Part), std::string::npos) << "got: " << message;    \
  } while (false)

TEST(Validate, Utf8) {
  EXPECT_TRUE(isUtf8("plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"));
  EXPECT_FALSE(isUtf8("\xc0\x80"));         // overlong
  EXPECT_FALSE(isUtf8("\xed\xa0\x80"));     // surrogate
  EXPECT_FALSE(isUtf8("\xf4\x90\x80\x80")); // above 10ffff
  EXPECT_FALSE(isUtf8("\xe2\x82"));         // cut off
  EXPECT_FALSE(isUtf8("\x80"));
}

TEST(Validate, Texts) {
  EXPECT_MESSAGE("model: section is not a JSON object", i.model = "[1]");
  EXPECT_MESSAGE("report: section is not a JSON object", i.report = "{");
  EXPECT_MESSAGE("machine has no such parameter set", i.parameterSet = "fast");
}

TEST(Validate, Names) {
  EXPECT_MESSAGE("name is empty", i.roles[0].name.clear());
  EXPECT_MESSAGE("name is too long: expected at most 255 bytes but got 256",
                 i.regions[0].name.assign(256, 'x'));
  EXPECT_MESSAGE("name is not printable UTF-8", i.rules[0].name = "\xff");
  EXPECT_MESSAGE("name is not printable UTF-8", i.rules[0].name = "a\nb");
  EXPECT_MESSAGE("two roles have the same name", i.roles.push_back(i.roles[0]));
  EXPECT_MESSAGE("two buffers have the same name",
                 i.roles[0].buffers[3].name = "acc");
}

TEST(Validate, Instructions) {
  EXPECT_MESSAGE("role 'chain': instruction 0: register is out of range: "
                 "expected 0 to 31 but got 32",
                 i.roles[0].code[0].a = 32);
  EXPECT_MESSAGE("unknown opcode", i.roles[0].code[0].op = Opcode(0xff));
  EXPECT_MESSAGE("branch target is out of range: expected 0 to 6 but got 7",
                 i.roles[0].code[4].imm = 7);
  EXPECT_MESSAGE("task is out of range: expected 0 to 2 but got 3",
                 i.roles[0].code[5].imm = 3);
  EXPECT_MESSAGE("unused field of the instruction is not zero",
                 i.roles[0].code[6].c = 1);
  EXPECT_MESSAGE("descriptor register is out of range",
                 i.roles[0].code[1].a = kNumDsrs);
  EXPECT_MESSAGE("dest names a descriptor register of the wrong file",
                 i.roles[0].code[3].a = dsrId(DsrFile::Src1, 0));
  EXPECT_MESSAGE("src0 names a descriptor register of the wrong file",
                 i.roles[0].code[3].b = dsrId(DsrFile::Src1, 0));
  EXPECT_MESSAGE("a source operand is absent that no scalar can replace",
                 i.roles[0].code[3].op = Opcode::FMacS);
  EXPECT_MESSAGE("unused scalar register is not zero",
                 i.roles[0].code[3].c = dsrId(DsrFile::Src1, 0);
                 i.roles[0].code[3].imm |= 4);
  EXPECT_MESSAGE("a synchronous instruction names a microthread",
                 i.roles[0].code[3].imm &= ~(1u << 5));
  EXPECT_MESSAGE("unused field of the instruction is not zero",
                 i.roles[0].code[3].imm |= 1u << 17);
  EXPECT_MESSAGE("unknown completion", i.roles[0].code[3].imm |= 3u << 9);
}

TEST(Validate, RoleMemory) {
  EXPECT_MESSAGE("buffer 'sum' does not fit into SRAM",
                 i.roles[0].buffers[3].offset = 0xffffffff);
  EXPECT_MESSAGE("code does not fit into SRAM", i.roles[0].code.resize(100000));
  EXPECT_MESSAGE("buffer 'acc' overlaps another buffer",
                 i.roles[0].buffers[2].offset = 190);
  // Scratch over scratch is what the sample has; weights over scratch is not.
  EXPECT_MESSAGE("overlaps another buffer",
                 i.roles[0].buffers[3].kind = BufferKind::State);
  EXPECT_MESSAGE("parameter block lies in no params buffer",
                 i.roles[0].paramOffset = 30);
  EXPECT_MESSAGE("parameter block is not aligned", i.roles[0].paramOffset = 1);
  EXPECT_MESSAGE("names of parameters are not in order",
                 i.roles[0].paramLabels[1].index = 0);
  EXPECT_MESSAGE("label is out of range", i.roles[0].labels[1].index = 7);
}

TEST(Validate, TasksAndQueues) {
  EXPECT_MESSAGE("task 'main': task entry is out of range",
                 i.roles[0].tasks[0].entry = 7);
  EXPECT_MESSAGE("input queue is out of range",
                 i.roles[0].tasks[2].binding = 200);
  EXPECT_MESSAGE("binding of a local task is out of range",
                 i.roles[0].tasks[0].binding = 1);
  EXPECT_MESSAGE("number of tasks is out of range",
                 i.roles[0].tasks.resize(65, i.roles[0].tasks[0]));
  EXPECT_MESSAGE("input queue 2 is bound twice",
                 i.roles[0].queues.push_back(i.roles[0].queues[0]));
  EXPECT_MESSAGE(
      "color of a queue is out of range: expected 0 to 23 but got 24",
      i.regions[0].columnTables[0][3] = 24);
  EXPECT_MESSAGE("color of a queue is out of range",
                 i.roles[0].queues[1].color = ParamSource::constant(30));
}

TEST(Validate, Regions) {
  EXPECT_MESSAGE("role is out of range", i.regions[0].role = 1);
  EXPECT_MESSAGE("rectangle does not lie on the grid: expected a part of "
                 "0 0 8 8 but got 0 7 4 2",
                 i.regions[0].rect.y = 7);
  // x + w wraps around in 32 bits.
  EXPECT_MESSAGE("rectangle does not lie on the grid",
                 i.regions[0].rect.x = INT32_MAX);
  EXPECT_MESSAGE("row table 0 has the wrong length: expected 2 but got 3",
                 i.regions[0].rowTables[0].push_back(1));
  EXPECT_MESSAGE("role asks for more row tables: expected 1 tables but got 0",
                 i.regions[0].rowTables.clear());
  EXPECT_MESSAGE("regions overlap", i.regions.push_back(i.regions[0]);
                 i.regions[1].name = "other"; i.regions[1].rect.y = 2);
  EXPECT_EQ(after([](Image &i) {
              i.regions.push_back(i.regions[0]);
              i.regions[1].name = "other";
              i.regions[1].rect.y = 3;
            }),
            "");
  EXPECT_MESSAGE("stage 'blocks': region is out of range",
                 i.stages[0].region = 1);
  EXPECT_MESSAGE("range of layers is not valid", i.stages[0].numLayers = -1);
}

/// The sweep agrees with the pairwise test on every pair of rectangles of a
/// 3x3 grid in three regions.
TEST(Validate, OverlapSweepAgreesWithPairs) {
  std::vector<Rect> rects;
  for (int32_t x = 0; x < 3; ++x) {
    for (int32_t y = 0; y < 3; ++y) {
      for (int32_t w = 1; x + w <= 3; ++w) {
        for (int32_t h = 1; y + h <= 3; ++h) {
          rects.push_back({x, y, w, h});
        }
      }
    }
  }
  Image image;
  image.roles.resize(1);
  image.roles[0].name = "r";
  image.regions.resize(3);
  Machine machine = sampleMachine();
  for (int i = 0; i < 3; ++i) {
    image.regions[size_t(i)].name = std::string(1, char('a' + i));
  }
  for (const Rect &a : rects) {
    for (const Rect &b : rects) {
      for (const Rect &c : rects) {
        image.regions[0].rect = a;
        image.regions[1].rect = b;
        image.regions[2].rect = c;
        bool disjoint =
            !a.intersects(b) && !a.intersects(c) && !b.intersects(c);
        ASSERT_EQ(bool(validate(image, machine)), disjoint);
      }
    }
  }
}

TEST(Validate, Configs) {
  EXPECT_MESSAGE("wrong number of switch positions",
                 i.configs[0].numPositions = 5);
  EXPECT_MESSAGE("current switch position is out of range",
                 i.configs[0].currentPosition = 1);
  EXPECT_MESSAGE("switch position 0 has no ports",
                 i.configs[0].positions[0].rx = 32);
  // A position of a switch may be closed.
  EXPECT_EQ(after([](Image &i) { i.configs[3].positions[1].tx = 0; }), "");
  EXPECT_MESSAGE("unused switch position is not zero",
                 i.configs[0].positions[1].rx = 1);
  EXPECT_MESSAGE("unused field of a filter is not zero",
                 i.configs[0].filter.max = 1);
  EXPECT_MESSAGE("filter starts behind its last count",
                 i.configs[3].filter.init = 4);
}

TEST(Validate, Rules) {
  EXPECT_MESSAGE("rule 'first': color is out of range", i.rules[0].color = 24);
  EXPECT_MESSAGE("config is out of range", i.rules[0].classes[0][0].config = 4);
  EXPECT_MESSAGE("runs of class 0 do not fill the side: expected 2 routers but "
                 "got 3",
                 i.rules[0].classes[0][0].count = 2);
  EXPECT_MESSAGE("class 0 has an empty run",
                 i.rules[0].classes[0].push_back({0, 0}));
  EXPECT_MESSAGE("wrong number of classes: expected 1 to 2 but got 0",
                 i.rules[0].classes.clear());
  EXPECT_MESSAGE("wrong number of classes: expected 1 to 2 but got 3",
                 i.rules[0].classes.resize(3, i.rules[0].classes[0]));
  // Line 1 moves by 4 on a side of 4.
  EXPECT_MESSAGE("line 1 leaves the rectangle by its skew: expected offsets of "
                 "0 to 3 but got 4 to 4",
                 i.rules[2].skew = 4);
  EXPECT_MESSAGE("line 1 leaves the rectangle by its skew",
                 i.rules[2].skew = INT32_MIN);
}

TEST(Validate, Intent) {
  EXPECT_MESSAGE("segment does not lie on its line",
                 i.families[0].segments[0].sinkEnd = 3);
  EXPECT_MESSAGE("segment does not lie on its line",
                 i.families[0].segments[0].source = -1);
  EXPECT_MESSAGE("segment has no sink",
                 i.families[0].segments[0] = (Segment{1, 1, 2}));
  EXPECT_MESSAGE("line 1 leaves the rectangle by its skew",
                 i.families[0].skew = -1);
  EXPECT_MESSAGE("stream has no sink", i.streams[0].sinks.clear());
  EXPECT_MESSAGE("paced stream has an end at the host",
                 i.streams[0].paced = true);
  EXPECT_MESSAGE("source: rectangle does not lie on the grid",
                 i.streams[0].source.x = 8);
  EXPECT_MESSAGE("machine has no host channel there", i.hostPorts[0].row = 8);
  EXPECT_MESSAGE("two host ports are the same",
                 i.hostPorts.push_back(i.hostPorts[0]));
}

TEST(Validate, Tensors) {
  EXPECT_MESSAGE("buffer is out of range", i.tensors[0].buffer = 4);
  EXPECT_MESSAGE("ranks of shape, layout and strides",
                 i.tensors[0].strides.pop_back());
  EXPECT_MESSAGE("extent is zero", i.tensors[0].shape[0] = 0);
  EXPECT_MESSAGE("tensor has too many elements",
                 i.tensors[0].shape =
                     (std::vector<uint32_t>{1u << 31, 1u << 31}));
  EXPECT_MESSAGE("wrong number of ranges", i.tensors[0].dims[0].end.pop_back());
  EXPECT_MESSAGE(
      "range of line 1 is not valid: expected a part of 0..8 but got "
      "4..9",
      i.tensors[0].dims[0].end[1] = 9);
  // 3 * 42 + 1 * 2 + 2 = 130 bytes of 128.
  EXPECT_MESSAGE(
      "tensor reaches past its buffer: expected at most 128 bytes in "
      "'weights' but got 130 bytes",
      i.tensors[0].strides[0] = 42);
  EXPECT_MESSAGE("tensor reaches past its buffer",
                 i.tensors[0].strides[0] = 0xffffffff);
}

TEST(Validate, InitData) {
  EXPECT_MESSAGE("init data 0: region is out of range",
                 i.initData[0].region = 1);
  EXPECT_MESSAGE("init data has the wrong size: expected 64 bytes (8 cores of "
                 "8) but got 128 bytes",
                 i.initData[0].bytes = 8);
  EXPECT_MESSAGE("init data does not fit into SRAM",
                 i.initData[0].offset = 0xffffffff);
  EXPECT_MESSAGE("init data overlaps the parameter block",
                 i.initData[0].offset = 20);
  EXPECT_MESSAGE("init data overlaps other init data",
                 i.initData.push_back(i.initData[0]));
}

} // namespace
