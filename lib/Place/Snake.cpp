// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Place/Floorplan.h"

#include <algorithm>
#include <set>
#include <tuple>

using namespace wafer;

namespace {
class SnakeSearch {
public:
  SnakeSearch(const SnakeProblem &problem, int32_t shelves)
      : problem(problem), shelves(shelves),
        widthFrom(problem.blocks.size() + 1) {
    for (size_t i = problem.blocks.size(); i-- > 0;) {
      widthFrom[i] = widthFrom[i + 1] + problem.blocks[i].width;
    }
  }

  std::optional<Snake> run() {
    snake.shelves = shelves;
    if (!continueShelf(0, 0, problem.firstColumn)) {
      return std::nullopt;
    }
    return snake;
  }

private:
  static bool goesEast(int32_t shelf) { return shelf % 2 == 0; }

  /// Places block `i` and all behind it in `shelf`, from column `edge` on in
  /// the shelf's direction.
  bool continueShelf(size_t i, int32_t shelf, int32_t edge) {
    bool east = goesEast(shelf);
    int32_t room = east ? problem.columns - edge : edge - problem.firstColumn;
    if (i == problem.blocks.size()) {
      snake.room = room;
      return shelf + 1 == shelves;
    }
    int64_t most = room + int64_t(shelves - 1 - shelf) *
                              (problem.columns - problem.firstColumn);
    int32_t width = problem.blocks[i].width;
    if (widthFrom[i] > most || width > room) {
      return false;
    }
    int32_t x = east ? edge : edge - width;
    return placeAt(i, shelf, x);
  }

  bool placeAt(size_t i, int32_t shelf, int32_t x) {
    if (failed.count({i, shelf, x})) {
      return false;
    }
    snake.places.push_back({shelf, x});
    int32_t width = problem.blocks[i].width;
    int32_t edge = goesEast(shelf) ? x + width : x;
    if (continueShelf(i + 1, shelf, edge)) {
      return true;
    }
    bool turns = i + 1 < problem.blocks.size() && shelf + 1 < shelves &&
                 problem.blocks[i + 1].mayTurn &&
                 problem.blocks[i + 1].width == width;
    if (turns && placeAt(i + 1, shelf + 1, shifted(i + 1, shelf + 1, x))) {
      return true;
    }
    snake.places.pop_back();
    failed.insert({i, shelf, x});
    return false;
  }

  /// Where block `i` begins `shelf` under column `x`: in the last shelf as far
  /// back as it may.
  int32_t shifted(size_t i, int32_t shelf, int32_t x) const {
    const SnakeProblem::Block &block = problem.blocks[i];
    if (shelf + 1 != shelves) {
      return x;
    }
    return goesEast(shelf)
               ? std::max(problem.firstColumn, x - block.mayShift)
               : std::min(problem.columns - block.width, x + block.mayShift);
  }

  const SnakeProblem &problem;
  int32_t shelves;
  /// Columns of the blocks from one on.
  std::vector<int64_t> widthFrom;
  Snake snake;
  /// What follows depends on the block, its shelf and its column alone.
  std::set<std::tuple<size_t, int32_t, int32_t>> failed;
};
} // namespace

std::optional<Snake> wafer::laySnake(const SnakeProblem &problem) {
  for (int32_t shelves = 1; shelves <= problem.maxShelves; ++shelves) {
    if (std::optional<Snake> snake = SnakeSearch(problem, shelves).run()) {
      return snake;
    }
  }
  return std::nullopt;
}
