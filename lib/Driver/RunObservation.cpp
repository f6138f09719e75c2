// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RunObservation.h"

#include "CycleAccount.h"

#include "wafer/Support/OutputFile.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>

using namespace wafer;
using nlohmann::json;

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

const char *ObservationOptions::firstGiven() const {
  return !trace.empty()  ? "--trace"
         : account       ? "--account"
         : !heat.empty() ? "--heat"
                         : nullptr;
}

Status ObservationOptions::check() const {
  bool details = !traceCores.empty() || traceFrom || traceTo || traceClock;
  if (trace.empty() && details) {
    return Diagnostic{"no trace is asked for",
                      "--trace-cores, --trace-from, --trace-to, --trace-clock",
                      "--trace FILE.json", "", ""};
  }
  if (traceFrom.value_or(0) >= traceTo.value_or(kNever)) {
    return Diagnostic{"the trace would be empty", "--trace-from, --trace-to",
                      "an end behind the begin",
                      fmt::format("{} to {}", traceFrom.value_or(0), *traceTo),
                      ""};
  }
  for (const std::string &text : traceCores) {
    Result<Rect> rect = parseCores(text);
    if (!rect) {
      return rect.takeError();
    }
  }
  return Status::success();
}

Result<Rect> wafer::parseCores(const std::string &text) {
  int a = 0, b = 0, c = 0, d = 0, used = 0;
  Rect rect;
  bool known = true;
  if (std::sscanf(text.c_str(), "%6d,%6d,%6d,%6d%n", &a, &b, &c, &d, &used) ==
          4 &&
      size_t(used) == text.size()) {
    rect = {a, b, c - a + 1, d - b + 1};
  } else if (std::sscanf(text.c_str(), "%6dx%6d+%6d+%6d%n", &a, &b, &c, &d,
                         &used) == 4 &&
             size_t(used) == text.size()) {
    rect = {c, d, a, b};
  } else {
    known = false;
  }
  if (!known || rect.empty() || rect.x < 0 || rect.y < 0) {
    return Diagnostic{"bad rectangle of cores", "--trace-cores",
                      "x0,y0,x1,y1 or WxH+X+Y", "'" + text + "'", ""};
  }
  return rect;
}

void wafer::addObservationOptions(CLI::App &command,
                                  ObservationOptions &options) {
  command.add_option("--trace", options.trace,
                     "Write a trace for Perfetto or Chrome (.json); runs the "
                     "reference engine");
  command.add_option("--trace-cores", options.traceCores,
                     "Cores of the trace: x0,y0,x1,y1 or WxH+X+Y, any number "
                     "(default: corners and middle of every region)");
  command.add_option("--trace-from", options.traceFrom,
                     "First cycle of the trace");
  command.add_option("--trace-to", options.traceTo,
                     "The cycle behind the last one of the trace");
  command.add_flag("--trace-clock", options.traceClock,
                   "Times of the trace by the clock of the machine (default: "
                   "one cycle is 1 ns)");
  command.add_flag("--account", options.account,
                   "Cycles by region and operation; runs the reference engine");
  command.add_option("--heat", options.heat,
                     "Write the words over every link (.json); runs the "
                     "reference engine");
}

//===----------------------------------------------------------------------===//
// Observers
//===----------------------------------------------------------------------===//

static Result<std::unique_ptr<TraceWriter>>
openTrace(const ObservationOptions &options, const Image &image,
          const Machine &machine, const ParameterSet &costs,
          const std::optional<TokenProtocol> &protocol) {
  TraceOptions trace;
  Rect grid{0, 0, machine.width(), machine.height()};
  for (const std::string &text : options.traceCores) {
    Result<Rect> rect = parseCores(text);
    if (!rect) {
      return rect.takeError();
    }
    bool shows = std::any_of(
        image.regions.begin(), image.regions.end(),
        [&](const Region &region) { return region.rect.intersects(*rect); });
    if (!grid.contains(*rect) || !shows) {
      return Diagnostic{"no core of a region lies there",
                        "--trace-cores '" + text + "'", "", "",
                        "'wsec report' shows the regions"};
    }
    trace.cores.push_back(*rect);
  }
  trace.from = options.traceFrom.value_or(0);
  trace.to = options.traceTo.value_or(kNever);
  trace.clockHz = options.traceClock ? machine.clockHz : 0;
  trace.notes = {
      {"machine", machine.name},
      {"params", costs.name},
      {"engine", "reference"},
      {"time", options.traceClock
                   ? fmt::format("by the clock of {:g} Hz", machine.clockHz)
                   : "1 cycle is shown as 1 ns"}};
  if (protocol) {
    trace.wordName = [protocol](unsigned port, uint64_t index, uint32_t word) {
      return port == protocol->tokenPort
                 ? fmt::format("step {}: id {}", index, word)
                 : fmt::format("word {}", word);
    };
  }
  return TraceWriter::create(options.trace, image, trace);
}

Result<RunObservation>
RunObservation::create(const ObservationOptions &options, const Image &image,
                       const Machine &machine, const ParameterSet &costs,
                       const std::optional<TokenProtocol> &protocol) {
  RunObservation result;
  result.image = &image;
  if (!options.trace.empty()) {
    auto trace = openTrace(options, image, machine, costs, protocol);
    if (!trace) {
      return trace.takeError();
    }
    result.trace = std::move(*trace);
    result.list->add(*result.trace);
  }
  if (options.account) {
    result.account = std::make_unique<RunAccount>(image);
    result.list->add(*result.account);
  }
  if (!options.heat.empty()) {
    result.heat = std::make_unique<LinkHeat>();
    result.heatPath = options.heat;
    result.list->add(*result.heat);
  }
  return result;
}

Status RunObservation::finish(Engine &engine) {
  engine.settleObserver();
  if (trace) {
    Status status = trace->finish(engine.cycle());
    if (!status) {
      return status;
    }
  }
  return heat ? writeFile(heatPath, heat->toJson(engine.cycle()))
              : Status::success();
}

//===----------------------------------------------------------------------===//
// Account
//===----------------------------------------------------------------------===//

json RunObservation::accountJson(const Engine &engine) const {
  json list = json::array();
  for (size_t i = 0; i < image->regions.size(); ++i) {
    const Region &region = image->regions[i];
    json operations = json::array();
    for (const RunAccount::Row &row : account->rows(i)) {
      bool isIdle = row.task.empty();
      operations.push_back({{"task", isIdle ? json(nullptr) : json(row.task)},
                            {"label", row.label},
                            {"operation", row.operation},
                            {"pc", isIdle ? json(nullptr) : json(row.pc)},
                            {"instructions", row.instructions},
                            {"cycles", row.counters.total()},
                            {"core_cycles", toJson(row.counters)}});
    }
    BusiestCore busiest = findBusiest(engine, region);
    list.push_back(
        {{"region", region.name},
         {"cores", region.rect.area()},
         {"cycles", uint64_t(region.rect.area()) * engine.cycle()},
         {"operations", std::move(operations)},
         {"busiest_core",
          {{"core", {busiest.core.x, busiest.core.y}},
           {"busy_cycles", BusiestCore::busyCycles(busiest.counters)},
           {"core_cycles", toJson(busiest.counters)}}}});
  }
  return list;
}

void RunObservation::printAccount(const Engine &engine,
                                  CommandContext &context) const {
  constexpr size_t kMaxRows = 12;
  auto share = [](uint64_t part, uint64_t whole) {
    return 100.0 * double(part) / double(std::max<uint64_t>(whole, 1));
  };
  for (size_t i = 0; i < image->regions.size(); ++i) {
    const Region &region = image->regions[i];
    std::vector<RunAccount::Row> rows = account->rows(i);
    uint64_t all = uint64_t(region.rect.area()) * engine.cycle();
    BusiestCore busiest = findBusiest(engine, region);
    context.print(
        "\naccount of '{}': {} core cycles; core {},{} is busy for "
        "{:.2f} % of its own, more than any other\n",
        region.name, all, busiest.core.x, busiest.core.y,
        share(BusiestCore::busyCycles(busiest.counters), engine.cycle()));
    context.print("  {:>6} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}  "
                  "operation\n",
                  "%", "compute", "bank", "starts", "scalar", "words", "room",
                  "idle");
    uint64_t shown = 0;
    for (size_t r = 0; r < std::min(rows.size(), kMaxRows); ++r) {
      const Counters &c = rows[r].counters;
      std::string place = rows[r].task;
      place += rows[r].label.empty() ? "" : ", " + rows[r].label;
      place += rows[r].operation.empty() ? "" : ": " + rows[r].operation;
      context.print(
          "  {:>6.2f} {:>7.2f} {:>7.2f} {:>7.2f} {:>7.2f} {:>7.2f} {:>7.2f} "
          "{:>7.2f}  {}\n",
          share(c.total(), all),
          share(c[Activity::VectorStep] + c[Activity::SendPause], all),
          share(c[Activity::BankConflict], all), share(c[Activity::Start], all),
          share(c[Activity::Scalar], all), share(c[Activity::WaitWords], all),
          share(c[Activity::BackPressure], all), share(c[Activity::Idle], all),
          place.empty() ? "nothing to do" : place);
      shown += c.total();
    }
    if (rows.size() > kMaxRows) {
      context.print("  {:>6.2f} in {} more operations (--json lists all)\n",
                    share(all - shown, all), rows.size() - kMaxRows);
    }
  }
}
