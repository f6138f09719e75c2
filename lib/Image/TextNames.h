// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TextNames.h - Keywords of the text form (internal) -------*- C++ -*-===//
//
// The words for enumerations, in the order of their values; printer and parser
// share them.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_IMAGE_TEXTNAMES_H
#define WAFER_LIB_IMAGE_TEXTNAMES_H

#include "wafer/Image/Image.h"

#include <array>

namespace wafer::text {

inline constexpr std::array<const char *, 4> kBufferKinds = {
    "params", "weights", "state", "scratch"};
inline constexpr std::array<const char *, 3> kTaskKinds = {"local", "data",
                                                           "control"};
inline constexpr std::array<const char *, 4> kDescriptorKinds = {
    "mem", "fabin", "fabout", "fabctl"};
inline constexpr std::array<const char *, 4> kPopModes = {
    "never", "always", "on-advance", "on-advance-nop"};
inline constexpr std::array<const char *, 3> kTensorKinds = {"weight", "state",
                                                             "output"};
inline constexpr std::array<const char *, 7> kDataTypes = {
    "f16", "bf16", "f32", "i8", "i16", "i32", "u16"};
inline constexpr std::array<const char *, 3> kDimensionKinds = {"whole", "rows",
                                                                "columns"};
inline constexpr std::array<const char *, 2> kAxes = {"x", "y"};
inline constexpr std::array<const char *, 5> kPorts = {"W", "E", "S", "N", "R"};

/// The address of byte `index` halfwords into the parameter block.
inline uint32_t paramAddress(const Role &role, uint32_t index) {
  return role.paramOffset + 2 * index;
}

} // namespace wafer::text

#endif // WAFER_LIB_IMAGE_TEXTNAMES_H
