// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Report/Traffic.h"

#include "wafer/Image/Text.h"

#include <gtest/gtest.h>

using namespace wafer;
using Kind = TrafficReport::Kind;

namespace {

// Two regions, side by side; what the routes do is not looked at by traffic.
const char *const kProgram = R"(
machine "test8"
role @r { }
region @left role @r rect 0 0 2 4
region @right role @r rect 2 0 4 4
config @send rx=R tx=E
config @take rx=W tx=R
rule @one color 3 rect 0 0 2 4 axis x [@send @take]
rule @two color 5 rect 1 0 2 2 axis x [@send @take]
rule @down color 7 rect 1 0 1 4 axis y [none @send*3]
family @pair color 3 rect 0 0 6 4 axis x { 0 -> 1..2  2 -> 3..4 }
family @cast color 5 rect 0 0 6 4 axis x { 1 -> 0..6 }
stream @back color 7 from 5 3 to rect 0 0 2 2
stream @in color 8 from host 0 0 to rect 0 0 1 1
stream @out color 9 from 0 1 to host rect 0 1 1 1
)";

Image sample() {
  Result<Image> image = parseImage(kProgram, "t.wtext");
  EXPECT_TRUE(image) << image.error().str();
  return *image;
}

TEST(Traffic, FamiliesThenStreams) {
  std::vector<TrafficReport> t = makeTraffic(sample());
  ASSERT_EQ(t.size(), 5u);
  EXPECT_EQ(t[0].kind, Kind::Chain);
  EXPECT_EQ(t[0].lines, 4u);
  EXPECT_EQ(t[0].senders, 2u);
  EXPECT_EQ(t[0].receiversMax, 1u);
  EXPECT_EQ(t[0].from, (std::vector<uint32_t>{0, 1}));
  // The source, column 1, is none of its 6 - 1 receivers; the farthest is
  // column 5.
  EXPECT_EQ(t[1].kind, Kind::Multicast);
  EXPECT_EQ(t[1].receiversMax, 5u);
  EXPECT_EQ(t[1].hopsMax, 4u);
  EXPECT_EQ(t[1].to, (std::vector<uint32_t>{0, 1}));
}

TEST(Traffic, Streams) {
  std::vector<TrafficReport> t = makeTraffic(sample());
  EXPECT_EQ(t[2].kind, Kind::Multicast);
  EXPECT_EQ(t[2].receiversMax, 4u);
  EXPECT_EQ(t[2].hopsMax, 8u); // 5,3 to 0,0
  EXPECT_EQ(t[2].from, (std::vector<uint32_t>{1}));
  EXPECT_EQ(t[2].to, (std::vector<uint32_t>{0}));
  EXPECT_EQ(t[3].kind, Kind::HostInput);
  EXPECT_TRUE(t[3].from.empty());
  EXPECT_EQ(t[4].kind, Kind::HostOutput);
  EXPECT_TRUE(t[4].to.empty());
}

// Core 1,1 has routes of colors 3, 5 and 7; 1,0 only of 3 and 5.
TEST(Traffic, ColorsInARouter) {
  std::optional<ColorReport> colors =
      makeColorReport(sample(), *Machine::load("test8"));
  ASSERT_TRUE(colors);
  EXPECT_EQ(colors->routers[3], 8u);
  EXPECT_EQ(colors->routers[5], 4u);
  EXPECT_EQ(colors->routers[7], 3u);
  EXPECT_EQ(colors->routers[4], 0u);
  EXPECT_EQ(colors->routerMax, 3u);
  EXPECT_EQ(colors->routerMaxAt, (Coord{1, 1}));
}

TEST(Traffic, GridTooLargeForColors) {
  Machine machine = *Machine::load("test8");
  machine.usable.w = machine.usable.h = 1 << 14;
  EXPECT_FALSE(makeColorReport(sample(), machine));
}

} // namespace
