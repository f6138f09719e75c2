// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Bench/Gemv.h"

#include "GemvTile.h"
#include "TreeText.h"
#include "wafer/Bench/Programs.h"
#include "wafer/Collectives/LineFormulas.h"
#include "wafer/Support/Half.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

const char *wafer::nameOf(TileMethod method) {
  return method == TileMethod::Products ? "products" : "columns";
}

static constexpr const char *kText = R"(
model json {"name": "gemv", "rows": $ROWS, "cols": $COLS,
  "timed": {"stop": {"core": [$LASTX, $LASTY], "address": $CLOCK}}}
role @core {
  params at 0 {
$PARAMS$TILEPARAMS  }
$BUFFERS$QUEUES
  task @main local active entry start
  code {
  start:
$TILE$CODE    stw r4, [r0 + clock]
    end
  }
}
region @rectangle role @core rect 0 0 $WIDTH $HEIGHT {
$TABLES}
)";

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

/// A line of a rectangle shares its colors with whatever else the rectangle
/// does: docs/design gives an axis four colors for trees.
static constexpr uint32_t kTreeColors = 4;

/// Of those that fit a core.
static std::optional<TileMethod> fastestMethod(const Machine &machine,
                                               const ParameterSet &costs,
                                               const GemvShape &shape) {
  std::optional<TileMethod> best;
  uint64_t bestCycles = ~uint64_t(0);
  // Of the all-reduce; what the program really takes, the verifier counts.
  uint64_t code = uint64_t(48) * machine.codeBytesPerInstruction;
  uint64_t elements = uint64_t(shape.tileRows()) * shape.tileCols();
  for (TileMethod method : {TileMethod::Products, TileMethod::Columns}) {
    // A step must not come to a sum twice.
    bool twice = method == TileMethod::Products &&
                 shape.tileRows() < machine.lanesOf("faddh");
    if (elements > machine.programBytes() / 2 || twice) {
      continue;
    }
    GemvTile tile(machine, shape, method);
    uint64_t cycles = tile.cycles(machine, costs);
    if (tile.dataBytes() + tile.codeBytes(machine) + code <=
            machine.programBytes() &&
        cycles < bestCycles) {
      best = method;
      bestCycles = cycles;
    }
  }
  return best;
}

Result<GemvPlan> wafer::planGemv(const Machine &machine,
                                 const ParameterSet &costs,
                                 const GemvShape &shape) {
  if (shape.lines < 1 || shape.length < 2 || shape.rows < shape.lines ||
      shape.cols < shape.length || shape.width() > uint32_t(machine.width()) ||
      shape.height() > uint32_t(machine.height())) {
    return Diagnostic{
        "bad rectangle of a matrix-vector product", "",
        fmt::format("2 cores a line or more, at most {} x {} and an element "
                    "for each",
                    machine.width(), machine.height()),
        fmt::format("{} x {} cores for {} x {} elements", shape.width(),
                    shape.height(), shape.rows, shape.cols),
        ""};
  }
  std::optional<TileMethod> method = fastestMethod(machine, costs, shape);
  if (!method) {
    return Diagnostic{"the tile does not fit a core", "",
                      fmt::format("at most {} bytes", machine.programBytes()),
                      fmt::format("{} x {} elements of two bytes, with gaps",
                                  shape.tileRows(), shape.tileCols()),
                      "a larger rectangle"};
  }
  CollectiveProblem problem{CollectiveKind::AllReduce, shape.length,
                            shape.words(), kTreeColors};
  auto sums = problem.solve(machine, costs);
  if (!sums) {
    return sums.takeError();
  }
  GemvPlan plan{shape, *method, std::move(*sums), 0};
  plan.predicted = GemvTile(machine, shape, *method).cycles(machine, costs) +
                   problem.predict(plan.sums, LineCosts::of(machine, costs));
  return plan;
}

namespace {

/// Looks for the rectangle with the lowest prediction.
class GemvSearch {
public:
  GemvSearch(const Machine &machine, const ParameterSet &costs, uint32_t rows,
             uint32_t cols)
      : machine(machine), costs(costs), rows(rows), cols(cols) {}

  void alongAxis(Axis axis) {
    uint32_t width = uint32_t(machine.width()),
             height = uint32_t(machine.height());
    uint32_t longest = std::min(axis == Axis::X ? width : height, cols);
    // As many lines as there are; fewer only where slices stay as long.
    uint32_t lines = std::min(axis == Axis::X ? height : width, rows);
    uint32_t slice = ((rows + lines - 1) / lines + 1) / 2 * 2;
    lines = (rows + slice - 1) / slice;
    uint32_t least = (cols + longest - 1) / longest;
    // Slices of x: first in steps of an eighth, then around the best.
    uint32_t best = 0;
    for (uint32_t k = least; k <= 8 * least && k < cols; k += 1 + k / 8) {
      best = consider(axis, k, lines) ? k : best;
    }
    for (uint32_t k = best - std::min(best, best / 8);
         best && k <= best + best / 8; ++k) {
      consider(axis, std::max(k, least), lines);
    }
  }

  std::optional<GemvPlan> best;
  std::optional<Diagnostic> problem;

private:
  /// Whether it is the best one so far.
  bool consider(Axis axis, uint32_t slice, uint32_t lines) {
    GemvShape shape{rows, cols, axis, (cols + slice - 1) / slice, lines};
    // No all-reduce is faster than its distance.
    std::optional<TileMethod> method = fastestMethod(machine, costs, shape);
    if (best && method &&
        GemvTile(machine, shape, *method).cycles(machine, costs) +
                shape.length >=
            best->predicted) {
      return false;
    }
    auto plan = planGemv(machine, costs, shape);
    if (!plan) {
      problem = plan.takeError();
      return false;
    }
    if (best && plan->predicted >= best->predicted) {
      return false;
    }
    best = std::move(*plan);
    return true;
  }

  const Machine &machine;
  const ParameterSet &costs;
  uint32_t rows, cols;
};

} // namespace

Result<GemvPlan> wafer::searchGemv(const Machine &machine,
                                   const ParameterSet &costs, uint32_t rows,
                                   uint32_t cols) {
  if (rows < 1 || cols < 2) {
    return Diagnostic{"bad shape of a matrix-vector product", "",
                      "at least 1 row and 2 columns",
                      fmt::format("{} x {}", rows, cols), ""};
  }
  GemvSearch search(machine, costs, rows, cols);
  search.alongAxis(Axis::X);
  search.alongAxis(Axis::Y);
  if (!search.best) {
    return search.problem ? *search.problem
                          : Diagnostic{"no rectangle fits", "", "", "", ""};
  }
  return std::move(*search.best);
}

double wafer::boundGemv(const Machine &machine, const GemvShape &shape) {
  double products = double(shape.rows) * shape.cols / shape.lines /
                    shape.length / machine.lanesOf("fmach");
  return products +
         LineBounds(shape.length)
             .allReduce(shape.length, shape.words(), machine.rampCycles);
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

double wafer::gemvElement(uint32_t row, uint32_t col) {
  return (double((row * 3ull + col * 7ull + row * uint64_t(col)) % 5) - 2) / 8;
}

double wafer::gemvInput(uint32_t col) {
  return (double(col * 5ull % 7) - 3) / 4;
}

static void put(std::vector<uint8_t> &data, size_t at, double value) {
  uint16_t bits = floatToHalf(float(value));
  std::memcpy(&data[at], &bits, 2);
}

/// Of all cores, row by row of the rectangle.
static void addData(Image &image, const GemvShape &shape,
                    const GemvTile &tile) {
  uint32_t rows = shape.tileRows(), cols = shape.tileCols();
  size_t inputBytes = tile.inputBytes(), matrixBytes = tile.matrixBytes();
  size_t cores = size_t(shape.length) * shape.lines;
  std::vector<uint8_t> input(inputBytes * cores), matrix(matrixBytes * cores);
  for (size_t core = 0; core < cores; ++core) {
    size_t x = core % shape.width(), y = core / shape.width();
    size_t place = shape.axis == Axis::X ? x : y;
    size_t line = shape.axis == Axis::X ? y : x;
    for (uint32_t k = 0; k < cols; ++k) {
      uint32_t col = uint32_t(place * cols + k);
      if (col >= shape.cols) {
        break;
      }
      put(input, core * inputBytes + tile.inputOffset(k), gemvInput(col));
      for (uint32_t j = 0; j < rows; ++j) {
        uint32_t row = uint32_t(line * rows + j);
        if (row < shape.rows) {
          put(matrix, core * matrixBytes + tile.matrixOffset(k, j),
              gemvElement(row, col));
        }
      }
    }
  }
  addInitData(image, tile.inputAddress(), uint32_t(inputBytes),
              std::move(input));
  addInitData(image, tile.matrixAddress(), uint32_t(matrixBytes),
              std::move(matrix));
}

Result<Image> wafer::buildGemv(const Machine &machine, const GemvPlan &plan,
                               bool withData) {
  const GemvShape &shape = plan.shape;
  GemvTile tile(machine, shape, plan.method);
  TreeText text(machine, plan.sums, shape.words(), shape.axis, shape.lines,
                {"faddh", "mov16", true});
  uint32_t root = plan.sums.tree.root;
  uint32_t far = root < shape.length / 2 ? shape.length - 1 : 0;
  bool alongX = shape.axis == Axis::X;
  auto number = [](uint64_t value) { return fmt::format("{}", value); };
  Values values = {{"ROWS", number(shape.rows)},
                   {"COLS", number(shape.cols)},
                   {"LASTX", number(alongX ? far : 0)},
                   {"LASTY", number(alongX ? 0 : far)},
                   {"CLOCK", number(tile.clockAddress())},
                   {"TILEPARAMS", tile.params()},
                   {"BUFFERS", tile.buffers()},
                   {"TILE", tile.code()},
                   {"WIDTH", number(shape.width())},
                   {"HEIGHT", number(shape.height())},
                   {"PARAMS", text.params()},
                   {"QUEUES", text.queues()},
                   {"CODE", text.code()},
                   {"TABLES", text.tables()}};
  Result<Image> image =
      parseProgram(machine, "gemv", kText + text.routes(), values);
  if (image && withData) {
    addData(*image, shape, tile);
  }
  return image;
}

Status wafer::checkGemv(const GemvPlan &plan, const Image &image,
                        Engine &engine) {
  const GemvShape &shape = plan.shape;
  uint32_t base = *bufferOffset(image.roles.front(), "acc");
  std::vector<uint16_t> got(shape.tileRows());
  for (uint32_t line = 0; line < shape.lines; ++line) {
    std::vector<double> expected(shape.tileRows(), 0);
    for (uint32_t j = 0; j < shape.tileRows(); ++j) {
      uint32_t row = line * shape.tileRows() + j;
      for (uint32_t col = 0; row < shape.rows && col < shape.cols; ++col) {
        expected[j] += gemvElement(row, col) * gemvInput(col);
      }
    }
    for (uint32_t place = 0; place < shape.length; ++place) {
      Coord core = shape.axis == Axis::X ? Coord{int32_t(place), int32_t(line)}
                                         : Coord{int32_t(line), int32_t(place)};
      Status read = engine.peek(core, base, got.data(), 2 * shape.tileRows());
      if (!read) {
        return read;
      }
      for (uint32_t j = 0; j < shape.tileRows(); ++j) {
        if (double(halfToFloat(got[j])) != expected[j]) {
          return Diagnostic{
              "an element of y is wrong",
              fmt::format("core {},{}, element {}", core.x, core.y, j),
              fmt::format("{}", expected[j]),
              fmt::format("{}", halfToFloat(got[j])), ""};
        }
      }
    }
  }
  return Status::success();
}
