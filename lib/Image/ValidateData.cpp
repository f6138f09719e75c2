// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ValidateParts.h"

#include <algorithm>
#include <tuple>

using namespace wafer;
using namespace wafer::imagefile;

/// Checks the cut of a dimension and finds the largest local extent.
static Status checkDimension(const DimensionLayout &dim, uint32_t extent,
                             const Rect &rect, uint32_t &localExtent,
                             const std::string &where) {
  size_t lines = 0;
  switch (dim.kind) {
  case DimensionLayout::Kind::Whole:
    localExtent = extent;
    break;
  case DimensionLayout::Kind::Rows:
    lines = size_t(rect.h);
    break;
  case DimensionLayout::Kind::Columns:
    lines = size_t(rect.w);
    break;
  default:
    return Diagnostic{"unknown kind of layout", where, "", "", ""};
  }
  if (dim.begin.size() != lines || dim.end.size() != lines) {
    return Diagnostic{
        "wrong number of ranges", where, fmt::format("{}", lines),
        fmt::format("{} begins and {} ends", dim.begin.size(), dim.end.size()),
        ""};
  }
  for (size_t i = 0; i < lines; ++i) {
    if (dim.begin[i] > dim.end[i] || dim.end[i] > extent) {
      return Diagnostic{fmt::format("range of line {} is not valid", i), where,
                        fmt::format("a part of 0..{}", extent),
                        fmt::format("{}..{}", dim.begin[i], dim.end[i]), ""};
    }
    localExtent = std::max(localExtent, dim.end[i] - dim.begin[i]);
  }
  return Status::success();
}

static Status checkTensor(const TensorPlacement &t, const Image &image,
                          const std::string &where) {
  WAFER_CHECK(checkName(t.name, where));
  if (sizeOf(t.type) == 0 || uint8_t(t.kind) > uint8_t(TensorKind::Output)) {
    return Diagnostic{"unknown kind or type of tensor", where, "", "", ""};
  }
  WAFER_CHECK(checkIndex(t.region, image.regions.size(), "region", where));
  const Region &region = image.regions[t.region];
  const Role &role = image.roles[region.role];
  WAFER_CHECK(checkIndex(t.buffer, role.buffers.size(), "buffer", where));
  const Buffer &buffer = role.buffers[t.buffer];
  size_t rank = t.shape.size();
  if (rank > kMaxTensorRank || t.dims.size() != rank ||
      t.strides.size() != rank) {
    return Diagnostic{
        "ranks of shape, layout and strides do not fit", where,
        fmt::format("equal ranks of at most {}", kMaxTensorRank),
        fmt::format("{}, {}, {}", rank, t.dims.size(), t.strides.size()), ""};
  }
  // The last byte of the largest local block. Each term is below 2^64 and the
  // sum is compared as it grows, so nothing wraps.
  unsigned __int128 end = uint64_t(t.offset) + sizeOf(t.type);
  bool anyElement = true;
  uint64_t elements = 1;
  for (size_t d = 0; d < rank; ++d) {
    std::string place = fmt::format("{}: dimension {}", where, d);
    if (t.shape[d] == 0) {
      return Diagnostic{"extent is zero", place, "", "", ""};
    }
    // Later products of extents fit into 64 bits.
    if (t.shape[d] > kMaxTensorElements / elements) {
      return Diagnostic{"tensor has too many elements", place,
                        fmt::format("at most {}", kMaxTensorElements), "", ""};
    }
    elements *= t.shape[d];
    uint32_t local = 0;
    WAFER_CHECK(
        checkDimension(t.dims[d], t.shape[d], region.rect, local, place));
    anyElement &= local > 0;
    end += uint64_t(local ? local - 1 : 0) * t.strides[d];
  }
  if (anyElement && end > buffer.bytes) {
    return Diagnostic{
        "tensor reaches past its buffer", where,
        fmt::format("at most {} bytes in '{}'", buffer.bytes, buffer.name),
        fmt::format("{} bytes",
                    uint64_t(std::min<unsigned __int128>(end, UINT64_MAX))),
        ""};
  }
  return Status::success();
}

static Status checkInit(const InitData &init, const Image &image,
                        const Machine &machine, const std::string &where) {
  WAFER_CHECK(checkIndex(init.region, image.regions.size(), "region", where));
  const Region &region = image.regions[init.region];
  const Role &role = image.roles[region.role];
  uint64_t end = uint64_t(init.offset) + init.bytes;
  if (init.bytes == 0 || end > dataBytesOf(role, machine)) {
    return Diagnostic{"init data does not fit into SRAM", where,
                      fmt::format("1 byte or more, an end of at most {}",
                                  dataBytesOf(role, machine)),
                      fmt::format("{} + {}", init.offset, init.bytes), ""};
  }
  uint64_t paramEnd = role.paramOffset + 2 * uint64_t(role.params.size());
  if (init.offset < paramEnd && role.paramOffset < end) {
    return Diagnostic{"init data overlaps the parameter block", where, "", "",
                      ""};
  }
  uint64_t expected = uint64_t(region.rect.area()) * init.bytes;
  if (init.size != expected) {
    return Diagnostic{"init data has the wrong size", where,
                      fmt::format("{} bytes ({} cores of {})", expected,
                                  region.rect.area(), init.bytes),
                      fmt::format("{} bytes", init.size), ""};
  }
  return Status::success();
}

Status wafer::imagefile::validateData(const Image &image,
                                      const Machine &machine) {
  for (size_t i = 0; i < image.tensors.size(); ++i) {
    const TensorPlacement &t = image.tensors[i];
    WAFER_CHECK(checkTensor(t, image, placeOf("tensor", i, t.name)));
  }
  std::vector<std::tuple<uint32_t, uint32_t, uint64_t, size_t>> ranges;
  for (size_t i = 0; i < image.initData.size(); ++i) {
    const InitData &d = image.initData[i];
    WAFER_CHECK(checkInit(d, image, machine, placeOf("init data", i, "")));
    ranges.emplace_back(d.region, d.offset, uint64_t(d.offset) + d.bytes, i);
  }
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i) {
    auto [region, begin, end, index] = ranges[i];
    if (std::get<0>(ranges[i - 1]) == region &&
        std::get<2>(ranges[i - 1]) > begin) {
      return Diagnostic{"init data overlaps other init data",
                        placeOf("init data", index, ""), "", "", ""};
    }
  }
  return Status::success();
}
