// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Program.h - A small program to remap ---------------------*- C++ -*-===//
//
// Five columns and three rows on test8. The host sends four words to core 0,0;
// it passes them on to the host, its column and its row, and each other core of
// row 0 to its column, so that in the end every core has them. The last one to
// get them is in the east.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_REMAP_PROGRAM_H
#define WAFER_TEST_UNIT_REMAP_PROGRAM_H

#include "wafer/Image/Text.h"
#include "wafer/Image/Validate.h"

#include <gtest/gtest.h>

namespace wafer::test {

inline const char *const kProgram = R"(
machine "test8"
role @first {
  params at 0 {
    in: desc fabin queue=2 extent=4
    out: desc fabout queue=1 extent=4
    down: desc fabout queue=2 extent=4
    back: desc fabout queue=3 extent=4
    own: desc mem base=data extent=4 stride=1
  }
  buffer @params params at 0 size 96
  buffer @data scratch at 96 size 16
  input queue 2 color 3
  output queue 1 color 1
  output queue 2 color 2
  output queue 3 color 4
  task @main local active entry start
  code {
  start:
    dsrload s0.0, [r0 + in]
    dsrload d0, [r0 + own]
    mov32 d0, s0.0
    dsrload s0.1, [r0 + own]
    dsrload d1, [r0 + back]
    mov32 d1, s0.1
    dsrload d1, [r0 + down]
    mov32 d1, s0.1
    dsrload d1, [r0 + out]
    mov32 d1, s0.1
    end
  }
}
role @top {
  params at 0 {
    in: desc fabin queue=2 extent=4
    down: desc fabout queue=2 extent=4
    own: desc mem base=data extent=4 stride=1
  }
  buffer @params params at 0 size 96
  buffer @data scratch at 96 size 16
  input queue 2 color 1
  output queue 2 color 2
  task @main local active entry start
  code {
  start:
    dsrload s0.0, [r0 + in]
    dsrload d0, [r0 + own]
    mov32 d0, s0.0
    dsrload s0.1, [r0 + own]
    dsrload d1, [r0 + down]
    mov32 d1, s0.1
    end
  }
}
role @rest {
  params at 0 {
    in: desc fabin queue=2 extent=4
    own: desc mem base=data extent=4 stride=1
  }
  buffer @params params at 0 size 96
  buffer @data scratch at 96 size 16
  input queue 2 color 2
  task @main local active entry start
  code {
  start:
    dsrload s0.0, [r0 + in]
    dsrload d0, [r0 + own]
    mov32 d0, s0.0
    end
  }
}
region @first role @first rect 0 0 1 1
region @top role @top rect 1 0 4 1
region @rest role @rest rect 0 1 5 2
config @send rx=R tx=E
config @pass rx=W tx=E,R
config @take rx=W tx=R
config @down rx=R tx=S
config @through rx=N tx=S,R
config @bottom rx=N tx=R
config @out rx=R tx=W
rule @row color 1 rect 0 0 5 1 axis x [@send @pass*3 @take]
rule @column color 2 rect 0 0 5 3 axis y [@down @through @bottom]
rule @in color 3 rect 0 0 1 1 axis x [@take]
rule @back color 4 rect 0 0 1 1 axis x [@out]
family @row color 1 rect 0 0 5 1 axis x { 0 -> 1..5 }
family @column color 2 rect 0 0 5 3 axis y { 0 -> 1..3 }
stream @in color 3 from host 0 0 to rect 0 0 1 1
stream @back color 4 from 0 0 to host rect 0 0 1 1
host input @in west row 0 color 3
host output @back west row 0 color 4
)";

inline Machine test8() { return *Machine::load("test8"); }

inline Image program() {
  Result<Image> image = parseImage(kProgram, "program");
  EXPECT_TRUE(bool(image)) << image.error().str();
  Status sound = validate(*image, test8());
  EXPECT_TRUE(bool(sound)) << sound.error().str();
  return std::move(*image);
}

inline DefectMap defects(const std::string &lists) {
  Result<DefectMap> map = DefectMap::fromJson(
      R"({"machine": "test8", )" + lists + "}", test8(), "defects");
  EXPECT_TRUE(bool(map)) << map.error().str();
  return std::move(*map);
}

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_REMAP_PROGRAM_H
