// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TextImageParser.h"
#include "TextNames.h"
#include "wafer/Support/Half.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::text;

/// A program that is written by hand fits; a text that asks for more bytes of
/// init data is a mistake or hostile.
constexpr uint64_t kMostInitBytes = uint64_t(1) << 30;

bool ImageParser::dimension(TensorPlacement &t) {
  DimensionLayout d;
  if (!keyword(kDimensionKinds, d.kind, "a layout")) {
    return false;
  }
  if (d.kind != DimensionLayout::Kind::Whole) {
    if (acceptWord("cut")) {
      if (!numbers(d.begin)) {
        return false;
      }
      if (d.begin.empty()) {
        return fail("at least one boundary before this");
      }
      d.end.assign(d.begin.begin() + 1, d.begin.end());
      d.begin.pop_back();
    } else if (!expectWord("begin") || !numbers(d.begin) ||
               !expectWord("end") || !numbers(d.end)) {
      return false;
    }
  }
  t.strides.push_back(0);
  if (!expectWord("stride") || !integer(t.strides.back(), "stride")) {
    return false;
  }
  t.dims.push_back(std::move(d));
  return true;
}

bool ImageParser::tensor() {
  TensorPlacement t;
  if (!name(t.name) || !keyword(kTensorKinds, t.kind, "a kind of tensor") ||
      !keyword(kDataTypes, t.type, "a type") || !expectWord("shape") ||
      !numbers(t.shape) || !expectWord("region") ||
      !reference(image.regions, t.region, "region") || !expectWord("buffer")) {
    return false;
  }
  const Role &role = image.roles[image.regions[t.region].role];
  if (!reference(role.buffers, t.buffer, "buffer") || !expectWord("offset") ||
      !integer(t.offset, "offset") || !expect("{")) {
    return false;
  }
  while (!accept("}")) {
    if (!dimension(t)) {
      return false;
    }
  }
  image.tensors.push_back(std::move(t));
  return true;
}

bool ImageParser::hexValue(std::vector<uint8_t> &value) {
  size_t offset = peek().offset;
  std::string digits;
  if (!string(digits)) {
    return false;
  }
  auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
  };
  for (size_t i = 0; i < digits.size(); i += 2) {
    int high = digit(digits[i]);
    int low = i + 1 < digits.size() ? digit(digits[i + 1]) : -1;
    if (high < 0 || low < 0) {
      return failAt(offset, "syntax error", "pairs of digits 0-9 and a-f");
    }
    value.push_back(uint8_t(high * 16 + low));
  }
  return true;
}

/// Appends a number of a type, little endian.
static void appendNumber(double number, DataType type,
                         std::vector<uint8_t> &value) {
  uint32_t bits = uint32_t(int64_t(number));
  if (type == DataType::F32) {
    bits = bitsOf(float(number));
  } else if (type == DataType::F16) {
    bits = floatToHalf(float(number));
  } else if (type == DataType::BF16) {
    bits = floatToBfloat(float(number));
  }
  for (unsigned i = 0; i < sizeOf(type); ++i) {
    value.push_back(uint8_t(bits >> (8 * i)));
  }
}

/// v or v*n.
bool ImageParser::typedItem(DataType type, std::vector<uint8_t> &value) {
  bool isFloat =
      type == DataType::F16 || type == DataType::BF16 || type == DataType::F32;
  Token::Kind kind = peek().kind;
  if (kind != Token::Kind::Integer &&
      !(isFloat && kind == Token::Kind::Float)) {
    return fail("a number");
  }
  double number = next().number;
  int64_t count = 1;
  if (accept("*") && !integerIn(count, 1, kMostElements, "count")) {
    return false;
  }
  if (!spend(count)) {
    return false;
  }
  for (int64_t i = 0; i < count; ++i) {
    appendNumber(number, type, value);
  }
  return true;
}

/// hex "0011" | TYPE [numbers].
bool ImageParser::initValue(uint32_t bytes, std::vector<uint8_t> &value) {
  size_t offset = peek().offset;
  DataType type = DataType::F16;
  if (acceptWord("hex")) {
    if (!hexValue(value)) {
      return false;
    }
  } else if (!keyword(kDataTypes, type, "'hex' or a type")) {
    return false;
  } else {
    auto repeat = [&](size_t begin, size_t times) {
      size_t length = value.size() - begin;
      for (size_t k = 1; k < times; ++k) {
        for (size_t i = 0; i < length; ++i) {
          value.push_back(value[begin + i]);
        }
      }
    };
    if (!groups([&] { return typedItem(type, value); },
                [&] { return value.size(); }, repeat)) {
      return false;
    }
  }
  if (value.size() > bytes) {
    return failAt(offset, "too many bytes", fmt::format("at most {}", bytes),
                  fmt::format("{}", value.size()));
  }
  return true;
}

/// all VALUE | core X Y VALUE | cores X Y W H VALUE; the rest of a core's
/// bytes stays zero.
bool ImageParser::initCores(const Rect &r, uint32_t bytes,
                            std::vector<uint8_t> &data) {
  size_t offset = peek().offset;
  Rect cores{0, 0, r.w, r.h};
  if (acceptWord("core")) {
    cores.w = cores.h = 1;
    if (!integer(cores.x, "column") || !integer(cores.y, "row")) {
      return false;
    }
  } else if (acceptWord("cores")) {
    if (!integer(cores.x, "column") || !integer(cores.y, "row") ||
        !integer(cores.w, "width") || !integer(cores.h, "height")) {
      return false;
    }
  } else if (!acceptWord("all")) {
    return fail("'all', 'core', 'cores' or '}'");
  }
  bool inside = cores.x >= 0 && cores.y >= 0 && cores.w >= 0 && cores.h >= 0 &&
                int64_t(cores.x) + cores.w <= r.w &&
                int64_t(cores.y) + cores.h <= r.h;
  if (!inside) {
    return failAt(offset, "cores do not lie in the region",
                  fmt::format("a part of 0 0 {} {}", r.w, r.h));
  }
  std::vector<uint8_t> value;
  if (!initValue(bytes, value)) {
    return false;
  }
  for (int32_t y = cores.y; y < cores.endY(); ++y) {
    for (int32_t x = cores.x; x < cores.endX(); ++x) {
      std::copy(value.begin(), value.end(),
                data.begin() + (int64_t(y) * r.w + x) * int64_t(bytes));
    }
  }
  return true;
}

/// BUFFER [+ N] or N.
bool ImageParser::initPlace(const Role &role, uint32_t &place) {
  if (!isSymbol()) {
    return integer(place, "a buffer or an address");
  }
  size_t offset = peek().offset;
  std::string wanted;
  symbol(wanted);
  auto b = std::find_if(role.buffers.begin(), role.buffers.end(),
                        [&](const Buffer &x) { return x.name == wanted; });
  if (b == role.buffers.end()) {
    return failAt(offset, "unknown buffer", "", "'" + wanted + "'");
  }
  uint32_t distance = 0;
  if (accept("+") && !integer(distance, "distance")) {
    return false;
  }
  place = b->offset + distance;
  return true;
}

bool ImageParser::init() {
  InitData d;
  if (!expectWord("region") || !reference(image.regions, d.region, "region") ||
      !expectWord("offset")) {
    return false;
  }
  const Region &region = image.regions[d.region];
  if (!initPlace(image.roles[region.role], d.offset)) {
    return false;
  }
  size_t offset = peek().offset;
  if (!expectWord("bytes") || !integer(d.bytes, "bytes") || !expect("{")) {
    return false;
  }
  uint64_t area = uint64_t(region.rect.area());
  if (d.bytes != 0 && area > (kMostInitBytes - initBytes) / d.bytes) {
    return failAt(offset, "too much init data",
                  fmt::format("at most {} bytes in a text", kMostInitBytes));
  }
  d.size = area * d.bytes;
  initBytes += d.size;
  auto data = std::make_shared<std::vector<uint8_t>>(d.size);
  while (!accept("}")) {
    if (!initCores(region.rect, d.bytes, *data)) {
      return false;
    }
  }
  d.data = data->data();
  image.storage.push_back(data);
  image.initData.push_back(d);
  return true;
}
