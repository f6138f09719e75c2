// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Validate.h - Is this an image at all? --------------------*- C++ -*-===//
//
// validate() is what lets every other part index without looking: after it
// succeeded, every index of the image is in range, every enumeration has a
// value of its own, every table has the length that it needs, every place lies
// on the machine's usable grid and every byte range inside the core's memory.
// Whether the program *works* (routes, resources, coverage) is the business of
// the Verify library.
//
// Cost: O(n log n) in the size of the image without init data.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMAGE_VALIDATE_H
#define WAFER_IMAGE_VALIDATE_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

namespace wafer {

/// Limits of the file form that no machine changes.
inline constexpr size_t kMaxNameBytes = 255;
inline constexpr size_t kMaxTensorRank = 8;
inline constexpr uint64_t kMaxTensorElements = uint64_t(1) << 48;

/// Checks everything; the diagnostic names the first thing that is wrong.
/// Init data may be absent (data == nullptr), its size must be right.
Status validate(const Image &image, const Machine &machine);

/// Parts of validate() that others need. `bytes` of SRAM that `role` may use
/// for parameters and buffers: what the code leaves of the program's share.
uint64_t dataBytesOf(const Role &role, const Machine &machine);

/// Checks one instruction of `role`; `what` is empty when it is right, else
/// says what is wrong ("register 40 is out of range: expected 0 to 31").
Status validateInstruction(const Instruction &instruction, const Role &role,
                           const Machine &machine, const std::string &where);

/// True if `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool isUtf8(std::string_view text);

} // namespace wafer

#endif // WAFER_IMAGE_VALIDATE_H
