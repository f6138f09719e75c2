// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TrackCover.h - Hole tracks through dead cores (internal) -*- C++ -*-===//
//
// Points on a grid of lines and places are to be covered by few tracks, with
// few moves. A track is at one place of every line, moves by at most one place
// from a line to the next, and only where that line lets it; no two tracks are
// at one place of a line. (The yardstick of Tracks.h lets tracks jump.)
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_REMAP_TRACKCOVER_H
#define WAFER_LIB_REMAP_TRACKCOVER_H

#include <cstdint>
#include <optional>
#include <vector>

namespace wafer::remap {

struct TrackPoint {
  int32_t line = 0;
  int32_t place = 0;
};

struct TrackCoverProblem {
  int32_t lines = 0;
  int32_t places = 0;
  int32_t mostTracks = 0;
  /// By line and place, each once.
  std::vector<TrackPoint> points;
  /// By line: tracks may move between it and the next one.
  std::vector<bool> mayMove;
  /// By line: tracks keep to places from here on. Empty, or such that a track
  /// can follow it.
  std::vector<int32_t> firstPlaces;
};

struct TrackCover {
  /// By track, from the lowest place to the highest one: its place by line.
  /// Empty without a cover.
  std::vector<std::vector<int32_t>> tracks;
  /// Without a cover: a line whose points are in the way.
  int32_t blockedLine = -1;
};

/// A cover by at most `mostTracks`, if one is found. Chains of points are a
/// matching of points with their successors; augmenting paths find one with
/// few enough chains if there is any, and exchanges of successors make it
/// cheap. What can still fail is to keep neighbouring tracks apart. O(F^2) for
/// F points, and O(lines * tracks).
TrackCover coverWithTracks(const TrackCoverProblem &problem);

} // namespace wafer::remap

#endif // WAFER_LIB_REMAP_TRACKCOVER_H
