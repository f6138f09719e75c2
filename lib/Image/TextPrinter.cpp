// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TextPrinter.h"
#include "TextLexer.h"
#include "TextNames.h"
#include "wafer/Image/Validate.h"
#include "wafer/Machine/Machine.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>

using namespace wafer;
using namespace wafer::text;

//===----------------------------------------------------------------------===//
// Names and lists
//===----------------------------------------------------------------------===//

std::string wafer::text::quotedText(std::string_view text) {
  bool utf8 = isUtf8(text);
  std::string out = "\"";
  for (char c : text) {
    uint8_t byte = uint8_t(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8)) {
      put(out, "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string wafer::text::symbol(const std::string &name) {
  return isIdentifier(name) ? name : quotedText(name);
}

std::string wafer::printName(const std::string &name) { return symbol(name); }

/// Prints a list in which repeats are folded: `item(i)` is the text of element
/// i, `equal(i, j)` compares. Periods up to 8 become "(a, b)*n". `progression`
/// (may be empty) gives the text of a progression that begins at i and its
/// length.
static std::string foldList(
    size_t size, bool plainRepeat,
    const std::function<std::string(size_t)> &item,
    const std::function<bool(size_t, size_t)> &equal,
    const std::function<std::pair<std::string, size_t>(size_t)> &progression) {
  std::string out;
  for (size_t i = 0; i < size;) {
    size_t period = 0;
    size_t covered = 1;
    for (size_t p = 1; p <= 8 && i + 2 * p <= size; ++p) {
      size_t end = i + p;
      while (end < size && equal(end, end - p)) {
        ++end;
      }
      size_t whole = (end - i) / p * p;
      if (whole >= 2 * p && whole > covered) {
        period = p;
        covered = whole;
      }
    }
    std::string text;
    if (progression) {
      auto [range, length] = progression(i);
      if (length > covered) {
        text = range;
        covered = length;
        period = 0;
      }
    }
    if (period == 1 && plainRepeat) {
      text = fmt::format("{}*{}", item(i), covered);
    } else if (period > 0) {
      for (size_t k = 0; k < period; ++k) {
        text += (k ? ", " : "(") + item(i + k);
      }
      put(text, ")*{}", covered / period);
    } else if (text.empty()) {
      text = item(i);
    }
    out += (i ? ", " : "") + text;
    i += covered;
  }
  return out;
}

/// A progression of at least 3 numbers by one, or 4 by another step.
template <typename T>
static std::pair<std::string, size_t> rangeAt(const std::vector<T> &v,
                                              size_t i) {
  if (i + 2 >= v.size()) {
    return {"", 0};
  }
  int64_t step = int64_t(v[i + 1]) - int64_t(v[i]);
  size_t end = i + 2;
  while (end < v.size() && int64_t(v[end]) - int64_t(v[end - 1]) == step) {
    ++end;
  }
  bool unit = step == 1 || step == -1;
  if (step == 0 || end - i < (unit ? 3u : 4u)) {
    return {"", 0};
  }
  std::string text =
      fmt::format("{}..{}", v[i], int64_t(v[end - 1]) + (step > 0 ? 1 : -1));
  if (step != 1) {
    put(text, " step {}", step);
  }
  return {text, end - i};
}

template <typename T>
static std::string numbers(const std::vector<T> &v,
                           bool noneIsUnbound = false) {
  return foldList(
      v.size(), true,
      [&](size_t i) {
        return noneIsUnbound && v[i] == T(kUnboundColor) ? std::string("none")
                                                         : std::to_string(v[i]);
      },
      [&](size_t i, size_t j) { return v[i] == v[j]; },
      [&](size_t i) { return rangeAt(v, i); });
}

std::string wafer::printList(const std::vector<uint32_t> &values) {
  return numbers(values);
}

static std::string runs(const std::vector<Run> &v) {
  return foldList(
      v.size(), false,
      [&](size_t i) {
        std::string config =
            v[i].config == kNoRoute ? "none" : fmt::format("#{}", v[i].config);
        return v[i].count == 1 ? config
                               : fmt::format("{}*{}", config, v[i].count);
      },
      [&](size_t i, size_t j) { return v[i] == v[j]; }, nullptr);
}

static std::string rectText(const Rect &r) {
  return fmt::format("rect {} {} {} {}", r.x, r.y, r.w, r.h);
}

static std::string optionalName(const std::string &name) {
  return name.empty() ? "" : " @" + symbol(name);
}

//===----------------------------------------------------------------------===//
// Routes
//===----------------------------------------------------------------------===//

std::string wafer::printPorts(uint8_t mask) {
  std::string out;
  for (unsigned p = 0; p < kNumPorts; ++p) {
    if ((mask >> p) & 1u) {
      out += (out.empty() ? "" : ",") + std::string(kPorts[p]);
    }
  }
  return out.empty() ? "-" : out;
}

std::string wafer::printConfig(const RouteConfig &c) {
  std::string out;
  for (unsigned p = 0; p < c.numPositions && p < c.positions.size(); ++p) {
    put(out, "{}rx={} tx={}", p ? " | " : "", printPorts(c.positions[p].rx),
        printPorts(c.positions[p].tx));
  }
  if (c.currentPosition) {
    put(out, " current={}", c.currentPosition);
  }
  if (c.ring) {
    out += " ring";
  }
  if (c.pop != PopMode::Never) {
    put(out, " pop={}", kPopModes[size_t(c.pop)]);
  }
  const Filter &f = c.filter;
  if (f.kind == FilterKind::Counter) {
    put(out, " counter init={} limit={} max={}", f.init, f.limit, f.max);
  } else if (f.kind == FilterKind::Range) {
    put(out, " range min={} max={}", f.min, f.max);
  }
  return out;
}

static void putRule(std::string &out, const Rule &r) {
  put(out, "rule{} color {} {} axis {}", optionalName(r.name), r.color,
      rectText(r.rect), kAxes[size_t(r.axis)]);
  if (r.skew) {
    put(out, " skew {}", r.skew);
  }
  for (const std::vector<Run> &c : r.classes) {
    put(out, " [{}]", runs(c));
  }
  out += '\n';
}

/// Segments at equal distances fold to "first step S count N".
static void putSegments(std::string &out, const std::vector<Segment> &v) {
  for (size_t i = 0; i < v.size();) {
    put(out, "  {} -> {}..{}", v[i].source, v[i].sinkBegin, v[i].sinkEnd);
    size_t end = i + 1;
    if (end < v.size()) {
      int64_t step = int64_t(v[end].source) - v[i].source;
      auto follows = [&](size_t k) {
        return int64_t(v[k].source) - v[k - 1].source == step &&
               int64_t(v[k].sinkBegin) - v[k - 1].sinkBegin == step &&
               int64_t(v[k].sinkEnd) - v[k - 1].sinkEnd == step;
      };
      while (end < v.size() && follows(end)) {
        ++end;
      }
      if (end > i + 1) {
        put(out, " step {} count {}", step, end - i);
      }
    }
    out += '\n';
    i = end;
  }
}

static void putFamily(std::string &out, const StreamFamily &f) {
  put(out, "family{} color {} {} axis {}", optionalName(f.name), f.color,
      rectText(f.rect), kAxes[size_t(f.axis)]);
  if (f.skew) {
    put(out, " skew {}", f.skew);
  }
  out += " {\n";
  putSegments(out, f.segments);
  out += "}\n";
}

static void putStream(std::string &out, const Stream &s) {
  put(out, "stream{} color {} from {}{} {} to {}", optionalName(s.name),
      s.color, s.fromHost ? "host " : "", s.source.x, s.source.y,
      s.toHost ? "host " : "");
  for (size_t i = 0; i < s.sinks.size(); ++i) {
    out += (i ? ", " : "") + rectText(s.sinks[i]);
  }
  out += s.paced ? " paced\n" : "\n";
}

//===----------------------------------------------------------------------===//
// Regions and data
//===----------------------------------------------------------------------===//

static bool isColorTable(const Role &role, ParamSource::Kind kind, size_t t) {
  return std::any_of(role.queues.begin(), role.queues.end(),
                     [&](const QueueBinding &q) {
                       return q.color.kind == kind && q.color.value == t;
                     });
}

static void putRegion(std::string &out, const Image &image, const Region &r) {
  const Role &role = image.roles[r.role];
  put(out, "region @{} role @{} {} {{\n", symbol(r.name), symbol(role.name),
      rectText(r.rect));
  for (size_t t = 0; t < r.rowTables.size(); ++t) {
    put(out, "  row {}: [{}]\n", t,
        numbers(r.rowTables[t], isColorTable(role, ParamSource::Kind::Row, t)));
  }
  for (size_t t = 0; t < r.columnTables.size(); ++t) {
    put(out, "  col {}: [{}]\n", t,
        numbers(r.columnTables[t],
                isColorTable(role, ParamSource::Kind::Column, t)));
  }
  out += "}\n";
}

/// The lines of a cut dimension as boundaries where each range begins at the
/// end of the one before.
static std::string rangesText(const DimensionLayout &d) {
  bool joined = true;
  for (size_t i = 1; i < d.begin.size(); ++i) {
    joined &= d.begin[i] == d.end[i - 1];
  }
  if (!joined) {
    return fmt::format(" begin [{}] end [{}]", numbers(d.begin),
                       numbers(d.end));
  }
  std::vector<uint32_t> cut = d.begin;
  cut.push_back(d.end.back());
  return fmt::format(" cut [{}]", numbers(cut));
}

static void putTensor(std::string &out, const Image &image,
                      const TensorPlacement &t) {
  const Region &region = image.regions[t.region];
  const Role &role = image.roles[region.role];
  put(out, "tensor @{} {} {} shape [{}] region @{} buffer @{} offset {} {{\n",
      symbol(t.name), kTensorKinds[size_t(t.kind)], nameOf(t.type),
      numbers(t.shape), symbol(region.name),
      symbol(role.buffers[t.buffer].name), t.offset);
  for (size_t d = 0; d < t.dims.size(); ++d) {
    const DimensionLayout &dim = t.dims[d];
    put(out, "  {}{} stride {}\n", kDimensionKinds[size_t(dim.kind)],
        dim.kind == DimensionLayout::Kind::Whole ? "" : rangesText(dim),
        t.strides[d]);
  }
  out += "}\n";
}

static std::string hex(const uint8_t *bytes, size_t size) {
  std::string out;
  out.reserve(2 * size);
  for (size_t i = 0; i < size; ++i) {
    put(out, "{:02x}", bytes[i]);
  }
  return out;
}

static void putInitBytes(std::string &out, const InitData &d, const Rect &r) {
  auto core = [&](int64_t i) { return d.data + uint64_t(i) * d.bytes; };
  auto same = [&](int64_t i, int64_t j) {
    return std::equal(core(i), core(i) + d.bytes, core(j));
  };
  auto zero = [&](int64_t i) {
    return std::all_of(core(i), core(i) + d.bytes,
                       [](uint8_t b) { return b == 0; });
  };
  int64_t area = r.area();
  int64_t equal = 1;
  while (equal < area && same(0, equal)) {
    ++equal;
  }
  if (equal == area && !zero(0)) {
    put(out, "  all hex \"{}\"\n", hex(core(0), d.bytes));
    return;
  }
  for (int32_t y = 0; y < r.h; ++y) {
    for (int32_t x = 0; x < r.w;) {
      int64_t first = int64_t(y) * r.w + x;
      int32_t n = 1;
      while (x + n < r.w && same(first, first + n)) {
        ++n;
      }
      if (!zero(first)) {
        out += n == 1 ? fmt::format("  core {} {}", x, y)
                      : fmt::format("  cores {} {} {} 1", x, y, n);
        put(out, " hex \"{}\"\n", hex(core(first), d.bytes));
      }
      x += n;
    }
  }
}

static void putInit(std::string &out, const Image &image, const InitData &d,
                    bool withBytes) {
  const Region &region = image.regions[d.region];
  std::string head =
      fmt::format("init region @{} offset {} bytes {}", symbol(region.name),
                  address(image.roles[region.role], d.offset, false), d.bytes);
  if (!withBytes || !d.data) {
    put(out, "// {}: {} bytes in all\n", head, d.size);
    return;
  }
  out += head + " {\n";
  putInitBytes(out, d, region.rect);
  out += "}\n";
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

/// The name of the shipped machine whose JSON is `text`, or "".
static std::string shippedName(const std::string &text) {
  for (const std::string &name : Machine::shippedNames()) {
    // Cheap test first: the canonical text holds the name in quotes.
    if (text.find('"' + name + '"') == std::string::npos) {
      continue;
    }
    Result<Machine> machine = Machine::load(name);
    if (machine && machine->toJson() == text) {
      return name;
    }
  }
  return "";
}

static void putTexts(std::string &out, const Image &image, bool full) {
  auto one = [&](const char *keyword, const std::string &text, bool json) {
    if (text.empty()) {
      return;
    }
    if (!full) {
      put(out, "// {}: {} bytes\n", keyword, text.size());
    } else if (json && isBalancedJson(text)) {
      put(out, "{} json {}\n", keyword, text);
    } else {
      put(out, "{} {}\n", keyword, quotedText(text));
    }
  };
  std::string shipped = shippedName(image.machine);
  if (!shipped.empty()) {
    put(out, "machine {}\n", quotedText(shipped));
  } else {
    one("machine", image.machine, true);
  }
  one("model", image.model, true);
  one("tokenizer", image.tokenizer, false);
  one("report", image.report, true);
  one("graph", image.graph, false);
  if (!image.parameterSet.empty()) {
    put(out, "parameters {}\n", quotedText(image.parameterSet));
  }
}

std::string wafer::printImage(const Image &image,
                              const ImageTextOptions &options) {
  std::string out;
  putTexts(out, image, options.texts);
  for (const Role &r : image.roles) {
    out += '\n' + printRole(r);
  }
  for (const Region &r : image.regions) {
    out += '\n';
    putRegion(out, image, r);
  }
  out += image.configs.empty() ? "" : "\n";
  for (size_t i = 0; i < image.configs.size(); ++i) {
    put(out, "config #{} {}\n", i, printConfig(image.configs[i]));
  }
  out += image.rules.empty() ? "" : "\n";
  for (const Rule &r : image.rules) {
    putRule(out, r);
  }
  out += image.families.empty() ? "" : "\n";
  for (const StreamFamily &f : image.families) {
    putFamily(out, f);
  }
  out += image.streams.empty() ? "" : "\n";
  for (const Stream &s : image.streams) {
    putStream(out, s);
  }
  for (const TensorPlacement &t : image.tensors) {
    out += '\n';
    putTensor(out, image, t);
  }
  out += image.hostPorts.empty() ? "" : "\n";
  for (const HostPort &p : image.hostPorts) {
    put(out, "host {} @{} ", p.input ? "input" : "output", symbol(p.name));
    if (p.wafer != 0) {
      put(out, "wafer {} ", p.wafer);
    }
    put(out, "{} row {} color {}", p.west ? "west" : "east", p.row, p.color);
    if (p.crosses()) {
      put(out, " partner #{}", p.partner);
    }
    out += '\n';
  }
  out += image.stages.empty() ? "" : "\n";
  for (const StageInfo &s : image.stages) {
    put(out, "stage @{} wafer {} region @{} {} layers {} count {}\n",
        symbol(s.name), s.wafer, symbol(image.regions[s.region].name),
        rectText(s.rect), s.firstLayer, s.numLayers);
  }
  if (!image.map.isDefault()) {
    put(out, "\nmap json {}\n", image.map.toJson());
  }
  if (image.certified) {
    put(out, "\ncertified {:#010x}\n", *image.certified);
  }
  if (image.seal) {
    put(out, "\nseal \"{:016x}\" {{\n", image.seal->program);
    for (const Seal::Tensor &t : image.seal->tensors) {
      put(out, "  @{} \"{:016x}\"\n", symbol(t.name), t.digest);
    }
    out += "}\n";
  }
  for (const InitData &d : image.initData) {
    out += '\n';
    putInit(out, image, d, options.initData);
  }
  return out;
}
