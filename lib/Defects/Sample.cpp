// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places are drawn one after another and kept in a set, so a place is dead at
// most once. Gamma variables after Marsaglia and Tsang (2000), Poisson
// variables as sums of small ones after Knuth.
//
//===----------------------------------------------------------------------===//
#include "wafer/Defects/Sample.h"

#include "wafer/Support/Rng.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <set>

using namespace wafer;

std::optional<DefectKind> wafer::defectKindOf(std::string_view name) {
  for (DefectKind k : {DefectKind::Tile, DefectKind::Core, DefectKind::Link,
                       DefectKind::Mixed}) {
    if (name == nameOf(k)) {
      return k;
    }
  }
  return std::nullopt;
}

const char *wafer::nameOf(DefectKind kind) {
  static constexpr const char *kNames[] = {"tile", "core", "link", "mixed"};
  return kNames[unsigned(kind)];
}

namespace {

uint64_t drawPoisson(Rng &rng, double mean) {
  uint64_t sum = 0;
  // A sum of Poisson variables is one; e^-mean must not vanish.
  for (double left = mean; left > 0; left -= 16) {
    double limit = std::exp(-std::min(left, 16.0));
    for (double product = rng.uniform(); product > limit;
         product *= rng.uniform()) {
      ++sum;
    }
  }
  return sum;
}

double drawNormal(Rng &rng) {
  constexpr double kTwoPi = 6.283185307179586;
  double radius = std::sqrt(-2 * std::log(1 - rng.uniform()));
  return radius * std::cos(kTwoPi * rng.uniform());
}

/// Mean 1, variance 1 / alpha.
double drawGamma(Rng &rng, double alpha) {
  double boost = 1;
  double shape = alpha;
  if (shape < 1) {
    boost = std::pow(1 - rng.uniform(), 1 / shape);
    shape += 1;
  }
  double d = shape - 1.0 / 3;
  double c = 1 / std::sqrt(9 * d);
  for (;;) {
    double x = drawNormal(rng);
    double v = (1 + c * x) * (1 + c * x) * (1 + c * x);
    if (v > 0 &&
        std::log(1 - rng.uniform()) < x * x / 2 + d - d * v + d * std::log(v)) {
      return boost * d * v / alpha;
    }
  }
}

class Sampler {
public:
  Sampler(const Machine &machine, const SampleOptions &options)
      : machine(machine), options(options), rng(options.seed),
        width(defectColumns(machine)), height(machine.physicalHeight) {}

  DefectMap sample() {
    if (options.clustered) {
      drawRates();
    }
    uint64_t number = options.count ? *options.count : drawNumber();
    number = std::min<uint64_t>(number, uint64_t(width) * uint64_t(height) / 2);
    if (options.clustered) {
      while (map.size() < number / 2) {
        addDisc(number / 2);
      }
    }
    while (map.size() < number) {
      addSite(drawPlace());
    }
    map.machine = machine.name;
    map.normalise();
    return std::move(map);
  }

private:
  int32_t dieSide(int32_t given, int32_t side) const {
    return given > 0 ? given : std::max(8, side / 8);
  }
  void drawRates() {
    dieWidth = dieSide(options.dieWidth, width);
    dieHeight = dieSide(options.dieHeight, height);
    diesAcross = (width + dieWidth - 1) / dieWidth;
    int32_t diesDown = (height + dieHeight - 1) / dieHeight;
    rates.resize(size_t(diesAcross) * size_t(diesDown));
    for (double &rate : rates) {
      rate = drawGamma(rng, options.alpha);
      largestRate = std::max(largestRate, rate);
    }
  }
  double rateAt(Coord c) const {
    return rates[size_t(c.y / dieHeight) * size_t(diesAcross) +
                 size_t(c.x / dieWidth)];
  }
  /// The rates decide how many defects there are, too.
  uint64_t drawNumber() {
    double tiles = double(width) * height;
    if (!options.clustered) {
      return drawPoisson(rng, options.density * tiles);
    }
    double weighted = 0;
    for (int32_t y = 0; y < height; y += dieHeight) {
      for (int32_t x = 0; x < width; x += dieWidth) {
        weighted += rateAt({x, y}) * std::min(dieWidth, width - x) *
                    std::min(dieHeight, height - y);
      }
    }
    return drawPoisson(rng, options.density * weighted);
  }
  Coord drawPlace() {
    for (;;) {
      Coord c{int32_t(rng.below(uint64_t(width))),
              int32_t(rng.below(uint64_t(height)))};
      if (!options.clustered || rng.uniform() * largestRate < rateAt(c)) {
        return c;
      }
    }
  }
  void addDisc(uint64_t limit) {
    Coord centre = drawPlace();
    int32_t most = std::clamp(std::min(width, height) / 12, 1, 5);
    int32_t radius = 1 + int32_t(rng.below(uint64_t(most)));
    for (int32_t y = -radius; y <= radius; ++y) {
      for (int32_t x = -radius; x <= radius; ++x) {
        Coord c{centre.x + x, centre.y + y};
        bool isInside = x * x + y * y <= radius * radius && c.x >= 0 &&
                        c.y >= 0 && c.x < width && c.y < height;
        if (isInside && map.size() < limit) {
          addSite(c);
        }
      }
    }
  }
  /// Mixed: of 20 defects 12 cores, 4 tiles, 3 links and a bank, in proportion
  /// to the area that a published core gives to each, roughly.
  DefectKind drawKind(bool &isBank) {
    isBank = false;
    if (options.kind != DefectKind::Mixed) {
      return options.kind;
    }
    uint64_t die = rng.below(20);
    isBank = die == 19;
    return die < 12   ? DefectKind::Core
           : die < 16 ? DefectKind::Tile
                      : DefectKind::Link;
  }
  void addSite(Coord c) {
    if (!sites.insert(c).second) {
      return;
    }
    bool isBank = false;
    DefectKind kind = drawKind(isBank);
    if (isBank) {
      map.banks.push_back({c, uint32_t(rng.below(machine.sramBanks))});
    } else if (kind == DefectKind::Tile) {
      map.tiles.push_back(c);
    } else if (kind == DefectKind::Core) {
      map.cores.push_back(c);
    } else {
      addLink(c);
    }
  }
  void addLink(Coord c) {
    bool east = rng.below(2) == 0;
    // The last row and column have one link less; take the other one, or the
    // one on the near side in the corner.
    if (c.x == width - 1 && c.y == height - 1) {
      c = width > 1 ? Coord{c.x - 1, c.y} : Coord{c.x, c.y - 1};
      east = width > 1;
    } else if (c.x == width - 1) {
      east = false;
    } else if (c.y == height - 1) {
      east = true;
    }
    DeadLink link{c, east ? Port::East : Port::South};
    if (links.insert(link).second) { // two sites may share the last link
      map.links.push_back(link);
    }
  }

  const Machine &machine;
  const SampleOptions &options;
  Rng rng;
  int32_t width;
  int32_t height;
  int32_t dieWidth = 1, dieHeight = 1, diesAcross = 1;
  std::vector<double> rates;
  double largestRate = 0;
  std::set<Coord> sites;
  std::set<DeadLink> links;
  DefectMap map;
};

} // namespace

Result<DefectMap> wafer::sampleDefects(const Machine &machine,
                                       const SampleOptions &options) {
  double tiles = double(defectColumns(machine)) * machine.physicalHeight;
  double wanted = options.count ? *options.count : options.density * tiles;
  if (!(wanted >= 0) || wanted > tiles / 2) {
    return Diagnostic{"cannot draw so many defects",
                      fmt::format("machine '{}'", machine.name),
                      fmt::format("at most {}", uint64_t(tiles / 2)),
                      fmt::format("{:.0f}", wanted), ""};
  }
  if (!(options.alpha > 0)) {
    return Diagnostic{"the shape of the clustering is not positive", "", "",
                      fmt::format("{}", options.alpha), ""};
  }
  return Sampler(machine, options).sample();
}
