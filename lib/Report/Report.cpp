// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Report/Report.h"

#include "wafer/Image/TokenCommand.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <set>

using namespace wafer;

using nlohmann::json;

/// By pair of wafers.
static std::vector<CrossingReport> crossingsOf(const Image &image) {
  std::vector<CrossingReport> list;
  for (const HostPort &port : image.hostPorts) {
    if (port.input || !port.crosses()) {
      continue;
    }
    uint32_t to = image.hostPorts[port.partner].wafer;
    auto it = std::find_if(list.begin(), list.end(), [&](auto &c) {
      return c.from == port.wafer && c.to == to;
    });
    if (it == list.end()) {
      it = list.insert(it, {port.wafer, to, 0, 0});
      for (const StageInfo &stage : image.stages) {
        if (stage.wafer <= port.wafer) {
          it->layersBefore =
              std::max(it->layersBefore, stage.firstLayer + stage.numLayers);
        }
      }
    }
    ++it->channels;
  }
  std::sort(list.begin(), list.end(),
            [](auto &a, auto &b) { return a.from < b.from; });
  return list;
}

ImageReport wafer::makeReport(const Image &image, const Machine &machine) {
  ImageReport report;
  report.machine = machine.name;
  report.params = image.parameterSet;
  report.width = machine.width();
  report.height = machine.height();
  report.wafers = machine.wafers;
  report.crossings = crossingsOf(image);
  report.crossingCycles = machine.crossingCycles();
  report.networkCycles =
      uint64_t(std::llround(machine.networkLatencySeconds * machine.clockHz));
  report.roles = uint32_t(image.roles.size());
  report.fabricRules = uint32_t(image.rules.size());
  report.sramBytesSupply = machine.sramBytes;
  report.compiler = image.report;
  for (const InitData &data : image.initData) {
    report.weightBytes += data.size;
  }
  for (const StageInfo &info : image.stages) {
    const Role &role = image.roles[image.regions[info.region].role];
    StageReport stage;
    stage.name = info.name;
    stage.wafer = info.wafer;
    stage.rect = info.rect;
    stage.firstLayer = info.firstLayer;
    stage.numLayers = info.numLayers;
    stage.role = role.name;
    stage.codeBytes =
        uint32_t(role.code.size()) * machine.codeBytesPerInstruction;
    uint32_t buffers = 0;
    for (const Buffer &buffer : role.buffers) {
      buffers = std::max(buffers, buffer.offset + buffer.bytes);
    }
    stage.sramBytes = buffers + stage.codeBytes + machine.systemBytes +
                      machine.taskTableBytes;
    stage.queues = uint32_t(role.queues.size());
    std::set<uint8_t> colors;
    for (const Rule &rule : image.rules) {
      if (rule.rect.intersects(info.rect)) {
        colors.insert(rule.color);
      }
    }
    stage.colors = uint32_t(colors.size());
    report.colorsMax = std::max(report.colorsMax, stage.colors);
    report.queuesMax = std::max(report.queuesMax, stage.queues);
    report.sramBytesMax = std::max(report.sramBytesMax, stage.sramBytes);
    report.stages.push_back(std::move(stage));
  }
  return report;
}

/// A number that the compiler left, or 0.
static int64_t numberOf(const json &own, const char *key) {
  return own.is_object() && own.contains(key) && own[key].is_number_integer()
             ? own[key].get<int64_t>()
             : 0;
}

/// Cycles of a token that crossings of a latency cost.
static int64_t crossingCost(const ImageReport &report, const json &own,
                            uint64_t latency) {
  return numberOf(own, "predicted_crossing_cycles") +
         int64_t(report.crossings.size()) * int64_t(latency);
}

/// Of a pass: only the hidden state, with a header in each channel, and the
/// next id cross; the latter goes back.
static int64_t wordsOf(const CrossingReport &crossing, const json &own) {
  int tokens = int(std::max<int64_t>(1, numberOf(own, "tokens_per_pass")));
  return crossing.to > crossing.from
             ? numberOf(own, "crossing_words") +
                   int64_t(crossing.channels) * headerWords(tokens)
             : 1;
}

std::string ImageReport::toJson() const {
  json result = json::parse(compiler, nullptr, /*allow_exceptions=*/false);
  if (!result.is_object()) {
    result = json::object();
  }
  result["machine"] = machine;
  result["params"] = params;
  result["grid"] = {width, height};
  result["wafers"] = wafers;
  if (!crossings.empty()) {
    json list = json::array();
    for (const CrossingReport &c : crossings) {
      list.push_back({{"from", c.from},
                      {"to", c.to},
                      {"channels", c.channels},
                      {"words_per_token", wordsOf(c, result)},
                      {"layers_before", c.layersBefore}});
    }
    int64_t slow = crossingCost(*this, result, crossingCycles);
    int64_t fast = crossingCost(*this, result, networkCycles);
    if (result.contains("predicted_cycles_per_token") && networkCycles) {
      result["predicted_cycles_per_token_network"] =
          numberOf(result, "predicted_cycles_per_token") - slow + fast;
    }
    result["crossing_cycles_per_token"] = slow;
    if (networkCycles) {
      result["crossing_cycles_per_token_network"] = fast;
    }
    result["crossings"] = std::move(list);
  }
  result["roles"] = roles;
  result["fabric_rules"] = fabricRules;
  result["colors_max"] = colorsMax;
  result["queues_max"] = queuesMax;
  result["sram_bytes_max"] = sramBytesMax;
  result["weight_bytes"] = weightBytes;
  if (!result.contains("defects")) {
    result["defects"] = {{"tiles", 0},      {"cores", 0},
                         {"links", 0},      {"lines_skipped", 0},
                         {"long_links", 0}, {"cycles_lost", 0}};
  }
  json list = json::array();
  for (const StageReport &stage : stages) {
    list.push_back(
        {{"name", stage.name},
         {"wafer", stage.wafer},
         {"rect", {stage.rect.x, stage.rect.y, stage.rect.w, stage.rect.h}},
         {"layers", {stage.firstLayer, stage.firstLayer + stage.numLayers}},
         {"roles", 1},
         {"sram_bytes_max", stage.sramBytes},
         {"code_bytes_max", stage.codeBytes},
         {"colors_max", stage.colors},
         {"queues_max", stage.queues}});
  }
  result["stages"] = std::move(list);
  return result.dump(2);
}

/// The stages as boxes of letters, at most 72 x 18 characters.
static std::string drawFloorplan(const std::vector<StageReport> &stages) {
  int32_t width = 1, height = 1;
  for (const StageReport &stage : stages) {
    width = std::max(width, stage.rect.endX());
    height = std::max(height, stage.rect.endY());
  }
  int32_t columns = std::min(width, 72), rows = std::min(height, 18);
  std::vector<std::string> picture(rows, std::string(columns, '.'));
  char letter = 'A';
  std::string legend;
  for (const StageReport &stage : stages) {
    const Rect &r = stage.rect;
    auto scale = [](int64_t place, int64_t cells, int64_t size) {
      return int32_t(place * cells / size);
    };
    int32_t x0 = scale(r.x, columns, width),
            x1 = std::max(scale(r.endX(), columns, width), x0 + 1);
    int32_t y0 = scale(r.y, rows, height),
            y1 = std::max(scale(r.endY(), rows, height), y0 + 1);
    for (int32_t y = y0; y < std::min(y1, rows); ++y) {
      for (int32_t x = x0; x < std::min(x1, columns); ++x) {
        picture[y][x] = letter;
      }
    }
    legend += fmt::format("  {} {}", letter, stage.name);
    letter = letter == 'Z' ? 'a' : char(letter + 1);
  }
  std::string text;
  for (const std::string &line : picture) {
    text += "  " + line + "\n";
  }
  return text +
         fmt::format("  ({} x {} cores shown)\n{}\n", width, height, legend);
}

std::string ImageReport::toText(const Machine &m) const {
  std::string text = fmt::format(
      "machine {} ({} x {} usable cores{}), parameter set "
      "'{}'\n\n",
      machine, width, height,
      wafers > 1 ? fmt::format(" on {} wafers", wafers) : "", params);
  text += drawFloorplan(stages);
  text += fmt::format("\n  {:<12}{} {:>18} {:>10} {:>12} {:>8} {:>7} {:>7}\n",
                      "stage", wafers > 1 ? " wafer" : "", "rectangle",
                      "layers", "SRAM bytes", "code", "colors", "queues");
  std::vector<StageReport> byWafer = stages;
  std::stable_sort(byWafer.begin(), byWafer.end(),
                   [](auto &a, auto &b) { return a.wafer < b.wafer; });
  for (const StageReport &s : byWafer) {
    text += fmt::format(
        "  {:<12}{} {:>18} {:>10} {:>12} {:>8} {:>7} {:>7}\n", s.name,
        wafers > 1 ? fmt::format(" {:>5}", s.wafer) : "",
        fmt::format("{}x{} at {},{}", s.rect.w, s.rect.h, s.rect.x, s.rect.y),
        s.numLayers ? fmt::format("{}..{}", s.firstLayer,
                                  s.firstLayer + s.numLayers - 1)
                    : "-",
        s.sramBytes, s.codeBytes, s.colors, s.queues);
  }
  text += fmt::format("\n  fullest core {} of {} bytes; {} roles, {} fabric "
                      "rules; at most {} of {} colors in a stage; "
                      "{} bytes of weights\n",
                      sramBytesMax, sramBytesSupply, roles, fabricRules,
                      colorsMax, m.colors, weightBytes);
  json own = json::parse(compiler, nullptr, false);
  for (const CrossingReport &c : crossings) {
    text += fmt::format(
        "  wafer {} to {}, behind layer {}: {} words a token by {} channel{}\n",
        c.from, c.to, c.layersBefore - 1, wordsOf(c, own), c.channels,
        c.channels == 1 ? "" : "s");
  }
  if (!crossings.empty()) {
    text += fmt::format("  crossings cost {} cycles a token",
                        crossingCost(*this, own, crossingCycles));
    if (networkCycles) {
      text += fmt::format(", {} with the latency of the network alone",
                          crossingCost(*this, own, networkCycles));
    }
    text += '\n';
  }
  if (own.is_object() && own.contains("predicted_cycles_per_token")) {
    double cycles = own["predicted_cycles_per_token"].get<double>();
    text += fmt::format(
        "  predicted {:.0f} cycles a token, {:.0f} tokens/s at {:.0f} MHz\n",
        cycles, m.clockHz / cycles, m.clockHz / 1e6);
  }
  return text;
}
