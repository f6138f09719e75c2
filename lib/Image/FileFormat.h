// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FileFormat.h - Numbers of the .wafer file (internal) -----*- C++ -*-===//
//
// docs/image.md gives the pictures.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_IMAGE_FILEFORMAT_H
#define WAFER_LIB_IMAGE_FILEFORMAT_H

#include <array>
#include <cstdint>
#include <cstring>

namespace wafer::imagefile {

/// A byte above 127 and both line ends, so that a transfer as text is noticed.
inline constexpr std::array<uint8_t, 8> kMagic = {0x89, 'W', 'A',  'F',
                                                  'E',  'R', '\r', '\n'};
inline constexpr uint32_t kVersion = 3;

inline constexpr uint64_t kHeaderBytes = 64;
inline constexpr uint64_t kEntryBytes = 32;
inline constexpr uint64_t kSectionAlign = 64;
inline constexpr uint64_t kDataAlign = 4096;

// Byte offsets inside the header.
inline constexpr uint64_t kVersionAt = 8;
inline constexpr uint64_t kCountAt = 12;
inline constexpr uint64_t kFileSizeAt = 16;
inline constexpr uint64_t kTableChecksumAt = 24;
inline constexpr uint64_t kHeaderChecksumAt = 56;

// Byte offsets inside an entry of the section table.
inline constexpr uint64_t kEntryKindAt = 0;
inline constexpr uint64_t kEntryIndexAt = 4;
inline constexpr uint64_t kEntryOffsetAt = 8;
inline constexpr uint64_t kEntrySizeAt = 16;
inline constexpr uint64_t kEntryChecksumAt = 24;

/// The sections, in the order of the file. All but Data occur exactly once.
enum class Section : uint32_t {
  Machine = 1,
  Model = 2,
  Tokenizer = 3,
  Report = 4,
  Graph = 5,
  ParameterSet = 6,
  Roles = 7,
  Regions = 8,
  Configs = 9,
  Rules = 10,
  Families = 11,
  Streams = 12,
  Tensors = 13,
  HostPorts = 14,
  Stages = 15,
  Map = 16,
  InitTable = 17,
  Certificate = 18,
  Seal = 19,
  Data = 32
};
inline constexpr uint32_t kNumFixedSections = 19;

inline uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

inline void put32(uint8_t *at, uint32_t v) {
  for (unsigned i = 0; i < 4; ++i) {
    at[i] = uint8_t(v >> (8 * i));
  }
}
inline void put64(uint8_t *at, uint64_t v) {
  put32(at, uint32_t(v));
  put32(at + 4, uint32_t(v >> 32));
}
inline uint32_t get32(const uint8_t *at) {
  return uint32_t(at[0]) | (uint32_t(at[1]) << 8) | (uint32_t(at[2]) << 16) |
         (uint32_t(at[3]) << 24);
}
inline uint64_t get64(const uint8_t *at) {
  return get32(at) | (uint64_t(get32(at + 4)) << 32);
}

} // namespace wafer::imagefile

#endif // WAFER_LIB_IMAGE_FILEFORMAT_H
