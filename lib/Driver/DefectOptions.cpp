// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "DefectOptions.h"

#include <CLI/CLI.hpp>

#include <charconv>
#include <fmt/format.h>

using namespace wafer;

void SampleArguments::add(CLI::App &command) {
  command.add_option("--kind", kind, "What is dead: tile, core, link or mixed")
      ->check(CLI::IsMember({"tile", "core", "link", "mixed"}))
      ->capture_default_str();
  command.add_flag("--clustered", clustered,
                   "Rates that differ by die, and compact discs");
  command
      .add_option("--alpha", alpha,
                  "Shape of the rates of dies (with --clustered)")
      ->check(CLI::Range(0.05, 1000.0))
      ->capture_default_str();
  command.add_option("--die", die,
                     "Sides of a die in tiles, such as 109x98 (default: an "
                     "eighth of the machine's)");
  command.add_option("--seed", seed, "Seed")->capture_default_str();
}

Result<SampleOptions> SampleArguments::read() const {
  SampleOptions options;
  options.kind = *defectKindOf(kind);
  options.clustered = clustered;
  options.alpha = alpha;
  options.seed = seed;
  if (die.empty()) {
    return options;
  }
  size_t cross = die.find('x');
  auto side = [&](size_t from, size_t to, int32_t &value) {
    auto [end, error] =
        std::from_chars(die.data() + from, die.data() + to, value);
    return error == std::errc() && end == die.data() + to && value > 0;
  };
  if (cross == std::string::npos || !side(0, cross, options.dieWidth) ||
      !side(cross + 1, die.size(), options.dieHeight)) {
    return Diagnostic{"bad value of --die", "", "WIDTHxHEIGHT",
                      fmt::format("'{}'", die), ""};
  }
  return options;
}

Result<double> wafer::readDensity(const std::string &text) {
  double value = 0;
  const char *last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, value);
  bool isPercent = end + 1 == last && *end == '%';
  if (error == std::errc() && (end == last || isPercent)) {
    value /= isPercent ? 100 : 1;
    if (value >= 0 && value <= 0.5) {
      return value;
    }
  }
  return Diagnostic{"bad density", "", "0 to 0.5, or 0% to 50%",
                    fmt::format("'{}'", text), ""};
}

nlohmann::json wafer::describe(const RemapCost &cost) {
  return {{"moved", {cost.movedX, cost.movedY}},
          {"rows_skipped", cost.rowsSkipped},
          {"columns_skipped", cost.columnsSkipped},
          {"tiles_bypassed", cost.tilesBypassed},
          {"hole_tracks", cost.holeTracks},
          {"long_links", cost.longLinks},
          {"cycles_added_estimate", cost.cyclesAdded}};
}
