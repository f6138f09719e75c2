// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Routes on a wafer with hole tracks. Where a track moves by one place between
// two lines, a place across moves the other way, and its words with it: they
// turn into the hole in the earlier line, run to the home of the place in the
// later one, and go on there. So the hole of the earlier line has the only
// turn, on colors that nothing else of that line uses there; the router at the
// home of the place turns its ports, and all others keep theirs.
//
//        track down    place a   hole     place b
//      earlier line       a <-->  .  <-->  b <-+        words of b go west,
//      later line         a       b        .            then south
//
// Written for tracks along either axis: "along" is the direction of a track,
// "across" the one in which its holes are passed straight. A rule is painted
// with all that its own routers send, and comes out line by line.
//
//===----------------------------------------------------------------------===//
#include "PhysicalRules.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::imagefile;

namespace {

class TrackMapper {
public:
  TrackMapper(const Image &image, const PlaceMap &places, Image &out)
      : image(image), places(places), out(out), configs(out.configs),
        down(places.axis() == Axis::Y), ahead(down ? Port::South : Port::East),
        behind(opposite(ahead)), up(down ? Port::East : Port::South),
        low(opposite(up)) {}

  Status add(const Rule &rule) {
    FlatRule flat(rule);
    const Rect &r = rule.rect;
    begin = down ? r.y : r.x;
    end = down ? r.endY() : r.endX();
    firstLine = places.along().physical(std::max(begin - 1, 0));
    int32_t last = places.along().physical(end);
    if (last < 0) {
      last = places.along().physical(end - 1);
    }
    canvas.assign(size_t(last + 1 - firstLine), {});
    crossings.clear();
    int32_t from = down ? r.x : r.y, to = down ? r.endX() : r.endY();
    for (int32_t line = begin; line < end; ++line) {
      for (int32_t i = from; i < to; ++i) {
        uint32_t config = flat.at(down ? Coord{i, line} : Coord{line, i});
        if (config != kNoRoute) {
          paint(rule, line, i, config);
        }
      }
    }
    emit(rule);
    return std::move(status);
  }

private:
  const LineTable &tableOf(int32_t line) const {
    return places.across(places.bandOf(line));
  }
  /// Physical line of a logical one, or -1.
  int32_t lineOf(int32_t line) const { return places.along().physical(line); }

  void put(int32_t line, int32_t place, uint32_t config) {
    std::vector<uint32_t> &cells = canvas[size_t(line - firstLine)];
    if (cells.size() <= size_t(place)) {
      cells.resize(size_t(place) + 1, kNoRoute);
    }
    uint32_t &cell = cells[size_t(place)];
    if (cell != kNoRoute && cell != config) {
      crossings.push_back({line, place, config});
      return;
    }
    cell = config;
  }
  /// Straight on, between two places or two lines.
  void passAcross(int32_t line, int32_t from, int32_t to) {
    Port side = to > from ? up : low;
    int32_t step = to > from ? 1 : -1;
    for (int32_t at = from + step; at != to; at += step) {
      put(line, at, configs.pass(opposite(side), side));
    }
  }
  void passAlong(int32_t from, int32_t to, int32_t place) {
    Port side = to > from ? ahead : behind;
    int32_t step = to > from ? 1 : -1;
    for (int32_t at = from + step; at != to; at += step) {
      put(at, place, configs.pass(opposite(side), side));
    }
  }

  void paint(const Rule &rule, int32_t line, int32_t i, uint32_t config) {
    uint8_t tx = sendsTo(image.configs[config]);
    uint8_t used = tx | takesFrom(image.configs[config]);
    int32_t here = tableOf(line).physical(i), row = lineOf(line);
    int32_t nextRow = lineOf(line + 1);
    if ((used & portBit(ahead)) && nextRow >= 0) {
      int32_t there = tableOf(line + 1).physical(i);
      Port side = there < here ? low : up;
      if (there != here) {
        if (there < 0 || (used & portBit(side))) {
          return refuse(rule, line, i);
        }
        config = configs.turned(config, ahead, side);
      }
      if (tx & portBit(ahead)) {
        if (there != here) {
          passAcross(row, here, there);
          put(row, there, configs.pass(opposite(side), ahead));
        }
        passAlong(row, nextRow, there);
      }
    }
    if ((tx & portBit(behind)) && line > 0) {
      int32_t before = tableOf(line - 1).physical(i),
              rowBefore = lineOf(line - 1);
      passAlong(row, rowBefore, here);
      if (before != here) {
        Port side = before < here ? low : up;
        put(rowBefore, here, configs.pass(ahead, side));
        passAcross(rowBefore, here, before);
      }
    }
    for (Port side : {low, up}) {
      int32_t there = tableOf(line).physical(side == up ? i + 1 : i - 1);
      if ((tx & portBit(side)) && there >= 0) {
        passAcross(row, here, there);
      }
    }
    put(row, here, config);
  }

  void emitRows(const Rule &rule, int32_t line, int32_t count, int32_t place,
                std::vector<Run> runs) {
    int32_t length = 0;
    for (const Run &run : runs) {
      length += int32_t(run.count);
    }
    Rule part;
    part.name = rule.name;
    part.color = rule.color;
    part.axis = down ? Axis::X : Axis::Y;
    part.rect = down ? Rect{place, line, length, count}
                     : Rect{line, place, count, length};
    part.classes.push_back(std::move(runs));
    out.rules.push_back(std::move(part));
  }

  void emit(const Rule &rule) {
    for (size_t line = 0; line < canvas.size();) {
      const std::vector<uint32_t> &cells = canvas[line];
      size_t next = line + 1;
      while (next < canvas.size() && canvas[next] == cells) {
        ++next;
      }
      auto first = std::find_if(cells.begin(), cells.end(),
                                [](uint32_t c) { return c != kNoRoute; });
      if (first != cells.end()) {
        std::vector<Run> runs;
        for (auto cell = first; cell != cells.end(); ++cell) {
          appendRun(runs, *cell);
        }
        emitRows(rule, firstLine + int32_t(line), int32_t(next - line),
                 int32_t(first - cells.begin()), std::move(runs));
      }
      line = next;
    }
    for (const Crossing &c : crossings) {
      emitRows(rule, c.line, 1, c.place, {{1, c.config}});
    }
  }

  void refuse(const Rule &rule, int32_t line, int32_t place) {
    if (status) {
      status = Diagnostic{
          fmt::format("words of color {} pass between {} {} and {} at {} {}, "
                      "which the map moves there, and across",
                      rule.color, down ? "rows" : "columns", line, line + 1,
                      down ? "column" : "row", place),
          rule.name.empty() ? "map" : fmt::format("rule '{}'", rule.name), "",
          "", ""};
    }
  }

  /// A second route of the rule in a router: for the reader to find.
  struct Crossing {
    int32_t line;
    int32_t place;
    uint32_t config;
  };

  const Image &image;
  const PlaceMap &places;
  Image &out;
  MappedConfigs configs;
  bool down;
  Port ahead, behind, up, low;
  /// Of the rule, along the tracks.
  int32_t begin = 0, end = 0;
  int32_t firstLine = 0;
  /// Configs by physical line and place, and what did not fit in.
  std::vector<std::vector<uint32_t>> canvas;
  std::vector<Crossing> crossings;
  Status status;
};

} // namespace

Status wafer::imagefile::addTrackRules(const Image &image,
                                       const PlaceMap &places, Image &out) {
  TrackMapper mapper(image, places, out);
  for (const Rule &rule : image.rules) {
    if (Status s = mapper.add(rule); !s) {
      return s;
    }
  }
  return Status::success();
}
