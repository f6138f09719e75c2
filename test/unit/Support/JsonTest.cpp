// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Support/Json.h"

#include <gtest/gtest.h>

using namespace wafer;

namespace {

TEST(Json, ParsesAValue) {
  auto value = parseJson(R"({"a": [1, -2, 2.5, "x", null, true]})", "f");
  ASSERT_TRUE(value);
  EXPECT_EQ((*value)["a"].size(), 6u);
}

TEST(Json, PointsAtTheError) {
  EXPECT_EQ(parseJson("{\"a\": 1,\n}", "f").error().str(),
            "f: line 2, column 1: malformed JSON");
  EXPECT_EQ(parseJson("1 2", "f").error().where, "f: line 1, column 3");
  EXPECT_EQ(parseJson("", "f").error().what, "malformed JSON");
  EXPECT_EQ(parseJson("[1e400]", "f").error().what, "number is out of range");
}

TEST(Json, RefusesDuplicateKeysPerObject) {
  EXPECT_TRUE(parseJson(R"([{"a": 1}, {"a": {"a": 2}}])", "f"));
  EXPECT_EQ(parseJson(R"({"a": {"b": 1, "b": 2}})", "f").error().what,
            "key 'b' stands twice in one object");
}

TEST(Json, BoundsTheDepth) {
  auto nested = [](unsigned depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parseJson(nested(kMaxJsonDepth), "f"));
  EXPECT_FALSE(parseJson(nested(kMaxJsonDepth + 1), "f"));
}

TEST(Json, EscapesPointers) { EXPECT_EQ(jsonPointerToken("a/b~c"), "a~1b~0c"); }

} // namespace
