// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weights-loaded, copies-agree and weights-sealed: the bytes that the loader
// puts into cores against the layouts that the image declares, against each
// other, and against the digests of the elements that the model has
// (wafer/Image/Seal.h). An image without any data (compiled with --weights
// none) claims nothing about bytes.
//
// Cost: linear in the elements of weights; memory is bounded by kSlabBytes.
//
//===----------------------------------------------------------------------===//
#include "RuleContext.h"
#include "wafer/Image/Seal.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

using namespace wafer;
using namespace wafer::verifier;

//===----------------------------------------------------------------------===//
// weights-loaded
//===----------------------------------------------------------------------===//

/// The bytes of SRAM that a placement can use in any core of its region.
static std::pair<uint64_t, uint64_t> spanOf(const TensorPlacement &t,
                                            const Buffer &buffer) {
  uint64_t begin = uint64_t(buffer.offset) + t.offset;
  uint64_t end = begin + sizeOf(t.type);
  for (size_t d = 0; d < t.dims.size(); ++d) {
    uint32_t most =
        t.dims[d].kind == DimensionLayout::Kind::Whole ? t.shape[d] : 0;
    for (size_t line = 0; line < t.dims[d].begin.size(); ++line) {
      most = std::max(most, t.dims[d].end[line] - t.dims[d].begin[line]);
    }
    if (most == 0) {
      return {begin, begin};
    }
    end += uint64_t(most - 1) * t.strides[d];
  }
  return {begin, end};
}

static const InitData *dataOf(const Image &image, uint32_t region,
                              uint64_t begin, uint64_t end) {
  for (const InitData &data : image.initData) {
    if (data.region == region && data.offset <= begin &&
        uint64_t(data.offset) + data.bytes >= end) {
      return &data;
    }
  }
  return nullptr;
}

static void checkLoaded(RuleContext &context) {
  const Image &image = context.image;
  for (const InitData &data : image.initData) {
    const Region &region = image.regions[data.region];
    const std::vector<Buffer> &buffers = image.roles[region.role].buffers;
    bool inside =
        std::any_of(buffers.begin(), buffers.end(), [&](const Buffer &b) {
          return data.offset >= b.offset &&
                 uint64_t(data.offset) + data.bytes <=
                     uint64_t(b.offset) + b.bytes;
        });
    if (!inside) {
      context.violate(RuleId::WeightsLoaded, [&] {
        return fmt::format("data of region '{}' for bytes {} to {} lie in no "
                           "one buffer",
                           region.name, data.offset,
                           uint64_t(data.offset) + data.bytes);
      });
    }
  }
  for (const TensorPlacement &t : image.tensors) {
    if (t.kind != TensorKind::Weight || image.initData.empty()) {
      continue;
    }
    const Region &region = image.regions[t.region];
    const Buffer &buffer = image.roles[region.role].buffers[t.buffer];
    auto [begin, end] = spanOf(t, buffer);
    if (begin < end && !dataOf(image, t.region, begin, end)) {
      context.violate(RuleId::WeightsLoaded, [&, b = begin, e = end] {
        return fmt::format("tensor '{}' uses bytes {} to {} of region '{}', "
                           "which the loader does not fill",
                           t.name, b, e, region.name);
      });
    }
  }
}

//===----------------------------------------------------------------------===//
// copies-agree
//===----------------------------------------------------------------------===//

namespace {

constexpr uint64_t kSlabBytes = uint64_t(64) << 20;
/// A hostile layout can declare any number of copies of the same bytes.
constexpr uint64_t kMostElements = uint64_t(1) << 32;

using Ranges = std::vector<std::pair<uint32_t, uint32_t>>;

/// Compares all cores that hold elements of one tensor, and the first copy of
/// each with the digest of the seal. The elements are looked at in slabs of the
/// first dimension; without copies all at once.
class ElementCheck {
public:
  ElementCheck(RuleContext &context, std::vector<const TensorPlacement *> list,
               uint64_t &budget)
      : context(context), image(context.image), placements(std::move(list)),
        first(*placements[0]), sealed(sealedDigest(image, first.name)),
        budget(budget) {}

  void run() {
    uint64_t held = 0, volume = 1;
    for (uint32_t extent : first.shape) {
      volume *= extent;
    }
    for (const TensorPlacement *t : placements) {
      held += std::min(elementsHeld(*t), kMostElements);
    }
    // tensors-covered says whether elements are missing.
    hasCopies = held > volume;
    if (first.shape.empty() || (!hasCopies && sealed == 0)) {
      return;
    }
    if (held > budget) {
      context.violate(RuleId::CopiesAgree, [&] {
        return fmt::format("tensor '{}' has too many elements to look at: more "
                           "than {}",
                           first.name, budget);
      });
      return;
    }
    budget -= held;
    size = sizeOf(first.type);
    rowElements = volume / first.shape[0];
    uint64_t step = std::max<uint64_t>(
        1, kSlabBytes / std::max<uint64_t>(1, rowElements * size));
    step = hasCopies ? step : first.shape[0];
    for (uint64_t at = 0; at < first.shape[0]; at += step) {
      slabBegin = uint32_t(at);
      slabEnd = uint32_t(std::min<uint64_t>(at + step, first.shape[0]));
      uint64_t elements = (slabEnd - slabBegin) * rowElements;
      if (hasCopies) {
        if (elements * size > 4 * kSlabBytes) {
          return tooLong();
        }
        values.assign(elements * size, 0);
        seen.assign(elements, false);
      }
      for (const TensorPlacement *t : placements) {
        if (!placement(*t)) {
          return;
        }
      }
    }
    if (sealed != 0 && sum != sealed) {
      context.violate(RuleId::WeightsSealed, [&] {
        return fmt::format("tensor '{}': its elements have the digest {:016x}, "
                           "those of the model {:016x}",
                           first.name, sum, sealed);
      });
    }
  }

private:
  void tooLong() {
    context.violate(RuleId::CopiesAgree, [&] {
      return fmt::format("tensor '{}' has rows too long to compare copies of",
                         first.name);
    });
  }

  /// Elements in all cores together, each copy counted; 2^32 for more.
  uint64_t elementsHeld(const TensorPlacement &t) const {
    const Rect &r = image.regions[t.region].rect;
    double rows = 0, columns = 0, whole = 1;
    std::vector<double> byRow(size_t(r.h), 1), byColumn(size_t(r.w), 1);
    for (size_t d = 0; d < t.dims.size(); ++d) {
      if (t.dims[d].kind == DimensionLayout::Kind::Whole) {
        whole *= t.shape[d];
        continue;
      }
      auto &lines =
          t.dims[d].kind == DimensionLayout::Kind::Rows ? byRow : byColumn;
      for (size_t i = 0; i < lines.size(); ++i) {
        lines[i] *= double(t.dims[d].end[i] - t.dims[d].begin[i]);
      }
    }
    for (double n : byRow) {
      rows += n;
    }
    for (double n : byColumn) {
      columns += n;
    }
    double all = rows * columns * whole;
    return all > double(kMostElements) ? kMostElements : uint64_t(all);
  }

  bool placement(const TensorPlacement &t) {
    const Region &region = image.regions[t.region];
    const Buffer &buffer = image.roles[region.role].buffers[t.buffer];
    auto [begin, end] = spanOf(t, buffer);
    const InitData *data = dataOf(image, t.region, begin, end);
    if (!data || !data->data) {
      return true; // weights-loaded has said so
    }
    const Rect &r = region.rect;
    for (int32_t y = 0; y < r.h; ++y) {
      for (int32_t x = 0; x < r.w; ++x) {
        const uint8_t *core =
            data->data +
            (uint64_t(y) * uint64_t(r.w) + uint64_t(x)) * data->bytes;
        core += begin - data->offset;
        if (!sliceOf(t, y, x)) {
          continue;
        }
        if (!compare(t, core, {r.x + x, r.y + y})) {
          return false;
        }
      }
    }
    return true;
  }

  /// The ranges of a core, the first one cut to the slab; false where empty.
  bool sliceOf(const TensorPlacement &t, int32_t row, int32_t column) {
    ranges.clear();
    for (size_t d = 0; d < t.dims.size(); ++d) {
      const DimensionLayout &layout = t.dims[d];
      if (layout.kind == DimensionLayout::Kind::Whole) {
        ranges.push_back({0, t.shape[d]});
      } else {
        size_t line =
            size_t(layout.kind == DimensionLayout::Kind::Rows ? row : column);
        ranges.push_back({layout.begin[line], layout.end[line]});
      }
    }
    origin = ranges[0].first;
    ranges[0] = {std::max(ranges[0].first, slabBegin),
                 std::min(ranges[0].second, slabEnd)};
    return std::all_of(ranges.begin(), ranges.end(),
                       [](auto range) { return range.first < range.second; });
  }

  /// Elements of a core in the order of the tensor, a run of the last dimension
  /// at a time.
  bool compare(const TensorPlacement &t, const uint8_t *bytes, Coord core) {
    std::vector<uint32_t> index;
    for (auto [begin, end] : ranges) {
      index.push_back(begin);
    }
    size_t last = index.size() - 1;
    for (;;) {
      uint64_t element = 0, offset = 0;
      for (size_t d = 0; d < index.size(); ++d) {
        uint32_t start = d == 0 ? origin : ranges[d].first;
        uint32_t local = d == 0 ? index[d] - slabBegin : index[d];
        element = element * (d == 0 ? 1 : t.shape[d]) + local;
        offset += uint64_t(index[d] - start) * t.strides[d];
      }
      uint32_t count = ranges[last].second - ranges[last].first;
      uint32_t same =
          size == 2
              ? look<uint16_t>(element, bytes + offset, count, t.strides[last])
          : size == 4
              ? look<uint32_t>(element, bytes + offset, count, t.strides[last])
              : look<uint8_t>(element, bytes + offset, count, t.strides[last]);
      if (same < count) {
        index[last] += same;
        differs(index, core);
        return false;
      }
      size_t d = last;
      while (d > 0 && ++index[d - 1] == ranges[d - 1].second) {
        index[d - 1] = ranges[d - 1].first;
        --d;
      }
      if (d == 0) {
        return true;
      }
    }
  }

  /// Adds elements that are met for the first time to the digest, and compares
  /// the others; returns how many came before one that differs.
  template <typename Word>
  uint32_t look(uint64_t element, const uint8_t *from, uint32_t count,
                uint32_t stride) {
    uint64_t place = uint64_t(slabBegin) * rowElements + element;
    Word value = 0;
    if (!hasCopies) {
      for (uint32_t i = 0; i < count; ++i, from += stride) {
        std::memcpy(&value, from, sizeof(value));
        sum += elementDigest(place + i, value);
      }
      return count;
    }
    for (uint32_t i = 0; i < count; ++i, from += stride) {
      std::memcpy(&value, from, sizeof(value));
      uint8_t *known = &values[(element + i) * sizeof(Word)];
      if (!seen[element + i]) {
        seen[element + i] = true;
        std::memcpy(known, &value, sizeof(value));
        sum += elementDigest(place + i, value);
      } else if (std::memcmp(known, &value, sizeof(value)) != 0) {
        return i;
      }
    }
    return count;
  }

  void differs(const std::vector<uint32_t> &index, Coord core) {
    context.violate(RuleId::CopiesAgree, [&] {
      std::string place;
      for (uint32_t i : index) {
        place += fmt::format("{}{}", place.empty() ? "" : ", ", i);
      }
      return fmt::format("tensor '{}': the core {},{} holds another value of "
                         "element [{}] than a core before it",
                         first.name, core.x, core.y, place);
    });
  }

  RuleContext &context;
  const Image &image;
  const std::vector<const TensorPlacement *> placements;
  const TensorPlacement &first;
  /// 0: not known.
  const uint64_t sealed;
  uint64_t &budget;
  unsigned size = 0;
  bool hasCopies = false;
  /// Of the elements that were met.
  uint64_t sum = 0;
  uint64_t rowElements = 0;
  uint32_t slabBegin = 0, slabEnd = 0;
  /// Of the slab: the first copy of each element, and which have one.
  std::vector<uint8_t> values;
  std::vector<bool> seen;
  /// Of the core that is looked at.
  Ranges ranges;
  uint32_t origin = 0;
};

} // namespace

void wafer::verifier::checkWeights(RuleContext &context) {
  checkLoaded(context);
  std::map<std::string_view, std::vector<const TensorPlacement *>> byName;
  for (const TensorPlacement &t : context.image.tensors) {
    if (t.kind == TensorKind::Weight && !context.image.initData.empty()) {
      byName[t.name].push_back(&t);
    }
  }
  uint64_t budget = kMostElements;
  for (auto &[name, placements] : byName) {
    // tensors-covered complains of placements that differ.
    const TensorPlacement &first = *placements[0];
    bool alike =
        std::all_of(placements.begin(), placements.end(), [&](auto *t) {
          return t->shape == first.shape && t->type == first.type;
        });
    if (alike) {
      ElementCheck(context, placements, budget).run();
    }
  }
}
