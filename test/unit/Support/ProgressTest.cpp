// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Support/Progress.h"

#include <gtest/gtest.h>

using namespace wafer;

namespace {

TEST(Progress, ShowsTheShare) {
  EXPECT_EQ(Progress::format("run", 1, 2),
            "run [" + std::string(15, '=') + std::string(15, ' ') + "] 50 %");
  EXPECT_EQ(Progress::format("run", 9, 3),
            "run [" + std::string(30, '=') + "] 100 %");
  EXPECT_EQ(Progress::format("run", 7, 0), "run 7");
  EXPECT_EQ(Progress::format("run", 7, 0, "5 a second"), "run 7  5 a second");
}

// Tests do not run on a terminal, so nothing may be printed.
TEST(Progress, IsSilentOffATerminal) {
  testing::internal::CaptureStderr();
  {
    Progress progress("run", 10);
    progress.update(5);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

} // namespace
