// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Bench/DecodePhases.h"
#include "wafer/Bench/Calibration.h"
#include "wafer/Support/Json.h"

#include "LineText.h"
#include "PhaseWriter.h"
#include "ProgramText.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;
using nlohmann::json;

Machine wafer::decodePhasesMachine(const Machine &machine) {
  Machine result = machine;
  result.inputQueues.reserved = result.outputQueues.reserved = 0;
  return result;
}

//===----------------------------------------------------------------------===//
// Images
//===----------------------------------------------------------------------===//

static Status checkShape(const Machine &machine, const std::string &name,
                         const DecodePhasesShape &s) {
  if (Status status = requireResources(machine, name, 13, 8, 3, s.side);
      !status) {
    return status;
  }
  if (s.side < 2 || s.side > uint32_t(machine.height())) {
    return Diagnostic{"bad grid of a decode layer", name,
                      fmt::format("a square of 2 to {} cores a side",
                                  std::min(machine.width(), machine.height())),
                      fmt::format("{}", s.side), ""};
  }
  if (s.kvHeads == 0 || s.side % s.kvHeads || s.band() < 2) {
    return Diagnostic{
        "bad number of key-value heads", name,
        fmt::format("a divisor of {}, at most half of it", s.side),
        fmt::format("{}", s.kvHeads), ""};
  }
  struct Extent {
    const char *what;
    uint64_t value, unit;
  };
  for (const Extent &e :
       {Extent{"heads", s.heads, s.kvHeads}, Extent{"dim", s.dim, s.side},
        Extent{"ffn", s.ffn, s.side}, Extent{"context", s.context, s.side},
        // A core has whole pairs of a head.
        Extent{"dimension of a head", s.headDim, 2 * s.band()},
        Extent{"side", s.side, s.group}}) {
    if (e.unit == 0 || e.value == 0 || e.value % e.unit) {
      return Diagnostic{fmt::format("bad {} of a decode layer", e.what), name,
                        fmt::format("a multiple of {}", e.unit),
                        fmt::format("{}", e.value), ""};
    }
  }
  return Status::success();
}

namespace {

/// Gives the lines their colors: those that switch first.
class LineColors {
public:
  explicit LineColors(const Machine &machine) {
    for (unsigned color : freeColors(machine)) {
      bool can = (machine.switchableColors >> color) & 1u;
      (can && switched.size() < 5 ? switched : others).push_back(color);
    }
  }
  bool enough() const { return switched.size() == 5 && others.size() >= 8; }
  /// Two colors a level, of which the first switches, and one for the sums.
  std::vector<unsigned> take(unsigned levels) {
    std::vector<unsigned> result;
    for (unsigned level = 0; level < levels; ++level) {
      result.push_back(switched.back());
      result.push_back(others.back());
      switched.pop_back();
      others.pop_back();
    }
    result.push_back(others.back());
    others.pop_back();
    return result;
  }

private:
  std::vector<unsigned> switched, others;
};

} // namespace

static std::string phasesJson(const PhaseWriter &writer, const Role &role) {
  json phases = json::array();
  for (size_t i = 0; i < writer.phases().size(); ++i) {
    phases.push_back(
        {{"name", writer.phases()[i]},
         {"address", *bufferOffset(role, PhaseWriter::clock(i + 1))}});
  }
  json model = {{"name", role.name},
                {"begin", *bufferOffset(role, PhaseWriter::clock(0))},
                {"phases", phases}};
  return model.dump();
}

static Result<Image> build(const Machine &machine, const std::string &name,
                           const DecodePhasesShape &shape,
                           void (PhaseWriter::*write)()) {
  if (Status status = checkShape(machine, name, shape); !status) {
    return status.takeError();
  }
  LineColors colors(machine);
  if (!colors.enough()) {
    return Diagnostic{"the machine has too few switchable colors",
                      fmt::format("{} on '{}'", name, machine.name), "5", "",
                      ""};
  }
  PhaseWriter writer(shape, machine);
  (writer.*write)();

  uint32_t side = shape.side, groups = side / shape.group;
  ChainPlan twoLevels =
      planChains(side, {shape.group, groups}, Collectors::MiddleSwitched);
  ChainPlan oneLevel =
      planChains(shape.band(), {shape.band()}, Collectors::MiddleSwitched);
  // The band's tables stand behind those of the rows.
  struct {
    LineText text;
    unsigned firstTable;
  } lines[PhaseWriter::kNumLines] = {
      {{'x', Axis::X, side, twoLevels, colors.take(2)}, 0},
      {{'y', Axis::Y, side, twoLevels, colors.take(2)}, 0},
      {{'b', Axis::X, side, oneLevel, colors.take(1)}, 8}};
  std::string params, tables, queues, routes;
  for (unsigned i = 0; i < PhaseWriter::kNumLines; ++i) {
    const LineText &text = lines[i].text;
    const auto &line = writer.lines[i];
    params += text.params(lines[i].firstTable);
    if (line.isUsed) {
      queues += text.queues(lines[i].firstTable, line.firstQueue,
                            line.secondQueue, line.shareQueue, line.outQueue);
      routes += text.routes();
    }
    unsigned number = lines[i].firstTable;
    for (const std::vector<uint32_t> &table : text.tables()) {
      tables += fmt::format("  {} {}: [{}]\n", text.tableKind(), number++,
                            joined(table));
    }
  }
  std::vector<uint32_t> owner(side, 0);
  owner[(shape.context - 1) % side] = 1;
  tables += fmt::format("  row 8: [{}]\n", joined(owner));
  std::string text = fmt::format(
      "role @{0} {{\n  params at 0 {{\n{1}    owner: row 8\n{2}  }}\n"
      "  buffer @params params at 0 size {3}\n{4}{5}"
      "  task @main local active entry start\n  code {{\n  start:\n{6}  }}\n"
      "}}\nregion @{0} role @{0} rect 0 0 {7} {7} {{\n{8}}}\n{9}",
      name, params, writer.descriptors(), writer.paramBytes(),
      writer.buffers(writer.paramBytes()), queues, writer.code(), side, tables,
      routes);
  Result<Image> image = parseProgram(machine, name, text, {});
  if (image) {
    image->model = phasesJson(writer, image->roles.front());
  }
  return image;
}

Result<Image> wafer::buildAttentionPhases(const Machine &machine,
                                          const DecodePhasesShape &shape) {
  return build(machine, "attention", shape, &PhaseWriter::attention);
}

Result<Image> wafer::buildFeedForwardPhases(const Machine &machine,
                                            const DecodePhasesShape &shape) {
  return build(machine, "feed-forward", shape, &PhaseWriter::feedForward);
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

namespace {

/// Reads the clocks of all cores.
class PhaseClocks {
public:
  PhaseClocks(Engine &engine, const Rect &rect, const ParameterSet &costs)
      : engine(engine), rect(rect), own(std::max(1u, costs.readClock)) {}

  Result<PhaseCycles> read(const std::string &name, uint32_t from,
                           uint32_t to) {
    PhaseCycles result{name, 0, UINT64_MAX, 0};
    for (int32_t y = rect.y; y < rect.endY(); ++y) {
      for (int32_t x = rect.x; x < rect.endX(); ++x) {
        uint32_t first = 0, last = 0;
        Status status = engine.peek({x, y}, from, &first, 4);
        status = status ? engine.peek({x, y}, to, &last, 4) : status;
        if (!status) {
          return status.takeError();
        }
        // Clocks count modulo 2^32.
        uint64_t cycles = uint32_t(last - first) - own;
        result.mean += double(cycles);
        result.least = std::min(result.least, cycles);
        result.most = std::max(result.most, cycles);
      }
    }
    result.mean /= double(rect.area());
    return result;
  }

private:
  Engine &engine;
  Rect rect;
  uint64_t own;
};

} // namespace

Result<std::vector<PhaseCycles>> wafer::runPhases(const Image &image,
                                                  const Machine &machine,
                                                  const ParameterSet &costs) {
  Result<BenchRun> run = runProgram(image, machine, costs);
  if (!run) {
    return run.takeError();
  }
  Result<json> model = parseJson(image.model, "model of the image");
  if (!model) {
    return model.takeError();
  }
  PhaseClocks clocks(*run->engine, image.regions.front().rect, costs);
  std::vector<PhaseCycles> result;
  uint32_t from = (*model)["begin"].get<uint32_t>();
  for (const json &phase : (*model)["phases"]) {
    uint32_t to = phase["address"].get<uint32_t>();
    auto cycles = clocks.read(phase["name"].get<std::string>(), from, to);
    if (!cycles) {
      return cycles.takeError();
    }
    result.push_back(*cycles);
    from = to;
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Published figures
//===----------------------------------------------------------------------===//

const std::vector<PublishedPhases> &wafer::publishedPhases() {
  // EPCC measurements on CS-3, 2026: a core's clock at the ends of phases, in
  // the first of the model's squares, one request, cycles a layer and step.
  static const std::vector<PublishedPhases> kModels = {
      {"qwen3-4b",
       DecodePhasesShape(),
       36,
       {{"qkv", 2048, 1660},
        {"qk-norm+rope", 2048, 1793},
        {"score", 2048, 906},
        {"softmax", 2048, 3808},
        {"pv", 2048, 1942},
        {"o-proj", 2048, 1570},
        {"residual", 2048, 208},
        {"softmax", 23552, 9984}},
       {{2048, 11886, 5802}, {8192, 14176, 5797}, {23552, 20931, 5814}}}};
  return kModels;
}

double PublishedPhases::phaseAt(const std::string &name,
                                uint32_t context) const {
  for (const Phase &phase : phases) {
    if (phase.context == context && phase.name == name) {
      return phase.cycles;
    }
  }
  return 0;
}

const PublishedPhases::Whole *PublishedPhases::wholeAt(uint32_t context) const {
  for (const Whole &whole : wholes) {
    if (whole.context == context) {
      return &whole;
    }
  }
  return nullptr;
}
