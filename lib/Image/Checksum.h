// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Checksum.h - XXH3-64 of sections (internal) --------------*- C++ -*-===//
#ifndef WAFER_LIB_IMAGE_CHECKSUM_H
#define WAFER_LIB_IMAGE_CHECKSUM_H

#include <cstdint>
#include <memory>

namespace wafer::imagefile {

/// XXH3-64 (seed 0) of `size` bytes.
uint64_t checksumOf(const void *bytes, uint64_t size);

/// The same over pieces.
class Checksum {
public:
  Checksum();
  ~Checksum();
  void update(const void *bytes, uint64_t size);
  uint64_t digest() const;

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace wafer::imagefile

#endif // WAFER_LIB_IMAGE_CHECKSUM_H
