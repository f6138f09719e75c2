// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tensors-covered and elements-apart. A placement puts the block (ranges of the
// row) x (ranges of the column) x (whole dimensions) into each core. Two cores
// may hold the same block (replication), and ranges of a single dimension may
// overlap (declared copies); blocks that overlap otherwise mean that an element
// has two homes, and blocks that do not fill the shape that it has none.
//
// As a block is a product, rows and columns are looked at one after the other:
// the distinct ranges of all rows, taken over the dimensions that are cut by
// rows, must be disjoint and fill their box, and so must those of the columns.
// Several placements of one tensor are compared by their boxes.
//
// Cost: O(n log n + overlapping pairs) in the sides.
//
//===----------------------------------------------------------------------===//
#include "RuleContext.h"

#include <algorithm>
#include <map>

using namespace wafer;
using namespace wafer::verifier;

namespace {

/// Ranges [begin, end) of some dimensions.
using Box = std::vector<std::pair<uint32_t, uint32_t>>;

/// validate() bounds the product of a shape; sums over lines are far below
/// 2^64.
using Volume = uint64_t;

Volume volumeOf(const Box &box) {
  Volume volume = 1;
  for (auto [begin, end] : box) {
    volume *= end - begin;
  }
  return volume;
}

bool overlap(const Box &a, const Box &b) {
  for (size_t d = 0; d < a.size(); ++d) {
    if (a[d].first >= b[d].second || b[d].first >= a[d].second) {
      return false;
    }
  }
  return true;
}

std::string show(const Box &box) {
  std::string text;
  for (auto [begin, end] : box) {
    text += fmt::format("{}{}..{}", text.empty() ? "[" : ", ", begin, end);
  }
  return text + "]";
}

/// Drops empty and equal boxes; finds two that overlap. The first dimension is
/// swept: a box meets only those that begin before it ends.
std::optional<std::pair<Box, Box>> findOverlap(std::vector<Box> &boxes) {
  boxes.erase(std::remove_if(boxes.begin(), boxes.end(),
                             [](const Box &b) { return volumeOf(b) == 0; }),
              boxes.end());
  std::sort(boxes.begin(), boxes.end());
  boxes.erase(std::unique(boxes.begin(), boxes.end()), boxes.end());
  for (size_t i = 0; i < boxes.size(); ++i) {
    for (size_t j = i + 1; j < boxes.size(); ++j) {
      if (!boxes[i].empty() && boxes[j][0].first >= boxes[i][0].second) {
        break;
      }
      if (overlap(boxes[i], boxes[j])) {
        return std::make_pair(boxes[i], boxes[j]);
      }
    }
  }
  return std::nullopt;
}

class TensorCheck {
public:
  TensorCheck(RuleContext &context, const std::vector<size_t> &placements)
      : context(context), placements(placements),
        name(context.image.tensors[placements[0]].name) {}

  void run() {
    const TensorPlacement &first = context.image.tensors[placements[0]];
    std::vector<Box> boxes;
    for (size_t index : placements) {
      const TensorPlacement &t = context.image.tensors[index];
      if (t.shape != first.shape || t.type != first.type) {
        report("its placements differ in shape or type");
        return;
      }
      std::optional<Box> box = placementBox(t);
      if (!box) {
        return;
      }
      boxes.push_back(std::move(*box));
    }
    if (auto two = findOverlap(boxes)) {
      report(fmt::format("two placements overlap: {} and {}", show(two->first),
                         show(two->second)));
      return;
    }
    Volume covered = 0;
    for (const Box &b : boxes) {
      covered += volumeOf(b);
    }
    Box whole;
    for (uint32_t extent : first.shape) {
      whole.push_back({0, extent});
    }
    if (covered != volumeOf(whole)) {
      std::string found;
      for (const Box &b : boxes) {
        found += (found.empty() ? "" : ", ") + show(b);
      }
      report(fmt::format("elements of {} are missing; placed: {}", show(whole),
                         found.empty() ? "nothing" : found));
    }
  }

private:
  void report(const std::string &text) {
    context.violate(RuleId::TensorsCovered,
                    [&] { return fmt::format("tensor '{}': {}", name, text); });
  }

  /// Ranges of one dimension may overlap: then the layout declares copies, such
  /// as of a rotary table that every KV head cuts in its own way. Their union
  /// must have no gap.
  std::optional<Box> lineUnion(const TensorPlacement &t,
                               std::vector<Box> &boxes, const char *noun) {
    std::sort(boxes.begin(), boxes.end());
    std::pair<uint32_t, uint32_t> all{0, 0};
    bool any = false;
    for (const Box &box : boxes) {
      if (box[0].first >= box[0].second) {
        continue;
      }
      if (any && box[0].first > all.second) {
        report(fmt::format("the {} of region '{}' leave elements {} to {} out",
                           noun, context.image.regions[t.region].name,
                           all.second, box[0].first));
        return std::nullopt;
      }
      all.first = any ? all.first : box[0].first;
      all.second = std::max(all.second, box[0].second);
      any = true;
    }
    return Box{all};
  }

  /// The box that the lines of one kind fill; reports what is wrong.
  std::optional<Box> linesBox(const TensorPlacement &t,
                              DimensionLayout::Kind kind,
                              std::vector<size_t> &dims) {
    for (size_t d = 0; d < t.dims.size(); ++d) {
      if (t.dims[d].kind == kind) {
        dims.push_back(d);
      }
    }
    if (dims.empty()) {
      return Box();
    }
    std::vector<Box> boxes(t.dims[dims[0]].begin.size());
    for (size_t line = 0; line < boxes.size(); ++line) {
      for (size_t d : dims) {
        boxes[line].push_back({t.dims[d].begin[line], t.dims[d].end[line]});
      }
    }
    const char *noun = kind == DimensionLayout::Kind::Rows ? "rows" : "columns";
    if (dims.size() == 1) {
      return lineUnion(t, boxes, noun);
    }
    if (auto two = findOverlap(boxes)) {
      report(fmt::format("two {} of region '{}' overlap: {} and {}", noun,
                         context.image.regions[t.region].name, show(two->first),
                         show(two->second)));
      return std::nullopt;
    }
    if (boxes.empty()) {
      return Box(dims.size(), {0, 0});
    }
    Box around = boxes[0];
    Volume filled = 0;
    for (const Box &b : boxes) {
      filled += volumeOf(b);
      for (size_t d = 0; d < b.size(); ++d) {
        around[d].first = std::min(around[d].first, b[d].first);
        around[d].second = std::max(around[d].second, b[d].second);
      }
    }
    if (filled != volumeOf(around)) {
      report(fmt::format("the {} of region '{}' leave elements of {} out", noun,
                         context.image.regions[t.region].name, show(around)));
      return std::nullopt;
    }
    return around;
  }

  std::optional<Box> placementBox(const TensorPlacement &t) {
    Box box;
    for (uint32_t extent : t.shape) {
      box.push_back({0, extent});
    }
    for (auto kind :
         {DimensionLayout::Kind::Rows, DimensionLayout::Kind::Columns}) {
      std::vector<size_t> dims;
      std::optional<Box> part = linesBox(t, kind, dims);
      if (!part) {
        return std::nullopt;
      }
      for (size_t i = 0; i < dims.size(); ++i) {
        box[dims[i]] = (*part)[i];
      }
    }
    return box;
  }

  RuleContext &context;
  const std::vector<size_t> &placements;
  const std::string &name;
};

} // namespace

/// elements-apart. With dimensions ordered by stride, each must step over all
/// that the ones before it fill. Cores hold different numbers of elements; the
/// most of each dimension count.
static void checkApart(RuleContext &context, const TensorPlacement &t) {
  std::vector<std::pair<uint64_t, uint64_t>> steps; // stride, elements
  for (size_t d = 0; d < t.dims.size(); ++d) {
    uint64_t most =
        t.dims[d].kind == DimensionLayout::Kind::Whole ? t.shape[d] : 0;
    for (size_t line = 0; line < t.dims[d].begin.size(); ++line) {
      most =
          std::max<uint64_t>(most, t.dims[d].end[line] - t.dims[d].begin[line]);
    }
    if (most > 1) {
      steps.push_back({t.strides[d], most});
    }
  }
  std::sort(steps.begin(), steps.end());
  uint64_t filled = sizeOf(t.type);
  for (auto [stride, elements] : steps) {
    if (stride < filled) {
      context.violate(RuleId::ElementsApart, [&, s = stride] {
        return fmt::format("tensor '{}' in region '{}' has a stride of {} "
                           "bytes over elements that fill {}",
                           t.name, context.image.regions[t.region].name, s,
                           filled);
      });
      return;
    }
    filled += stride * (elements - 1);
  }
}

void wafer::verifier::checkTensors(RuleContext &context) {
  std::map<std::string_view, std::vector<size_t>> byName;
  for (size_t i = 0; i < context.image.tensors.size(); ++i) {
    const TensorPlacement &t = context.image.tensors[i];
    byName[t.name].push_back(i);
    checkApart(context, t);
  }
  for (const auto &[name, placements] : byName) {
    TensorCheck(context, placements).run();
  }
}
