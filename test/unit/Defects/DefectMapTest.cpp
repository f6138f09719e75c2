// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The file form of defect maps: what is accepted, and the error for each thing
// that is not.
//
//===----------------------------------------------------------------------===//
#include "wafer/Machine/DefectMap.h"

#include <gtest/gtest.h>

using namespace wafer;

namespace {

Machine test8() { return *Machine::load("test8"); }

std::string errorOf(const std::string &text) {
  Result<DefectMap> map = DefectMap::fromJson(text, test8(), "m");
  return map ? "none" : map.error().str();
}

TEST(DefectMap, ReadsSortsAndNormalises) {
  Result<DefectMap> map = DefectMap::fromJson(
      R"({"machine": "test8", "cores": [[7,7],[0,1]],
          "links": [[3,3,"W"],[3,3,"N"],[3,3,"E"]], "banks": [[2,2,7]]})",
      test8(), "m");
  ASSERT_TRUE(bool(map)) << map.error().str();
  EXPECT_EQ(map->cores, (std::vector<Coord>{{0, 1}, {7, 7}}));
  EXPECT_EQ(map->links, (std::vector<DeadLink>{{{3, 2}, Port::South},
                                               {{2, 3}, Port::East},
                                               {{3, 3}, Port::East}}));
  EXPECT_EQ(map->size(), 6u);
}

TEST(DefectMap, TextIsAFixedPoint) {
  std::string text = R"({"machine": "test8",
 "tiles": [[1,2]],
 "cores": [],
 "links": [[3,3,"S"]],
 "banks": [[2,2,7]]}
)";
  Result<DefectMap> map = DefectMap::fromJson(text, test8(), "m");
  ASSERT_TRUE(bool(map)) << map.error().str();
  EXPECT_EQ(map->toJson(), text);
}

TEST(DefectMap, Errors) {
  EXPECT_EQ(errorOf("[]"), "m: bad value in the defect map: expected an object "
                           "but got an array of 0 elements");
  EXPECT_EQ(errorOf(R"({"tiles": []})"),
            "m: the defect map does not name its machine: expected "
            "\"machine\": NAME");
  EXPECT_EQ(errorOf(R"({"machine": "wse2"})"),
            "m: the defect map is of another machine: expected machine "
            "'test8' but got 'wse2'");
  EXPECT_EQ(errorOf(R"({"machine": "test8", "tile": []})"),
            "m: /tile: unknown key in the defect map: expected machine, "
            "tiles, cores, links or banks");
  EXPECT_EQ(errorOf(R"({"machine": "test8", "tiles": [[8,0]]})"),
            "m: 'tiles' names a place outside the machine: expected 0,0 to "
            "7,7 but got 8,0");
  EXPECT_EQ(errorOf(R"({"machine": "test8", "tiles": [[1,-1]]})"),
            "m: /tiles/0: bad value in the defect map: expected [x, y] but "
            "got an array of 2 elements");
  EXPECT_EQ(errorOf(R"({"machine": "test8", "cores": [[1,1],[1,1]]})"),
            "m: 'cores' has an entry twice: got 1,1");
  EXPECT_EQ(errorOf(R"({"machine": "test8", "links": [[7,1,"E"]]})"),
            "m: 'links' names a link that does not exist: expected a link "
            "between two tiles but got 7,1 E");
  // The same link from both ends.
  EXPECT_EQ(errorOf(R"({"machine": "test8", "links": [[6,1,"E"],[7,1,"W"]]})"),
            "m: 'links' has an entry twice: got 6,1");
  EXPECT_EQ(errorOf(R"({"machine": "test8", "links": [[6,1,"X"]]})"),
            "m: /links/0/2: bad value in the defect map: expected \"W\", "
            "\"E\", \"S\" or \"N\" but got the string 'X'");
  EXPECT_EQ(errorOf(R"({"machine": "test8", "banks": [[6,1,8]]})"),
            "m: 'banks' names a bank that the core does not have: expected 0 "
            "to 7 but got 8 at 6,1");
}

// A machine with spares: defects may lie in the spare columns.
TEST(DefectMap, SpareColumns) {
  Machine wse3 = *Machine::load("wse3");
  EXPECT_EQ(defectColumns(wse3), wse3.physicalWidth + 11);
  EXPECT_TRUE(bool(DefectMap::fromJson(
      R"({"machine": "wse3", "cores": [[772, 0]]})", wse3, "m")));
  EXPECT_FALSE(bool(DefectMap::fromJson(
      R"({"machine": "wse3", "cores": [[773, 0]]})", wse3, "m")));
}

} // namespace
