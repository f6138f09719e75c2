// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Trace.cpp - A run as a time line -----------------------------------===//
//
// A process a region, in it a thread a core; process 1 is the host, in it a
// thread a port.
//
// On the thread of a core: B/E events for the tasks of the main thread, inside
// them (or alone, where a microthread works on) B/E events for instructions,
// inside these X events for cycles in which the instruction does not act. B
// comes before what lies inside and E behind it in the file, so that slices
// nest for readers that keep the order of events of one time.
//
// Words over links are counted in windows of time, for every region.
//
//===----------------------------------------------------------------------===//
#include "wafer/Sim/Trace.h"

#include "CodeNames.h"
#include "RegionIndex.h"

#include "wafer/Support/OutputFile.h"

#include <fmt/format.h>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

using namespace wafer;
using nlohmann::json;

namespace {

constexpr Cycle kWindow = 256;
constexpr unsigned kHostProcess = 1;
unsigned processOf(size_t region) { return unsigned(region) + 2; }

std::string jsonText(const std::string &text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

/// The thread of a core.
struct Track {
  size_t region = 0;
  unsigned thread = 0;
  bool inTask = false;
  bool inInstruction = false;
  CoreSpan last;     // of the instruction and task that are open
  Counters counters; // of the instruction, what is no slice of its own
  Cycle end = 0;     // of the last span
};

/// Words that left routers of a region over links, in a window of time.
struct WordCounter {
  uint64_t words = 0;
  uint64_t shown = 0;
};

class Writer final : public TraceWriter {
public:
  Writer(OutputFile file, const Image &image, const TraceOptions &options)
      : file(std::move(file)), image(image), options(options), regions(image),
        counters(image.regions.size()), lastWord(image.hostPorts.size()),
        numWords(image.hostPorts.size()) {
    names.resize(image.roles.size());
  }

  void begin();
  void onSpan(const CoreSpan &span) override;
  void onWord(const LinkWord &word) override;
  void onHostWord(unsigned port, const HostWord &word) override;
  Status finish(Cycle now) override;

private:
  struct Name {
    std::string quotedName; // as JSON
    std::string category;
    std::string args; // without braces
  };
  std::string time(Cycle cycle) const;
  template <typename... Args>
  void event(fmt::format_string<Args...> format, Args &&...args) {
    line.clear();
    line += isFirst ? "\n{" : ",\n{";
    isFirst = false;
    fmt::format_to(std::back_inserter(line), format,
                   std::forward<Args>(args)...);
    line += '}';
    put(line);
  }
  void put(std::string_view text) {
    if (failure) {
      failure = file.write(text);
    }
  }
  void nameTrack(unsigned process, unsigned thread, const char *what,
                 const std::string &name);
  void addTracks();
  void addTrack(Coord core);
  const std::vector<Name> &namesOf(size_t role);
  void openSlices(Track &track, const CoreSpan &span);
  void closeInstruction(Track &track);
  void closeTask(Track &track);
  void closeWindow();

  OutputFile file;
  Status failure = Status::success();
  const Image &image;
  TraceOptions options;
  sim::RegionIndex regions;
  std::map<Coord, Track> tracks;
  std::vector<std::vector<Name>> names; // by role and instruction
  std::vector<WordCounter> counters;    // by region
  Cycle window = 0;
  std::vector<Cycle> lastWord; // by port
  std::vector<uint64_t> numWords;
  std::string line;
  bool isFirst = true;
};

//===----------------------------------------------------------------------===//
// Head
//===----------------------------------------------------------------------===//

/// Microseconds, the unit of the format.
std::string Writer::time(Cycle cycle) const {
  if (options.clockHz <= 0) {
    return fmt::format("{}.{:03}", cycle / 1000, cycle % 1000);
  }
  return fmt::format("{:.6f}", double(cycle) * 1e6 / options.clockHz);
}

void Writer::nameTrack(unsigned process, unsigned thread, const char *what,
                       const std::string &name) {
  event("\"ph\":\"M\",\"pid\":{},\"tid\":{},\"name\":\"{}_name\",\"args\":"
        "{{\"name\":{}}}",
        process, thread, what, jsonText(name));
  event("\"ph\":\"M\",\"pid\":{},\"tid\":{},\"name\":\"{}_sort_index\","
        "\"args\":{{\"sort_index\":{}}}",
        process, thread, what, *what == 'p' ? process : thread);
}

void Writer::addTrack(Coord core) {
  uint32_t region = regions[core];
  if (region == sim::RegionIndex::kNoRegion || tracks.count(core)) {
    return;
  }
  const Rect &rect = image.regions[region].rect;
  Track track;
  track.region = region;
  track.thread = unsigned((core.y - rect.y) * rect.w + (core.x - rect.x)) + 1;
  tracks.emplace(core, track);
  nameTrack(processOf(region), track.thread, "thread",
            fmt::format("core {},{}", core.x, core.y));
}

void Writer::addTracks() {
  for (const Rect &rect : options.cores) {
    for (int32_t y = rect.y; y < rect.endY(); ++y) {
      for (int32_t x = rect.x; x < rect.endX(); ++x) {
        addTrack({x, y});
      }
    }
  }
  if (!options.cores.empty()) {
    return;
  }
  for (const Region &region : image.regions) {
    const Rect &r = region.rect;
    for (Coord core :
         {Coord{r.x, r.y}, Coord{r.endX() - 1, r.y},
          Coord{r.x + r.w / 2, r.y + r.h / 2}, Coord{r.x, r.endY() - 1},
          Coord{r.endX() - 1, r.endY() - 1}}) {
      addTrack(core);
    }
  }
}

void Writer::begin() {
  put("{\"displayTimeUnit\":\"ns\",\n\"otherData\":{");
  std::string notes;
  for (const auto &[key, value] : options.notes) {
    notes += (notes.empty() ? "" : ",") + jsonText(key) + ":" + jsonText(value);
  }
  put(notes + "},\n\"traceEvents\":[");
  nameTrack(kHostProcess, 0, "process", "host");
  for (size_t i = 0; i < image.hostPorts.size(); ++i) {
    const HostPort &port = image.hostPorts[i];
    nameTrack(kHostProcess, unsigned(i) + 1, "thread",
              fmt::format("{} port '{}'", port.input ? "input" : "output",
                          port.name));
  }
  for (size_t i = 0; i < image.regions.size(); ++i) {
    std::string name = image.regions[i].name;
    for (const StageInfo &stage : image.stages) {
      if (stage.region == i && stage.numLayers > 0) {
        name += fmt::format(" (layers {} to {})", stage.firstLayer,
                            stage.firstLayer + stage.numLayers - 1);
      }
    }
    nameTrack(processOf(i), 0, "process", name);
  }
  addTracks();
}

const std::vector<Writer::Name> &Writer::namesOf(size_t role) {
  if (names[role].empty()) {
    std::vector<sim::CodeName> code = sim::nameCode(image.roles[role]);
    for (uint32_t pc = 0; pc < code.size(); ++pc) {
      names[role].push_back({jsonText(code[pc].instruction),
                             code[pc].isVector ? "vector" : "scalar",
                             fmt::format("\"pc\":{},\"label\":{}", pc,
                                         jsonText(code[pc].label))});
    }
    names[role].push_back({"\"outside the code\"", "scalar", "\"pc\":null"});
  }
  return names[role];
}

//===----------------------------------------------------------------------===//
// Cores
//===----------------------------------------------------------------------===//

void Writer::closeInstruction(Track &track) {
  if (!track.inInstruction) {
    return;
  }
  track.inInstruction = false;
  std::string args;
  for (unsigned i = 0; i < kNumActivities; ++i) {
    if (track.counters.cycles[i]) {
      args += fmt::format("{}\"{}\":{}", args.empty() ? "" : ",",
                          nameOf(Activity(i)), track.counters.cycles[i]);
    }
  }
  track.counters = {};
  event("\"ph\":\"E\",\"pid\":{},\"tid\":{},\"ts\":{},\"args\":{{{}}}",
        processOf(track.region), track.thread, time(track.end), args);
}

void Writer::closeTask(Track &track) {
  closeInstruction(track);
  if (track.inTask) {
    track.inTask = false;
    event("\"ph\":\"E\",\"pid\":{},\"tid\":{},\"ts\":{}",
          processOf(track.region), track.thread, time(track.end));
  }
}

void Writer::openSlices(Track &track, const CoreSpan &span) {
  const Region &region = image.regions[track.region];
  const Role &role = image.roles[region.role];
  if (!track.inTask && span.mainTask >= 0) {
    track.inTask = true;
    event("\"ph\":\"B\",\"pid\":{},\"tid\":{},\"ts\":{},\"cat\":\"task\","
          "\"name\":{}",
          processOf(track.region), track.thread, time(span.from),
          jsonText(role.tasks[size_t(span.mainTask)].name));
  }
  if (!track.inInstruction && span.pc != CoreSpan::kNoPc) {
    track.inInstruction = true;
    const std::vector<Name> &code = namesOf(region.role);
    const Name &name = code[std::min<size_t>(span.pc, code.size() - 1)];
    std::string thread =
        span.thread ? fmt::format(",\"microthread\":{}", span.thread - 1) : "";
    event("\"ph\":\"B\",\"pid\":{},\"tid\":{},\"ts\":{},\"cat\":\"{}\","
          "\"name\":{},\"args\":{{{}{}}}",
          processOf(track.region), track.thread, time(span.from), name.category,
          name.quotedName, name.args, thread);
  }
}

void Writer::onSpan(const CoreSpan &whole) {
  auto at = tracks.find(whole.core);
  CoreSpan span = whole;
  span.from = std::max(span.from, options.from);
  span.to = std::min(span.to, options.to);
  if (at == tracks.end() || span.from >= span.to) {
    return;
  }
  Track &track = at->second;
  const CoreSpan &last = track.last;
  if (span.mainTask != last.mainTask || span.started != last.started) {
    closeTask(track);
  } else if (span.pc != last.pc || span.thread != last.thread ||
             span.task != last.task) {
    closeInstruction(track);
  }
  openSlices(track, span);
  track.last = span;
  track.end = span.to;
  switch (span.what) {
  case Activity::Idle:
    return;
  case Activity::Scalar:
  case Activity::VectorStep:
  case Activity::BankConflict:
    track.counters[span.what] += span.cycles();
    return;
  case Activity::Start:
  case Activity::SendPause:
  case Activity::WaitWords:
  case Activity::BackPressure:
    break;
  }
  std::string args =
      span.queue == CoreSpan::kNoQueue
          ? ""
          : fmt::format("\"queue\":{},\"color\":{},", span.queue, span.color);
  event("\"ph\":\"X\",\"pid\":{},\"tid\":{},\"ts\":{},\"dur\":{},\"cat\":"
        "\"stall\",\"name\":\"{}\",\"args\":{{{}\"cycles\":{}}}",
        processOf(track.region), track.thread, time(span.from),
        time(span.cycles()), nameOf(span.what), args, span.cycles());
}

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

/// Shows the words of the window that ends, where they differ from what is
/// shown.
void Writer::closeWindow() {
  for (size_t i = 0; i < counters.size(); ++i) {
    WordCounter &c = counters[i];
    if (c.words != c.shown) {
      event("\"ph\":\"C\",\"pid\":{},\"tid\":0,\"ts\":{},\"name\":\"words over "
            "links\",\"args\":{{\"words\":{}}}",
            processOf(i), time(std::max(window * kWindow, options.from)),
            c.words);
      c.shown = c.words;
    }
    c.words = 0;
  }
}

void Writer::onWord(const LinkWord &word) {
  uint32_t region = regions[word.from];
  if (word.port == Port::Ramp || word.cycle < options.from ||
      word.cycle >= options.to || region == sim::RegionIndex::kNoRegion) {
    return;
  }
  Cycle now = word.cycle / kWindow;
  if (now != window) {
    closeWindow();
    if (now != ++window) {
      closeWindow(); // nothing in between
      window = now;
    }
  }
  ++counters[region].words;
}

void Writer::onHostWord(unsigned port, const HostWord &word) {
  uint64_t index = numWords[port]++;
  Cycle before = lastWord[port];
  lastWord[port] = word.cycle;
  if (word.cycle < options.from || word.cycle >= options.to) {
    return;
  }
  std::string name =
      jsonText(options.wordName ? options.wordName(port, index, word.payload)
                                : fmt::format("word {}", word.payload));
  std::string args = fmt::format("\"index\":{},\"payload\":{},\"control\":{}",
                                 index, word.payload, word.control);
  if (image.hostPorts[port].input) {
    event("\"ph\":\"i\",\"s\":\"t\",\"pid\":{},\"tid\":{},\"ts\":{},\"cat\":"
          "\"host\",\"name\":{},\"args\":{{{}}}",
          kHostProcess, port + 1, time(word.cycle), name, args);
    return;
  }
  // From the word before to its own arrival.
  Cycle from = std::max(before, options.from);
  event("\"ph\":\"X\",\"pid\":{},\"tid\":{},\"ts\":{},\"dur\":{},\"cat\":"
        "\"host\",\"name\":{},\"args\":{{{},\"cycles\":{}}}",
        kHostProcess, port + 1, time(from), time(word.cycle - from), name, args,
        word.cycle - from);
}

//===----------------------------------------------------------------------===//
// End
//===----------------------------------------------------------------------===//

Status Writer::finish(Cycle now) {
  for (auto &entry : tracks) {
    closeTask(entry.second);
  }
  closeWindow();
  if ((window + 1) * kWindow <= std::min(now, options.to)) {
    ++window;
    closeWindow();
  }
  put("\n]}\n");
  return failure ? file.commit() : std::move(failure);
}

} // namespace

Result<std::unique_ptr<TraceWriter>>
TraceWriter::create(const std::string &path, const Image &image,
                    const TraceOptions &options) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file) {
    return file.takeError();
  }
  auto writer = std::make_unique<Writer>(std::move(*file), image, options);
  writer->begin();
  return std::unique_ptr<TraceWriter>(std::move(writer));
}
