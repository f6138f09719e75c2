// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ByteStream.h - Little-endian fields, both ways -----------*- C++ -*-===//
//
// ByteWriter and ByteReader share one vocabulary, so that the layout of a
// section is written down once (Sections.h) and both directions follow it.
//
// The reader never allocates more than a constant times the bytes that are
// there: every count is compared with the bytes that remain first. Its first
// error sticks, later fields read as zero, and no list is entered after it.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_IMAGE_BYTESTREAM_H
#define WAFER_LIB_IMAGE_BYTESTREAM_H

#include "FileFormat.h"
#include "wafer/Support/Result.h"

#include <string>
#include <type_traits>
#include <vector>

namespace wafer::imagefile {

class ByteWriter {
public:
  static constexpr bool isReader = false;

  /// Integers, enumerations and booleans, little endian.
  template <typename T>
  void field(T value) {
    uint64_t bits = uint64_t(value);
    for (unsigned i = 0; i < sizeof(T); ++i) {
      bytes.push_back(char(bits >> (8 * i)));
    }
  }
  /// An enumeration whose values are 0 to `last`.
  template <typename E>
  void enumeration(E value, E last) {
    field(std::underlying_type_t<E>(value));
  }
  void field(const std::string &text) {
    field(uint32_t(text.size()));
    bytes += text;
  }
  /// A list: its count, then `each` element. `least` is the smallest size of
  /// an element in bytes.
  template <typename T, typename Each>
  void list(const std::vector<T> &values, size_t least, Each each) {
    field(uint32_t(values.size()));
    for (const T &value : values) {
      each(value);
    }
  }
  template <typename T>
  void integers(const std::vector<T> &values) {
    list(values, sizeof(T), [&](T value) { field(value); });
  }
  const std::string &str() const { return bytes; }

private:
  std::string bytes;
};

class ByteReader {
public:
  static constexpr bool isReader = true;

  ByteReader(const uint8_t *begin, uint64_t size) : at(begin), left(size) {}

  template <typename T>
  void field(T &value) {
    static_assert(std::is_integral_v<T>);
    if constexpr (std::is_same_v<T, bool>) {
      uint64_t raw = take(1);
      if (raw > 1) {
        fail("expected a flag of 0 or 1 but got " + std::to_string(raw));
      }
      value = raw == 1;
    } else {
      value = T(take(sizeof(T)));
    }
  }
  template <typename E>
  void enumeration(E &value, E last) {
    std::underlying_type_t<E> raw = 0;
    field(raw);
    if (raw > std::underlying_type_t<E>(last)) {
      fail("expected a value of 0 to " + std::to_string(uint64_t(last)) +
           " but got " + std::to_string(uint64_t(raw)));
      raw = 0;
    }
    value = E(raw);
  }
  void field(std::string &text) {
    uint32_t size = 0;
    field(size);
    if (size > left) {
      fail("a text of " + std::to_string(size) +
           " bytes is longer than the rest of the section");
      return;
    }
    text.assign(reinterpret_cast<const char *>(at), size);
    advance(size);
  }
  template <typename T, typename Each>
  void list(std::vector<T> &values, size_t least, Each each) {
    uint32_t count = 0;
    field(count);
    if (count > left / least) {
      fail("a list of " + std::to_string(count) +
           " elements is longer than the rest of the section");
      return;
    }
    values.resize(count);
    for (T &value : values) {
      if (!error.empty()) {
        return;
      }
      each(value);
    }
  }
  template <typename T>
  void integers(std::vector<T> &values) {
    list(values, sizeof(T), [&](T &value) { field(value); });
  }

  uint64_t position() const { return offset; }
  uint64_t remaining() const { return left; }
  bool ok() const { return error.empty(); }
  const std::string &message() const { return error; }
  void fail(std::string text) {
    if (error.empty()) {
      error = std::move(text);
      errorAt = offset;
      left = 0;
    }
  }
  uint64_t errorPosition() const { return errorAt; }

private:
  uint64_t take(unsigned bytes) {
    if (bytes > left) {
      fail("the section ends inside a field");
      return 0;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) {
      value |= uint64_t(at[i]) << (8 * i);
    }
    advance(bytes);
    return value;
  }
  void advance(uint64_t bytes) {
    at += bytes;
    offset += bytes;
    left -= bytes;
  }

  const uint8_t *at;
  uint64_t left;
  uint64_t offset = 0;
  std::string error;
  uint64_t errorAt = 0;
};

} // namespace wafer::imagefile

#endif // WAFER_LIB_IMAGE_BYTESTREAM_H
