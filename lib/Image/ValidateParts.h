// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ValidateParts.h - Pieces of validate() (internal) --------*- C++ -*-===//
//
// Each part relies on those before it: roles, regions, fabric, data,
// map.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_IMAGE_VALIDATEPARTS_H
#define WAFER_LIB_IMAGE_VALIDATEPARTS_H

#include "wafer/Image/Validate.h"

#include <fmt/format.h>

namespace wafer::imagefile {

Status validateRoles(const Image &image, const Machine &machine);
Status validateRegions(const Image &image, const Machine &machine);
Status validateFabric(const Image &image, const Machine &machine);
Status validateData(const Image &image, const Machine &machine);
Status validateMap(const Image &image, const Machine &machine);

/// `name` is UTF-8 without control characters, not longer than kMaxNameBytes,
/// and not empty unless `mayBeEmpty`.
Status checkName(const std::string &name, const std::string &where,
                 bool mayBeEmpty = false);
/// `r` is not empty and inside a grid of the machine's usable size; safe for
/// any values of its fields.
Status checkRect(const Rect &r, const Machine &machine,
                 const std::string &where);
/// `value` < `limit`.
Status checkIndex(uint64_t value, uint64_t limit, const char *noun,
                  const std::string &where);

inline std::string describe(const Rect &r) {
  return fmt::format("{} {} {} {}", r.x, r.y, r.w, r.h);
}
inline std::string placeOf(const char *noun, size_t index,
                           const std::string &name) {
  return name.empty() ? fmt::format("{} {}", noun, index)
                      : fmt::format("{} '{}'", noun, name);
}
/// The side of `r` along `axis`, and the one across it.
inline int32_t sideAlong(const Rect &r, Axis axis) {
  return axis == Axis::X ? r.w : r.h;
}
inline int32_t sideAcross(const Rect &r, Axis axis) {
  return axis == Axis::X ? r.h : r.w;
}

} // namespace wafer::imagefile

/// Leaves the function with the error of a Status expression, if it has one.
#define WAFER_CHECK(expression)                                                \
  do {                                                                         \
    if (::wafer::Status status_ = (expression); !status_) {                    \
      return status_;                                                          \
    }                                                                          \
  } while (false)

#endif // WAFER_LIB_IMAGE_VALIDATEPARTS_H
