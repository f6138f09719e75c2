// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- EditImage.h - Taking parts out of an image ---------------*- C++ -*-===//
//
// Each edit takes something out and mends what refers to it: targets of
// branches, indices of tasks, roles, regions and configs, tables, initial data.
// Ranges are [begin, end) of indices. What cannot be mended is left to
// validate(): an edit may give an image that is none.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_TEST_UNIT_SIM_EDITIMAGE_H
#define WAFER_TEST_UNIT_SIM_EDITIMAGE_H

#include "RandomImages.h"

namespace wafer::test {

/// A target inside the range becomes what stands behind the range.
void removeInstructions(Role &role, size_t begin, size_t end);
/// Instructions that name them become `nop`, completions nothing.
void removeTasks(Role &role, size_t begin, size_t end);
/// Descriptors of eight halfwords from the beginning of the parameter block;
/// addresses in instructions that count from r0 are those of the rest.
void removeParamBlocks(Role &role, size_t begin, size_t end);

/// With their initial data, tensors and stages.
void removeRegions(Image &image, size_t begin, size_t end);
/// Roles that no region has and configs that no rule has.
void removeUnused(Image &image);
/// Words of rounds that are gone come before the next one.
void removeRounds(RandomCase &test, size_t begin, size_t end);
/// Round `first` and the one behind it become one, with the goals of the second
/// and the words of both before it.
void joinRounds(RandomCase &test, size_t first);
/// With their words and goals.
void removeHostPorts(RandomCase &test, size_t begin, size_t end);

/// A region or a rule keeps what lies in a part of its rectangle; for a rule
/// with a skew the part has all of its side along the axis, and begins with its
/// first line. Tensors of such a region are dropped.
void cropRegion(Image &image, size_t region, const Rect &part);
void cropRule(Rule &rule, const Rect &part);
/// One of 1x1 for each core or router, the empty ones of a rule left out.
void splitRegion(Image &image, size_t region);
void splitRule(Image &image, size_t rule);

/// The grid keeps a part only: what lies in it moves with it.
void cropGrid(RandomCase &test, const Rect &part);

/// Bytes of initial data become zero.
void clearData(Image &image, size_t init, uint64_t begin, uint64_t end);
/// Leaves out the words at both ends that are zero in all cores, as SRAM is
/// zero anyway; false if there are none. Drops what is zero altogether.
bool trimData(Image &image, size_t init);

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_SIM_EDITIMAGE_H
