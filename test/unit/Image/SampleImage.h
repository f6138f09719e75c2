// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- SampleImage.h - A small image with one of everything -----*- C++ -*-===//
#ifndef WAFER_TEST_UNIT_IMAGE_SAMPLEIMAGE_H
#define WAFER_TEST_UNIT_IMAGE_SAMPLEIMAGE_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

namespace wafer::test {

/// The machine test8: 8x8 cores, everything else as wse3.
Machine sampleMachine();

/// A role on two rows of four cores: the first core of a row sends 4 words to
/// the second, which passes them on to the two others. Holds at least one of
/// every record that an image can hold.
Image sampleImage();

} // namespace wafer::test

#endif // WAFER_TEST_UNIT_IMAGE_SAMPLEIMAGE_H
