// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What words pass on a wafer with hole tracks (lib/Image/TrackRules.cpp says
// where they turn).
//
//===----------------------------------------------------------------------===//
#include "TrackSearch.h"

using namespace wafer;
using namespace wafer::remap;

namespace {

/// A place of the wafer as tracks see it: a kept line or the gap behind one.
class LineView {
public:
  LineView(const Footprint &program, const PlaceMap &places, int32_t physical)
      : program(program), places(places), down(places.axis() == Axis::Y) {
    const LineTable &along = places.along();
    line = along.logical(physical);
    isKept = line >= 0;
    for (int32_t p = physical; line < 0 && p >= 0; --p) {
      line = along.logical(p);
    }
    isInside = line >= 0 && line < count();
  }

  int32_t count() const { return down ? program.height() : program.width(); }
  bool crossesAhead(int32_t place) const {
    return down ? program.crossesSouth(place, line)
                : program.crossesEast(line, place);
  }
  bool crossesAcross(int32_t place) const {
    return down ? program.crossesEast(place, line)
                : program.crossesSouth(line, place);
  }
  bool isUsed(int32_t place) const {
    return down
               ? program.hasCore(place, line) || program.hasRouter(place, line)
               : program.hasCore(line, place) || program.hasRouter(line, place);
  }
  bool hasCore(int32_t place) const {
    return down ? program.hasCore(place, line) : program.hasCore(line, place);
  }
  const LineTable &table(int32_t of) const {
    return places.across(places.bandOf(of));
  }
  /// The last logical place of the line at a physical one or before it.
  int32_t placeBefore(int32_t physical) const {
    int32_t place = -1;
    for (int32_t p = physical; place < 0 && p >= 0; --p) {
      place = table(line).logical(p);
    }
    return place;
  }
  /// Words go ahead at a physical place, behind the turns of the line.
  int32_t aheadAt(int32_t physical) const {
    int32_t place = table(line + 1).logical(physical);
    return place >= 0 && crossesAhead(place) ? place : -1;
  }
  /// A place whose words turn at or pass the hole at a physical place.
  int32_t turnAt(int32_t physical) const {
    for (int32_t near : {physical - 1, physical + 1}) {
      int32_t step = near - physical, p = near;
      // Over other holes to the next place that lives.
      while (p >= 0 && table(line).logical(p) < 0 && p - physical < count() &&
             physical - p < count()) {
        p += step;
      }
      int32_t place = p < 0 ? -1 : table(line).logical(p);
      int32_t there = place < 0 ? p : table(line + 1).physical(place);
      bool passes = step > 0 ? there <= physical : there >= physical;
      if (place >= 0 && passes && crossesAhead(place)) {
        return place;
      }
    }
    return -1;
  }

  const Footprint &program;
  const PlaceMap &places;
  bool down;
  int32_t line = -1;
  bool isKept = false;
  bool isInside = false;
};

} // namespace

std::optional<Hit> wafer::remap::hitUnderTracks(const Footprint &program,
                                                const Defect &defect,
                                                const PlaceMap &places) {
  bool down = places.axis() == Axis::Y;
  int32_t physical = down ? defect.place.y : defect.place.x;
  int32_t across = down ? defect.place.x : defect.place.y;
  LineView view(program, places, physical);
  if (!view.isInside) {
    return std::nullopt;
  }
  auto hitAt = [&](int32_t place, bool byLine) {
    Hit hit{&defect, {}, byLine == down, byLine != down};
    hit.logical = down ? Coord{place, view.line} : Coord{view.line, place};
    return std::optional<Hit>(hit);
  };
  int32_t place = view.isKept ? view.table(view.line).logical(across) : -1;
  bool isAhead =
      defect.kind == (down ? Defect::Kind::SouthLink : Defect::Kind::EastLink);
  switch (defect.kind) {
  case Defect::Kind::EdgeLink:
    return std::nullopt;
  case Defect::Kind::Core:
    return place >= 0 && view.hasCore(place) ? hitAt(place, false)
                                             : std::nullopt;
  case Defect::Kind::Tile:
    if (place >= 0 && view.isUsed(place)) {
      return hitAt(place, true);
    }
    break;
  case Defect::Kind::EastLink:
  case Defect::Kind::SouthLink:
    if (!isAhead && view.isKept) {
      int32_t before = view.placeBefore(across);
      if (before >= 0 && view.crossesAcross(before)) {
        return hitAt(before, true);
      }
      // A turn runs over the link to or from a hole beside it.
      int32_t turn = place < 0 ? view.turnAt(across) : view.turnAt(across + 1);
      return turn >= 0 ? hitAt(turn, true) : std::nullopt;
    }
    if (isAhead) {
      int32_t ahead = view.aheadAt(across);
      return ahead >= 0 ? hitAt(ahead, false) : std::nullopt;
    }
    return std::nullopt;
  }
  // A dead router beside the program's own: what passes it?
  if (view.isKept) {
    int32_t before = view.placeBefore(across);
    if (place < 0 && before >= 0 && view.crossesAcross(before)) {
      return hitAt(before, true);
    }
    int32_t turn = place < 0 ? view.turnAt(across) : -1;
    return turn >= 0 ? hitAt(turn, true) : std::nullopt;
  }
  int32_t ahead = view.aheadAt(across);
  return ahead >= 0 ? hitAt(ahead, false) : std::nullopt;
}

ProgramShape::ProgramShape(const Footprint &program, const PlaceMap &places)
    : axis(places.axis()) {
  bool down = axis == Axis::Y;
  int32_t lines = down ? program.height() : program.width();
  int32_t last = (down ? program.width() : program.height()) - 1;
  firstLine = places.along().physical(0);
  for (int32_t line = 0; line < lines; ++line) {
    const LineTable &here = places.across(places.bandOf(line));
    const LineTable &ahead =
        places.across(places.bandOf(std::min(line + 1, lines - 1)));
    Span span{std::min(here.physical(0), ahead.physical(0)),
              std::max(here.physical(last), ahead.physical(last)) + 1};
    int32_t next = line + 1 < lines ? places.along().physical(line + 1)
                                    : places.along().physical(line) + 1;
    spans.resize(size_t(next - firstLine), span);
  }
}

bool ProgramShape::contains(Coord c) const {
  int32_t line = (axis == Axis::Y ? c.y : c.x) - firstLine;
  int32_t place = axis == Axis::Y ? c.x : c.y;
  return line >= 0 && line < int32_t(spans.size()) &&
         place >= spans[size_t(line)].begin && place < spans[size_t(line)].end;
}
