// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Route/QueueBinding.h"

#include "wafer/Route/RouterSet.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

using namespace wafer;

uint16_t QueueColors::at(const Rect &region, Coord core) const {
  switch (kind) {
  case ParamSource::Kind::Constant:
    return values.front();
  case ParamSource::Kind::Row:
    return values[size_t(core.y - region.y)];
  case ParamSource::Kind::Column:
    return values[size_t(core.x - region.x)];
  }
  return kUnboundColor;
}

namespace {
class Binder {
public:
  Binder(const RoutingProblem &problem, const std::vector<uint8_t> &colors,
         const Rect &region, const std::vector<unsigned> &ids,
         QueueDirection direction);

  Result<QueueColors> run(std::optional<ParamSource::Kind> only);

private:
  /// What is in the way of a function of the column or of the row.
  enum class Obstacle : uint8_t { None, Gaps, TwoColors, Stranger };

  RouterSet endsOf(unsigned id) const;
  /// False where no end can lie in the region: most streams of a large program.
  bool mayEndHere(unsigned id) const;
  Status checkMeetings() const;
  /// The ends in one line of the region: a column, or a row.
  Intervals endsInLine(const RouterSet &ends, bool column, int32_t at) const;
  Obstacle bindLines(bool column, bool fillGaps,
                     std::vector<uint16_t> &values) const;
  Obstacle bindLine(bool column, bool fillGaps, int32_t at,
                    uint16_t &value) const;
  bool strangerIn(bool column, int32_t at, uint8_t color) const;

  const RoutingProblem &problem;
  const std::vector<uint8_t> &colors;
  Rect region;
  QueueDirection direction;
  std::vector<unsigned> ids;
  std::vector<RouterSet> listed;
  /// Ends of streams that are not listed but share a color with one that is.
  std::vector<std::pair<uint8_t, RouterSet>> strangers;
};
} // namespace

Binder::Binder(const RoutingProblem &problem,
               const std::vector<uint8_t> &colors, const Rect &region,
               const std::vector<unsigned> &ids, QueueDirection direction)
    : problem(problem), colors(colors), region(region), direction(direction),
      ids(ids) {
  std::sort(this->ids.begin(), this->ids.end());
  this->ids.erase(std::unique(this->ids.begin(), this->ids.end()),
                  this->ids.end());
  this->ids.erase(std::remove_if(this->ids.begin(), this->ids.end(),
                                 [&](unsigned id) { return !mayEndHere(id); }),
                  this->ids.end());
  uint32_t used = 0;
  for (unsigned id : this->ids) {
    listed.push_back(endsOf(id));
    used |= 1u << colors[id];
  }
  for (unsigned id = 0; id < problem.size(); ++id) {
    if (!((used >> colors[id]) & 1u) || !mayEndHere(id) ||
        std::binary_search(this->ids.begin(), this->ids.end(), id)) {
      continue;
    }
    RouterSet ends = endsOf(id);
    if (ends.bounds().intersects(region)) {
      strangers.emplace_back(colors[id], std::move(ends));
    }
  }
}

bool Binder::mayEndHere(unsigned id) const {
  if (problem.isFamily(id)) {
    return problem.family(id).rect.intersects(region);
  }
  const RoutedStream &stream = problem.stream(id);
  if (direction == QueueDirection::Output) {
    return !stream.fromHost && region.contains(stream.source);
  }
  return std::any_of(stream.sinks.begin(), stream.sinks.end(),
                     [&](const Rect &sink) { return sink.intersects(region); });
}

RouterSet Binder::endsOf(unsigned id) const {
  return direction == QueueDirection::Input ? sinksOf(problem, id)
                                            : sourcesOf(problem, id);
}

/// Two listed streams may end in one core outside the region only.
Status Binder::checkMeetings() const {
  RouterSet inside;
  inside.add(region);
  for (size_t a = 0; a < ids.size(); ++a) {
    for (size_t b = a + 1; b < ids.size(); ++b) {
      if (!listed[a].bounds().intersects(listed[b].bounds())) {
        continue;
      }
      std::vector<int32_t> rows{region.y};
      listed[a].appendRowBreaks(rows);
      listed[b].appendRowBreaks(rows);
      std::sort(rows.begin(), rows.end());
      for (int32_t y : rows) {
        if (y < region.y || y >= region.endY()) {
          continue;
        }
        Intervals common =
            clamp(intersect(listed[a].columnsIn(y), listed[b].columnsIn(y)),
                  region.x, region.endX());
        if (!common.empty()) {
          bool input = direction == QueueDirection::Input;
          return Diagnostic{
              fmt::format("streams '{}' and '{}' both {} core ({}, {})",
                          problem.name(ids[a]), problem.name(ids[b]),
                          input ? "deliver to" : "start at",
                          common.front().begin, y),
              "queue binding", "one stream a queue and core", "",
              "give each of them a queue of its own"};
        }
      }
    }
  }
  return Status::success();
}

Intervals Binder::endsInLine(const RouterSet &ends, bool column,
                             int32_t at) const {
  return column ? clamp(ends.rowsIn(at), region.y, region.endY())
                : clamp(ends.columnsIn(at), region.x, region.endX());
}

bool Binder::strangerIn(bool column, int32_t at, uint8_t color) const {
  return std::any_of(strangers.begin(), strangers.end(), [&](const auto &s) {
    return s.first == color && !endsInLine(s.second, column, at).empty();
  });
}

Binder::Obstacle Binder::bindLine(bool column, bool fillGaps, int32_t at,
                                  uint16_t &value) const {
  value = kUnboundColor;
  int64_t covered = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    int64_t here = total(endsInLine(listed[i], column, at));
    if (here == 0) {
      continue;
    }
    covered += here;
    uint8_t color = colors[ids[i]];
    if (value != kUnboundColor && value != color) {
      return Obstacle::TwoColors;
    }
    value = color;
  }
  int64_t length = column ? region.h : region.w;
  if (value == kUnboundColor || covered == length) {
    return Obstacle::None;
  }
  if (!fillGaps) {
    return Obstacle::Gaps;
  }
  return strangerIn(column, at, uint8_t(value)) ? Obstacle::Stranger
                                                : Obstacle::None;
}

Binder::Obstacle Binder::bindLines(bool column, bool fillGaps,
                                   std::vector<uint16_t> &values) const {
  values.clear();
  int32_t begin = column ? region.x : region.y;
  int32_t end = column ? region.endX() : region.endY();
  for (int32_t at = begin; at < end; ++at) {
    uint16_t value;
    Obstacle obstacle = bindLine(column, fillGaps, at, value);
    if (obstacle != Obstacle::None) {
      return obstacle;
    }
    values.push_back(value);
  }
  return Obstacle::None;
}

Result<QueueColors> Binder::run(std::optional<ParamSource::Kind> only) {
  if (Status s = checkMeetings(); !s) {
    return s.takeError();
  }
  QueueColors result;
  Obstacle obstacle = Obstacle::None;
  for (bool fillGaps : {false, true}) {
    for (bool column : {true, false}) {
      if (only ==
          (column ? ParamSource::Kind::Row : ParamSource::Kind::Column)) {
        continue;
      }
      obstacle = bindLines(column, fillGaps, result.values);
      if (obstacle != Obstacle::None) {
        continue;
      }
      bool constant = std::equal(result.values.begin() + 1, result.values.end(),
                                 result.values.begin());
      if (constant) {
        result.values.resize(1);
      }
      result.kind = constant ? ParamSource::Kind::Constant
                    : column ? ParamSource::Kind::Column
                             : ParamSource::Kind::Row;
      return result;
    }
  }
  return Diagnostic{
      "the color of a queue is a function neither of the column nor of the row",
      fmt::format("queue binding in rect({}, {}, {}, {})", region.x, region.y,
                  region.w, region.h),
      "one color in each column or in each row",
      obstacle == Obstacle::Stranger
          ? "another stream of the color that ends in the same row"
          : "two colors in one column and in one row",
      "split the region, or let the streams share a color"};
}

Result<QueueColors> wafer::bindQueue(const RoutingProblem &problem,
                                     const std::vector<uint8_t> &colors,
                                     const Rect &region,
                                     const std::vector<unsigned> &ids,
                                     QueueDirection direction,
                                     std::optional<ParamSource::Kind> only) {
  if (region.empty() || !problem.grid().contains(region)) {
    return Diagnostic{"the region is empty or leaves the grid", "queue binding",
                      "", "", ""};
  }
  for (unsigned id : ids) {
    if (id >= problem.size() || colors.size() != problem.size()) {
      return Diagnostic{"a queue names a stream without a color",
                        "queue binding", "", "", ""};
    }
  }
  return Binder(problem, colors, region, ids, direction).run(only);
}
