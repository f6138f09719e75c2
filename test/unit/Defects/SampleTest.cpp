// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Defects/Sample.h"
#include "wafer/Defects/Draw.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace wafer;

namespace {

Machine small64() { return *Machine::load("small64"); }

DefectMap draw(const SampleOptions &options) {
  Machine machine = small64();
  Result<DefectMap> map = sampleDefects(machine, options);
  EXPECT_TRUE(bool(map)) << map.error().str();
  Status sound = map->check(machine, "m");
  EXPECT_TRUE(bool(sound)) << sound.error().str();
  return *map;
}

TEST(Sample, CountIsExactForEveryKind) {
  for (DefectKind kind : {DefectKind::Tile, DefectKind::Core, DefectKind::Link,
                          DefectKind::Mixed}) {
    for (bool clustered : {false, true}) {
      for (uint32_t count : {0u, 1u, 48u, 900u}) {
        SampleOptions options;
        options.kind = kind;
        options.clustered = clustered;
        options.count = count;
        options.seed = count + 7;
        EXPECT_EQ(draw(options).size(), count) << nameOf(kind);
      }
    }
  }
}

TEST(Sample, SameSeedSameMap) {
  SampleOptions options;
  options.kind = DefectKind::Mixed;
  options.density = 0.02;
  options.clustered = true;
  std::string first = draw(options).toJson();
  EXPECT_EQ(first, draw(options).toJson());
  options.seed = 2;
  EXPECT_NE(first, draw(options).toJson());
}

/// Mean and variance of the number of defects over many wafers.
std::pair<double, double> moments(SampleOptions options) {
  constexpr int kWafers = 400;
  double sum = 0, squares = 0;
  for (int i = 0; i < kWafers; ++i) {
    options.seed = uint64_t(i) * 77 + 1;
    double n = double(draw(options).size());
    sum += n;
    squares += n * n;
  }
  double mean = sum / kWafers;
  return {mean, squares / kWafers - mean * mean};
}

// 4096 tiles at 0.5 %: mean 20.5, and the variance of a Poisson variable is
// its mean. With 400 wafers the mean is known to 0.23 and the variance to
// about 7 %, so five standard errors are allowed.
TEST(Sample, PoissonMoments) {
  SampleOptions options;
  options.density = 0.005;
  auto [mean, variance] = moments(options);
  EXPECT_NEAR(mean, 20.48, 1.2);
  EXPECT_NEAR(variance / mean, 1, 0.36);
}

// 64 dies of 64 tiles with rates of shape 1: the mean stays, the variance is
// larger by the sum of the variances of the rates, 64 * 0.32^2 = 6.6.
TEST(Sample, ClusteredMoments) {
  SampleOptions options;
  options.density = 0.005;
  options.clustered = true;
  auto [mean, variance] = moments(options);
  EXPECT_NEAR(mean, 20.48, 1.5);
  EXPECT_GT(variance / mean, 1.05);
}

// Clusters touch one another; independent defects at this density do not.
TEST(Sample, ClustersAreCompact) {
  SampleOptions options;
  options.count = 40;
  Machine machine = small64();
  size_t loose = summarise(draw(options), machine).largestCluster;
  options.clustered = true;
  size_t compact = summarise(draw(options), machine).largestCluster;
  EXPECT_LE(loose, 3u);
  EXPECT_GE(compact, 5u);
}

TEST(Sample, TooMany) {
  SampleOptions options;
  options.count = 2049;
  Result<DefectMap> map = sampleDefects(small64(), options);
  ASSERT_FALSE(bool(map));
  EXPECT_EQ(map.error().str(), "machine 'small64': cannot draw so many "
                               "defects: expected at most 2048 but got 2049");
}

TEST(Draw, PictureHasEveryDefect) {
  SampleOptions options;
  options.kind = DefectKind::Mixed;
  options.count = 60;
  DefectMap map = draw(options);
  std::string svg = drawSvg(map, small64());
  auto count = [&](const std::string &what) {
    size_t n = 0;
    for (size_t at = svg.find(what); at != std::string::npos;
         at = svg.find(what, at + 1)) {
      ++n;
    }
    return n;
  };
  EXPECT_EQ(count("class=\"tile\""), map.tiles.size());
  EXPECT_EQ(count("class=\"core\""), map.cores.size());
  EXPECT_EQ(count("class=\"bank\""), map.banks.size());
  EXPECT_EQ(count("class=\"link\""), map.links.size());
}

} // namespace
