// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The data of the page: what the image says, in the shortest form that the
// scripts can look up a core in. Tables of rows and columns are run-length
// lists; masks of ports are the numbers of the image.
//
//===----------------------------------------------------------------------===//
#include "wafer/Image/Lookup.h"
#include "wafer/Image/Text.h"
#include "wafer/Report/Page.h"
#include "wafer/Report/Report.h"
#include "wafer/Report/Traffic.h"
#include "wafer/Support/Json.h"

#include <fmt/format.h>

#include <algorithm>

using namespace wafer;
using nlohmann::json;

static json toJson(const Rect &r) { return {r.x, r.y, r.w, r.h}; }

/// Runs of values in arithmetic progression, {"runs": [first, step, count...]},
/// or the values themselves where that is no longer.
template <typename T>
static json tableJson(const std::vector<T> &values) {
  std::vector<int64_t> runs;
  for (size_t i = 0; i < values.size();) {
    int64_t step =
        i + 1 < values.size() ? int64_t(values[i + 1]) - int64_t(values[i]) : 0;
    size_t end = i + 1;
    while (end < values.size() &&
           int64_t(values[end]) - int64_t(values[end - 1]) == step) {
      ++end;
    }
    runs.insert(runs.end(), {int64_t(values[i]), step, int64_t(end - i)});
    i = end;
  }
  if (runs.size() < values.size()) {
    return {{"runs", runs}};
  }
  return json(values);
}

static json sourceJson(ParamSource s) { return {unsigned(s.kind), s.value}; }

static json labelsJson(const std::vector<Label> &labels) {
  json list = json::array();
  for (const Label &l : labels) {
    list.push_back({l.index, l.name});
  }
  return list;
}

static const char *nameOf(BufferKind kind) {
  static constexpr const char *kNames[] = {"params", "weights", "state",
                                           "scratch"};
  return kNames[unsigned(kind)];
}

static json roleJson(const Role &role, const Machine &machine) {
  json result = {{"name", role.name}};
  json code = json::array();
  for (const Instruction &i : role.code) {
    code.push_back(printInstruction(i, role));
  }
  result["code"] = std::move(code);
  result["code_bytes"] =
      uint64_t(role.code.size()) * machine.codeBytesPerInstruction;
  result["labels"] = labelsJson(role.labels);
  json tasks = json::array();
  static constexpr const char *kTaskKinds[] = {"local", "data", "control"};
  for (const Task &t : role.tasks) {
    tasks.push_back({{"name", t.name},
                     {"kind", kTaskKinds[unsigned(t.kind)]},
                     {"entry", t.entry},
                     {"binding", t.binding},
                     {"active", t.initiallyActive},
                     {"blocked", t.initiallyBlocked}});
  }
  result["tasks"] = std::move(tasks);
  json buffers = json::array();
  for (const Buffer &b : role.buffers) {
    buffers.push_back({b.name, nameOf(b.kind), b.offset, b.bytes});
  }
  result["buffers"] = std::move(buffers);
  json queues = json::array();
  for (const QueueBinding &q : role.queues) {
    queues.push_back({q.input, q.queue, unsigned(q.color.kind), q.color.value});
  }
  result["queues"] = std::move(queues);
  result["param_offset"] = role.paramOffset;
  json params = json::array();
  for (const ParamSource &p : role.params) {
    params.push_back(sourceJson(p));
  }
  result["params"] = std::move(params);
  result["param_labels"] = labelsJson(role.paramLabels);
  return result;
}

static json regionJson(const Region &region) {
  json rows = json::array(), columns = json::array();
  for (const std::vector<uint16_t> &t : region.rowTables) {
    rows.push_back(tableJson(t));
  }
  for (const std::vector<uint16_t> &t : region.columnTables) {
    columns.push_back(tableJson(t));
  }
  return {{"name", region.name},
          {"role", region.role},
          {"rect", toJson(region.rect)},
          {"rows", std::move(rows)},
          {"columns", std::move(columns)}};
}

static json configJson(const RouteConfig &c) {
  json positions = json::array();
  for (unsigned p = 0; p < c.numPositions; ++p) {
    positions.push_back({c.positions[p].rx, c.positions[p].tx});
  }
  return {{"positions", std::move(positions)},
          {"current", c.currentPosition},
          {"text", printConfig(c)}};
}

static json ruleJson(const Rule &rule) {
  json classes = json::array();
  for (const std::vector<Run> &runs : rule.classes) {
    json list = json::array();
    for (const Run &run : runs) {
      list.push_back(run.count);
      list.push_back(run.config == kNoRoute ? -1 : int64_t(run.config));
    }
    classes.push_back(std::move(list));
  }
  return {
      {"name", rule.name},         {"color", rule.color},
      {"rect", toJson(rule.rect)}, {"axis", rule.axis == Axis::X ? "x" : "y"},
      {"skew", rule.skew},         {"classes", std::move(classes)}};
}

static json streamsJson(const Image &image) {
  std::vector<TrafficReport> traffic = makeTraffic(image);
  json list = json::array();
  for (size_t i = 0; i < traffic.size(); ++i) {
    const TrafficReport &t = traffic[i];
    json item = {{"name", t.name},
                 {"color", t.color},
                 {"kind", nameOf(t.kind)},
                 {"lines", t.lines},
                 {"senders", t.senders},
                 {"receivers", t.receiversMax},
                 {"hops", t.hopsMax},
                 {"from", t.from},
                 {"to", t.to}};
    if (i < image.families.size()) {
      const StreamFamily &f = image.families[i];
      json segments = json::array();
      for (const Segment &s : f.segments) {
        segments.push_back(s.source);
        segments.push_back(s.sinkBegin);
        segments.push_back(s.sinkEnd);
      }
      item["rect"] = toJson(f.rect);
      item["axis"] = f.axis == Axis::X ? "x" : "y";
      item["skew"] = f.skew;
      item["segments"] = std::move(segments);
    } else {
      const Stream &s = image.streams[i - image.families.size()];
      json sinks = json::array();
      for (const Rect &r : s.sinks) {
        sinks.push_back(toJson(r));
      }
      item["source"] = {s.source.x, s.source.y};
      item["sinks"] = std::move(sinks);
    }
    list.push_back(std::move(item));
  }
  return list;
}

static json tensorJson(const TensorPlacement &t) {
  static constexpr const char *kKinds[] = {"weight", "state", "output"};
  static constexpr const char *kCuts[] = {"whole", "rows", "columns"};
  json dims = json::array();
  for (const DimensionLayout &d : t.dims) {
    json dim = {{"cut", kCuts[unsigned(d.kind)]}};
    if (d.kind != DimensionLayout::Kind::Whole) {
      dim["begin"] = tableJson(d.begin);
      dim["end"] = tableJson(d.end);
    }
    dims.push_back(std::move(dim));
  }
  return {{"name", t.name},         {"kind", kKinds[unsigned(t.kind)]},
          {"type", nameOf(t.type)}, {"bytes", sizeOf(t.type)},
          {"shape", t.shape},       {"region", t.region},
          {"buffer", t.buffer},     {"offset", t.offset},
          {"dims", std::move(dims)}};
}

static json machineJson(const Machine &m) {
  auto queues = [](const QueueSpec &q) {
    return json{{"depths", q.depths}, {"reserved", q.reserved}};
  };
  return {{"name", m.name},
          {"description", m.description},
          {"grid", {m.width(), m.height()}},
          {"wafers", m.wafers},
          {"physical", {m.physicalWidth, m.physicalHeight}},
          {"sram_bytes", m.sramBytes},
          {"system_bytes", m.systemBytes},
          {"task_table_bytes", m.taskTableBytes},
          {"colors", m.colors},
          {"reserved_colors", m.reservedColors},
          {"input_queues", queues(m.inputQueues)},
          {"output_queues", queues(m.outputQueues)},
          {"hop_cycles", m.hopCycles},
          {"clock_hz", m.clockHz}};
}

/// An object that the compiler or a user wrote; empty for anything else.
static json objectOf(const std::string &text) {
  json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return object.is_object() ? object : json::object();
}

/// Whether an account of regions is one of these regions.
static bool hasRegionsOf(const json &run, const Image &image) {
  auto regions = run.find("regions");
  if (regions == run.end() || !regions->is_array() ||
      regions->size() != image.regions.size()) {
    return false;
  }
  for (size_t i = 0; i < image.regions.size(); ++i) {
    const json &entry = (*regions)[i];
    if (!entry.is_object() || !entry.contains("name") ||
        entry["name"] != image.regions[i].name ||
        !entry.contains("core_cycles") || !entry["core_cycles"].is_object()) {
      return false;
    }
  }
  return true;
}

static Result<json> runJson(const Image &image, const Machine &machine,
                            const PageOptions &options) {
  if (options.run.empty()) {
    return json(nullptr);
  }
  Result<json> run = parseJson(options.run, options.runName);
  if (!run) {
    return run.takeError();
  }
  const char *hint = "make it with 'wsec run IMAGE --json > FILE'";
  if (!run->is_object() || !run->contains("machine") ||
      !run->contains("cycles") || !(*run)["cycles"].is_number()) {
    return Diagnostic{"not the result of a run", options.runName,
                      "the object that 'wsec run --json' prints",
                      describeJson(*run), hint};
  }
  if ((*run)["machine"] != machine.name) {
    return Diagnostic{"the run is of another machine", options.runName,
                      "'" + machine.name + "'", (*run)["machine"].dump(), hint};
  }
  if (!hasRegionsOf(*run, image)) {
    return Diagnostic{"the run is of another image", options.runName,
                      "an account of the image's regions", "others", hint};
  }
  return run;
}

Result<std::string> wafer::makePageData(const Image &image,
                                        const Machine &machine,
                                        const PageOptions &options) {
  Result<json> run = runJson(image, machine, options);
  if (!run) {
    return run.takeError();
  }
  json data = {{"title", options.title},
               {"machine", machineJson(machine)},
               {"params", image.parameterSet},
               {"model", objectOf(image.model)},
               {"run", std::move(*run)},
               {"report", json::parse(makeReport(image, machine).toJson())},
               {"streams", streamsJson(image)}};
  auto list = [&](const char *name, const auto &items, auto toItem) {
    json array = json::array();
    for (const auto &item : items) {
      array.push_back(toItem(item));
    }
    data[name] = std::move(array);
  };
  list("roles", image.roles,
       [&](const Role &role) { return roleJson(role, machine); });
  list("regions", image.regions, regionJson);
  list("configs", image.configs, configJson);
  list("rules", image.rules, ruleJson);
  list("tensors", image.tensors, tensorJson);
  list("ports", image.hostPorts, [&](const HostPort &p) {
    Coord at = edgeCore(p, machine);
    return json{{"name", p.name},         {"input", p.input},
                {"crosses", p.crosses()}, {"at", {at.x, at.y}},
                {"west", p.west},         {"color", p.color}};
  });
  list("stages", image.stages, [](const StageInfo &s) {
    return json{{"name", s.name},
                {"wafer", s.wafer},
                {"region", s.region},
                {"rect", toJson(s.rect)},
                {"first_layer", s.firstLayer},
                {"layers", s.numLayers}};
  });
  if (std::optional<ColorReport> colors = makeColorReport(image, machine)) {
    data["color_use"] = {
        {"routers", colors->routers},
        {"router_max", colors->routerMax},
        {"router_max_at", {colors->routerMaxAt.x, colors->routerMaxAt.y}}};
  } else {
    data["color_use"] = nullptr;
  }
  return data.dump(-1, ' ', false, json::error_handler_t::replace);
}
