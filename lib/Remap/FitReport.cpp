// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Remap/Remap.h"

#include <nlohmann/json.hpp>

using namespace wafer;

void wafer::applyFit(Image &image, const Remapped &fit, uint64_t cyclesLost) {
  image.map = fit.map;
  nlohmann::json report = nlohmann::json::parse(image.report, nullptr, false);
  if (!report.is_object()) {
    report = nlohmann::json::object();
  }
  const DefectMap &d = fit.map.defects;
  const RemapCost &cost = fit.cost;
  report["defects"] = {
      {"tiles", d.tiles.size()},
      {"cores", d.cores.size()},
      {"links", d.links.size()},
      {"banks", d.banks.size()},
      {"lines_skipped", cost.rowsSkipped + cost.columnsSkipped},
      {"tiles_bypassed", cost.tilesBypassed},
      {"hole_tracks", cost.holeTracks},
      {"long_links", cost.longLinks},
      {"cycles_lost", cyclesLost}};
  image.report = report.dump();
}
