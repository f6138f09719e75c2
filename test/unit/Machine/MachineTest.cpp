// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Machine/Machine.h"

#include "MachineFields.h"
#include "wafer/Image/Isa.h"

#include <gtest/gtest.h>

using namespace wafer;

namespace {

Machine shipped(const std::string &name) {
  Result<Machine> machine = Machine::load(name);
  EXPECT_TRUE(machine) << machine.error().str();
  return *machine;
}

TEST(Machine, ShippedMachinesAreSortedAndSound) {
  std::vector<std::string> names = Machine::shippedNames();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const std::string &name : names) {
    Machine machine = shipped(name);
    EXPECT_EQ(machine.name, name);
    EXPECT_TRUE(machine.check(name));
    ASSERT_EQ(machine.parameterSets.size(), 3u);
    EXPECT_EQ(machine.parameterSets[0].name, "measured");
    EXPECT_EQ(machine.parameterSets[1].name, "nominal");
    EXPECT_EQ(machine.parameterSets[2].name, "optimistic");
  }
}

TEST(Machine, Wse3HasThePublishedFigures) {
  Machine m = shipped("wse3");
  EXPECT_EQ(m.width(), 755);
  EXPECT_EQ(m.height(), 1170);
  EXPECT_EQ(m.programBytes(), 49152u - 3686u - 1024u);
  EXPECT_EQ(m.lanesOf("fmach"), 8u);
  EXPECT_EQ(m.lanesOf("fmachs"), 4u);
  EXPECT_EQ(m.lanesOf("fmacs"), 1u);
  EXPECT_EQ(m.lanesOf("no such instruction"), 1u);
  EXPECT_TRUE(m.switchChangesBoth);
  EXPECT_EQ(m.inputQueues.numUsable(), 6u);
  EXPECT_FALSE(m.inputQueues.usable(1));
  EXPECT_FALSE(m.inputQueues.usable(8));
  EXPECT_EQ(m.outputQueues.numUsable(), 7u);
  EXPECT_EQ(m.reservedColors, 7u << 21);
  const ParameterSet *measured = m.findParameters("measured");
  ASSERT_NE(measured, nullptr);
  EXPECT_EQ(measured->vectorStart, 17u);
  EXPECT_EQ(measured->taskStart, 43u);
  EXPECT_EQ(measured->sendWords, 8u);
  EXPECT_EQ(measured->sendCycles, 9u);
  EXPECT_EQ(m.findParameters("fast"), nullptr);
}

TEST(Machine, Wse3ChannelsLieEvery18Rows) {
  Machine m = shipped("wse3");
  EXPECT_TRUE(m.host.isChannelRow(0));
  EXPECT_FALSE(m.host.isChannelRow(17));
  EXPECT_TRUE(m.host.isChannelRow(18));
  EXPECT_TRUE(m.host.isChannelRow(1098)); // 61 * 18
  EXPECT_FALSE(m.host.isChannelRow(1116));
}

// The published fit: a strided multiply-add step costs 22 + 2 L cycles.
TEST(Machine, Wse2NominalReproducesTheStridedStep) {
  Machine m = shipped("wse2");
  const ParameterSet &p = *m.findParameters("nominal");
  uint32_t addi = p.alu, dsrbase = p.dsrSet, ldw = p.load, dbnz = p.branch;
  EXPECT_EQ(addi + dsrbase + dsrbase + addi + ldw + p.vectorStart + addi + dbnz,
            22u);
}

// The keys of `lanes` are the vector instructions of the instruction table.
TEST(Machine, LanesKnowEveryVectorInstruction) {
  unsigned vectors = 0;
  for (unsigned code = 0; code < 256; ++code) {
    if (const OpcodeInfo *info = lookupOpcode(uint8_t(code))) {
      EXPECT_EQ(isVectorMnemonic(info->mnemonic), info->isVector)
          << info->mnemonic;
      vectors += info->isVector;
    }
  }
  Machine m = shipped("wse3");
  EXPECT_EQ(m.lanes.size(), vectors); // the shipped table is complete
}

TEST(Machine, EveryFigureOfARealMachineHasASource) {
  for (const char *name : {"wse2", "wse3"}) {
    Machine m = shipped(name);
    for (const char *pointer : {"/grid/physical",
                                "/grid/usable",
                                "/memory/sramBytes",
                                "/memory/sramBanks",
                                "/memory/bankWidthBytes",
                                "/memory/readConflictModulus",
                                "/memory/systemBytes",
                                "/memory/taskTableBytes",
                                "/memory/codeBytesPerInstruction",
                                "/core/dsrsPerFile",
                                "/core/microthreads",
                                "/core/maxTasks",
                                "/lanes",
                                "/fabric/hopCycles",
                                "/fabric/rampCycles",
                                "/fabric/routerBufferDepth",
                                "/fabric/colors",
                                "/fabric/reservedColors",
                                "/fabric/switchableColors",
                                "/fabric/maxSwitchPositions",
                                "/fabric/switchChangesBoth",
                                "/fabric/filtersPerCore",
                                "/queues/input/depths",
                                "/queues/input/reserved",
                                "/queues/output/depths",
                                "/queues/output/reserved",
                                "/host/edges",
                                "/host/firstRow",
                                "/host/rowStep",
                                "/host/count",
                                "/host/latencyCycles",
                                "/offWafer/bytesPerSecond",
                                "/offWafer/latencySeconds",
                                "/clock/hertz",
                                "/redundancy/kind",
                                "/redundancy/spareColumns",
                                "/redundancy/bypassCycles",
                                "/parameterSets/0",
                                "/parameterSets/0/vectorStart",
                                "/parameterSets/1/taskStart",
                                "/parameterSets/2"}) {
      EXPECT_EQ(m.sources.count(pointer), 1u) << name << ": " << pointer;
    }
  }
}

TEST(Machine, JsonIsAFixedPoint) {
  for (const std::string &name : Machine::shippedNames()) {
    std::string first = shipped(name).toJson();
    Result<Machine> again = Machine::fromJson(first, "again");
    ASSERT_TRUE(again) << again.error().str();
    EXPECT_EQ(again->toJson(), first);
    EXPECT_EQ(again->sources, shipped(name).sources);
  }
}

TEST(Machine, SmallMachinesKeepTheTimingOfWse3) {
  Machine small = shipped("test8"), large = shipped("wse3");
  EXPECT_EQ(small.width(), 8);
  EXPECT_EQ(small.host.count, 8);
  EXPECT_EQ(small.lanes, large.lanes);
  EXPECT_EQ(small.parameterSets[0].vectorStart,
            large.parameterSets[0].vectorStart);
  // What the small file sets itself is not given the citation of the base.
  EXPECT_EQ(small.sources.count("/name"), 0u);
  EXPECT_EQ(small.sources.at("/grid/usable"),
            "set by this file, which is based on wse3");
}

TEST(Machine, CheckHoldsForMachinesBuiltInMemory) {
  Machine m = shipped("test8");
  m.lanes["fdot"] = 4;
  Status status = m.check("m");
  ASSERT_FALSE(status);
  EXPECT_EQ(
      status.error().str(),
      "m: /lanes/fdot: unknown vector instruction 'fdot' (hint: names are "
      "those of the abstract machine, such as 'fmach', 'fmachs' or "
      "'mov32')");
  m = shipped("test8");
  m.clockHz = 0.0 / 0.0;
  EXPECT_FALSE(m.check("m"));
  m.clockHz = 1.0 / 0.0;
  EXPECT_FALSE(m.check("m"));
  m = shipped("test8");
  m.usable.w = -1;
  EXPECT_FALSE(m.check("m"));
  EXPECT_FALSE(Machine().check("m"));
}

} // namespace
