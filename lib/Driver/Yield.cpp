// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Yield.h"

#include "wafer/Remap/Tracks.h"
#include "wafer/Sim/TokenRun.h"
#include "wafer/Support/Rng.h"
#include "wafer/Support/Xml.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

using namespace wafer;

Result<double> wafer::simulateToken(const Image &image, const Machine &machine,
                                    const ParameterSet &costs) {
  Result<std::optional<TokenProtocol>> protocol = readTokenProtocol(image);
  if (!protocol) {
    return protocol.takeError();
  }
  if (!*protocol) {
    return Diagnostic{"the image does not generate tokens", "", "", "", ""};
  }
  FastOptions options;
  options.timingOnly = true;
  auto engine = Engine::createFast(image, machine, costs, options);
  if (!engine) {
    return engine.takeError();
  }
  TokenProtocol plain = **protocol;
  plain.stopAtEos = plain.stopAtInvalid = false;
  // The first token starts from a wafer at rest; the next two tell the pace.
  Result<TokenRun> run = runTokens(**engine, plain, {{{0}, 3}}, kNever);
  if (!run) {
    return run.takeError();
  }
  if (run->outcome.kind != Outcome::Kind::HostSatisfied) {
    return Diagnostic{"the run stopped", "", "", run->outcome.detail, ""};
  }
  return run->cyclesPerToken();
}

namespace {

class YieldRun {
public:
  YieldRun(const Image &image, const Machine &machine,
           const YieldOptions &options)
      : image(image), machine(machine), options(options),
        footprint(image, machine) {}

  Result<YieldTable>
  run(const std::function<void(uint64_t, uint64_t)> &progress) {
    if (Status s = prepare(); !s) {
      return s.takeError();
    }
    uint64_t total = options.densities.size() * uint64_t(options.samples);
    samples.resize(total);
    defects.resize(total);
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < std::max(1u, options.threads); ++i) {
      threads.emplace_back([&] { work(total); });
    }
    while (done < total) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      progress(done, total);
    }
    for (std::thread &thread : threads) {
      thread.join();
    }
    if (failure) {
      return *failure;
    }
    for (size_t d = 0; d < options.densities.size(); ++d) {
      table.points.push_back(summarise(d));
    }
    return std::move(table);
  }

private:
  /// A token on a wafer, simulated once for all maps that differ only in what
  /// no token notices: the place of the program, the ways of the host's words,
  /// and the defects themselves.
  Result<double> cyclesUnder(LogicalMap map) {
    std::string key = timingKey(map);
    {
      std::lock_guard<std::mutex> lock(memoMutex);
      auto known = memo.find(key);
      if (known != memo.end()) {
        return known->second;
      }
    }
    Image copy = image;
    copy.map = std::move(map);
    Result<double> cycles = simulateToken(copy, machine, *costs);
    if (cycles) {
      std::lock_guard<std::mutex> lock(memoMutex);
      memo.emplace(std::move(key), *cycles);
    }
    return cycles;
  }

  /// Equal for maps under which the program has the same shape. Places of
  /// bypassed tiles are physical, so such maps stay as they are.
  static std::string timingKey(LogicalMap map) {
    map.defects = {};
    map.ports.clear();
    if (map.bypassed.empty()) {
      int32_t rows = dropLead(map.skippedRows);
      int32_t columns = dropLead(map.skippedColumns);
      for (HoleTrack &track : map.tracks) {
        for (HoleTrack::Point &point : track.points) {
          point.home -= map.trackAxis == Axis::Y ? columns : rows;
        }
      }
    }
    return map.toJson();
  }
  /// Moves skipped lines such that none lies before the program; by how many.
  static int32_t dropLead(std::vector<LineRun> &runs) {
    if (runs.empty() || runs.front().begin != 0) {
      return 0;
    }
    int32_t lead = runs.front().count;
    runs.erase(runs.begin());
    for (LineRun &run : runs) {
      run.begin -= lead;
    }
    return lead;
  }

  Status prepare() {
    Result<const ParameterSet *> chosen =
        machine.chooseParameters(options.params);
    if (!chosen) {
      return chosen.takeError();
    }
    costs = *chosen;
    table.isSimulated = options.simulate;
    nlohmann::json report = nlohmann::json::parse(image.report, nullptr, false);
    bool isPredicted = report.is_object() &&
                       report.contains("predicted_cycles_per_token") &&
                       report["predicted_cycles_per_token"].is_number();
    if (!options.simulate && isPredicted) {
      table.cyclesPerToken = report["predicted_cycles_per_token"].get<double>();
      return Status::success();
    }
    Result<double> cycles = simulateToken(image, machine, *costs);
    if (!cycles) {
      return cycles.takeError();
    }
    table.cyclesPerToken = *cycles;
    return Status::success();
  }

  void work(uint64_t total) {
    for (uint64_t i = next++; i < total; i = next++) {
      measure(i);
      ++done;
    }
  }

  void measure(uint64_t index) {
    SampleOptions sample = options.sample;
    sample.density = options.densities[index / options.samples];
    // Wafers of the same number differ between densities as well.
    Rng mix(options.sample.seed * 0x9e3779b97f4a7c15ull + index);
    sample.seed = mix.next();
    Result<DefectMap> map = sampleDefects(machine, sample);
    YieldSample &out = samples[index];
    if (!map) {
      out.reason = map.error().str();
      return;
    }
    defects[index] = uint32_t(map->size());
    measureYardsticks(*map, out);
    auto start = std::chrono::steady_clock::now();
    Result<Remapped> mapped =
        remapProgram(footprint, machine, *map, options.remap);
    out.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
    if (!mapped) {
      out.reason = mapped.error().str();
      return;
    }
    out.isMapped = true;
    out.cost = mapped->cost;
    // The way of the host's words is no part of a token's loop.
    bool isSlower = out.cost.rowsSkipped || out.cost.columnsSkipped ||
                    out.cost.holeTracks || out.cost.tilesBypassed;
    if (!isSlower) {
      return;
    }
    double cycles = table.cyclesPerToken + double(out.cost.cyclesAdded);
    if (options.simulate) {
      Result<double> simulated = cyclesUnder(std::move(mapped->map));
      if (!simulated) {
        fail(simulated.takeError());
        return;
      }
      cycles = *simulated;
    }
    out.lost = 1 - table.cyclesPerToken / cycles;
  }

  /// What is left of the usable rectangle without its dead cores; a dead link
  /// takes the core west or north of it.
  void measureYardsticks(const DefectMap &map, YieldSample &out) const {
    std::vector<Coord> dead;
    auto add = [&](Coord tile) {
      if (machine.usable.contains(tile)) {
        dead.push_back({tile.x - machine.usable.x, tile.y - machine.usable.y});
      }
    };
    for (Coord c : map.tiles) {
      add(c);
    }
    for (Coord c : map.cores) {
      add(c);
    }
    for (const DeadBank &b : map.banks) {
      add(b.core);
    }
    for (const DeadLink &l : map.links) {
      add(l.core);
    }
    int32_t w = machine.width(), h = machine.height();
    DroppedLines kept = dropLines(w, h, dead);
    out.dropped = double(kept.rows) * kept.columns / (double(w) * h);
    out.rerouted = double(rerouteColumns(w, h, dead).size()) / w;
  }

  void fail(Diagnostic error) {
    if (!failed.exchange(true)) {
      failure = std::move(error);
    }
  }

  YieldPoint summarise(size_t index) const {
    YieldPoint p;
    p.density = options.densities[index];
    p.samples = options.samples;
    std::vector<double> lost;
    for (uint32_t i = 0; i < options.samples; ++i) {
      size_t at = index * options.samples + i;
      const YieldSample &s = samples[at];
      p.meanDefects += double(defects[at]) / options.samples;
      p.secondsMean += s.seconds / options.samples;
      p.secondsMax = std::max(p.secondsMax, s.seconds);
      p.droppedMean += s.dropped / options.samples;
      p.reroutedMean += s.rerouted / options.samples;
      if (!s.isMapped) {
        p.firstReason = p.firstReason.empty() ? s.reason : p.firstReason;
        continue;
      }
      ++p.mapped;
      lost.push_back(s.lost);
      p.moved += s.cost.movedX || s.cost.movedY;
      p.skipped += s.cost.rowsSkipped || s.cost.columnsSkipped;
      p.tracked += s.cost.holeTracks > 0;
      p.bypassed += s.cost.tilesBypassed > 0;
      p.meanLines += s.cost.rowsSkipped + s.cost.columnsSkipped;
      p.meanTracks += s.cost.holeTracks;
      p.meanLongLinks += double(s.cost.longLinks);
      p.meanBypassed += s.cost.tilesBypassed;
    }
    if (lost.empty()) {
      return p;
    }
    std::sort(lost.begin(), lost.end());
    auto percentile = [&](double share) {
      return lost[size_t(share * double(lost.size() - 1) + 0.5)];
    };
    for (double l : lost) {
      p.lostMean += l / double(lost.size());
    }
    p.lost5 = percentile(0.05);
    p.lost95 = percentile(0.95);
    p.meanLines /= p.mapped;
    p.meanTracks /= p.mapped;
    p.meanLongLinks /= p.mapped;
    p.meanBypassed /= p.mapped;
    return p;
  }

  const Image &image;
  const Machine &machine;
  const YieldOptions &options;
  Footprint footprint;
  const ParameterSet *costs = nullptr;
  YieldTable table;
  std::vector<YieldSample> samples;
  std::vector<uint32_t> defects;
  /// Cycles of a token, by timingKey().
  std::map<std::string, double> memo;
  std::mutex memoMutex;
  std::atomic<uint64_t> next{0}, done{0};
  std::atomic<bool> failed{false};
  std::optional<Diagnostic> failure;
};

} // namespace

Result<YieldTable>
wafer::measureYield(const Image &image, const Machine &machine,
                    const YieldOptions &options,
                    const std::function<void(uint64_t, uint64_t)> &progress) {
  return YieldRun(image, machine, options).run(progress);
}

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

std::string YieldTable::toJson() const {
  nlohmann::json root;
  root["cycles_per_token"] = cyclesPerToken;
  root["simulated"] = isSimulated;
  root["points"] = nlohmann::json::array();
  for (const YieldPoint &p : points) {
    root["points"].push_back({{"density", p.density},
                              {"samples", p.samples},
                              {"mapped", p.mapped},
                              {"defects_mean", p.meanDefects},
                              {"lost_mean", p.lostMean},
                              {"lost_5", p.lost5},
                              {"lost_95", p.lost95},
                              {"moved", p.moved},
                              {"lines_skipped", p.skipped},
                              {"lines_mean", p.meanLines},
                              {"tracked", p.tracked},
                              {"tracks_mean", p.meanTracks},
                              {"long_links_mean", p.meanLongLinks},
                              {"dropped_lines_cores_left", p.droppedMean},
                              {"greedy_columns_cores_left", p.reroutedMean},
                              {"bypassed", p.bypassed},
                              {"tiles_bypassed_mean", p.meanBypassed},
                              {"remap_seconds_mean", p.secondsMean},
                              {"remap_seconds_max", p.secondsMax},
                              {"first_refusal", p.firstReason}});
  }
  return root.dump(2) + "\n";
}

std::string YieldTable::toSvg(const std::string &title) const {
  constexpr double kWidth = 640, kHeight = 360, kLeft = 60, kTop = 40;
  constexpr double kPlotWidth = 500, kPlotHeight = 260;
  double mostLost = 0.01;
  for (const YieldPoint &p : points) {
    mostLost = std::max(mostLost, p.lost95);
  }
  auto x = [&](size_t i) {
    double steps = double(std::max<size_t>(1, points.size() - 1));
    return kLeft + kPlotWidth * double(i) / steps;
  };
  auto y = [&](double share) { return kTop + kPlotHeight * (1 - share); };
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n"
      "<text x=\"{}\" y=\"20\" font-size=\"14\">{}</text>\n"
      "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" "
      "stroke=\"#888\"/>\n",
      kWidth, kHeight, kLeft, escapeXml(title), kLeft, kTop, kPlotWidth,
      kPlotHeight);
  std::string mapped, mean, upper, lower;
  for (size_t i = 0; i < points.size(); ++i) {
    const YieldPoint &p = points[i];
    mapped += fmt::format("{:.1f},{:.1f} ", x(i),
                          y(double(p.mapped) / std::max(1u, p.samples)));
    mean += fmt::format("{:.1f},{:.1f} ", x(i), y(p.lostMean / mostLost));
    upper += fmt::format("{:.1f},{:.1f} ", x(i), y(p.lost95 / mostLost));
    lower = fmt::format("{:.1f},{:.1f} ", x(i), y(p.lost5 / mostLost)) + lower;
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">"
                       "{:.3g} %</text>\n",
                       x(i), kTop + kPlotHeight + 18, 100 * p.density);
  }
  svg += fmt::format("<polygon points=\"{}{}\" fill=\"#e08e0b\" "
                     "fill-opacity=\"0.2\"/>\n",
                     upper, lower);
  svg += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"#e08e0b\" "
                     "stroke-width=\"2\"/>\n",
                     mean);
  svg += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"#1f77b4\" "
                     "stroke-width=\"2\"/>\n",
                     mapped);
  for (int i = 0; i <= 4; ++i) {
    double share = i / 4.0;
    svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\" "
                       "fill=\"#1f77b4\">{:.0f} %</text>\n",
                       kLeft - 6, y(share) + 4, 100 * share);
    svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" fill=\"#b36f05\">{:.2f} "
                       "%</text>\n",
                       kLeft + kPlotWidth + 6, y(share) + 4,
                       100 * share * mostLost);
  }
  return svg + fmt::format("<text x=\"{}\" y=\"{}\">defects for each tile; "
                           "blue: wafers mapped, orange: tokens a second "
                           "lost, 5th to 95th percentile</text>\n</svg>\n",
                           kLeft, kHeight - 14);
}
