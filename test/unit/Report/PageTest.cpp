// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Report/Page.h"

#include "wafer/Image/Text.h"
#include "wafer/Support/Json.h"

#include <gtest/gtest.h>

using namespace wafer;
using nlohmann::json;

namespace {

const char *const kProgram = R"(
machine "test8"
role @"</script><script>alert(1)</script><!--" {
  params at 0 { n: row 0 m: col 0 }
  buffer @params params at 0 size 4
  task @main local active entry start
  code { start: end }
}
region @g role @"</script><script>alert(1)</script><!--" rect 0 0 8 2 {
  row 0: [7, 9]
  col 0: [0..8]
}
)";

Image sample() {
  Result<Image> image = parseImage(kProgram, "t.wtext");
  EXPECT_TRUE(image) << image.error().str();
  return *image;
}

Result<std::string> page(const std::string &run = "") {
  PageOptions options;
  options.title = "t.wafer";
  options.run = run;
  options.runName = "r.json";
  return makePage(sample(), *Machine::load("test8"), options);
}

size_t countOf(const std::string &text, const std::string &part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// One block for the data, one for the scripts, whatever names say.
TEST(Page, NamesCannotLeaveTheData) {
  Result<std::string> text = page();
  ASSERT_TRUE(text) << text.error().str();
  EXPECT_EQ(countOf(*text, "<script"), 2u);
  EXPECT_EQ(countOf(*text, "</script"), 2u);
  EXPECT_EQ(countOf(*text, "<!--"), 0u);
  EXPECT_EQ(countOf(*text, "\\u003c/script>"), 2u);
}

TEST(Page, NeedsNothingElse) {
  std::string text = *page();
  for (const char *outside : {"http:", "https:", " src=", "@import", "url("}) {
    EXPECT_EQ(countOf(text, outside), 0u) << outside;
  }
  EXPECT_EQ(countOf(text, "default-src 'none'"), 1u);
  EXPECT_EQ(countOf(text, "@style@") + countOf(text, "@data@") +
                countOf(text, "@scripts@"),
            0u);
}

TEST(Page, TablesAreRuns) {
  json data = json::parse(
      *makePageData(sample(), *Machine::load("test8"), PageOptions()));
  // Eight columns 0, 1, ... are one run; two rows are no longer as they are.
  EXPECT_EQ(data["regions"][0]["columns"][0], json({{"runs", {0, 1, 8}}}));
  EXPECT_EQ(data["regions"][0]["rows"][0], json({7, 9}));
  EXPECT_EQ(data["roles"][0]["code"], json({"end"}));
  EXPECT_EQ(data["run"], nullptr);
}

TEST(Page, RunOfThisImage) {
  Result<std::string> text =
      page(R"({"machine":"test8","cycles":5,"params":"measured",)"
           R"("regions":[{"name":"g","cores":16,"core_cycles":{"idle":80}}]})");
  EXPECT_TRUE(text) << text.error().str();
}

TEST(Page, OtherRunsAreRefused) {
  auto error = [](const std::string &run) {
    Result<std::string> text = page(run);
    return text ? "accepted" : text.error().str();
  };
  EXPECT_EQ(error("[1]"),
            "r.json: not the result of a run: expected the object that 'wsec "
            "run --json' prints but got an array of 1 elements (hint: make it "
            "with 'wsec run "
            "IMAGE --json > FILE')");
  EXPECT_EQ(error(R"({"machine":"wse3","cycles":5})"),
            "r.json: the run is of another machine: expected 'test8' but got "
            "\"wse3\" (hint: make it with 'wsec run IMAGE --json > FILE')");
  for (const char *regions :
       {"7", "[]", "[1]", R"([{"name":"h","core_cycles":{}}])",
        R"([{"name":"g","core_cycles":3}])"}) {
    EXPECT_EQ(error(R"({"machine":"test8","cycles":5,"regions":)" +
                    std::string(regions) + "}"),
              "r.json: the run is of another image: expected an account of the "
              "image's regions but got others (hint: make it with 'wsec run "
              "IMAGE --json > FILE')")
        << regions;
  }
  EXPECT_NE(error("{").find("r.json"), std::string::npos);
}

} // namespace
