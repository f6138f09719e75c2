// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- ImageFile.h - The .wafer file ----------------------------*- C++ -*-===//
//
// Writing and reading of images. docs/image.md gives the layout of the bytes.
// The layout is canonical: equal images give equal bytes, and an accepted file
// written again gives the file again. Reading trusts nothing: checksums, then
// the shape of every section, then validate(), whether or not the checksums
// are right.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMAGE_IMAGEFILE_H
#define WAFER_IMAGE_IMAGEFILE_H

#include "wafer/Image/Image.h"
#include "wafer/Machine/Machine.h"

#include <functional>

namespace wafer {

/// Receives the next bytes of one InitData; may be called many times.
using InitSink = std::function<Status(const uint8_t *bytes, uint64_t size)>;

struct ImageWriteOptions {
  /// Produces the bytes of `initData[index]` where its `data` is null (weights
  /// evaluated while they are written). It must put exactly `size` bytes.
  std::function<Status(size_t index, const InitSink &put)> produce;
  /// Called when all init data have been produced: sets the digests of the
  /// tensors of the image's seal, if it has one.
  std::function<void(Seal &seal)> tensorDigests;
};

/// Writes `image` to `path`: to a temporary file in the same folder that takes
/// the name of `path` when it is complete, so that no half-written file stays.
/// Needs memory for everything but the init data, which is streamed.
Status writeImage(const Image &image, const std::string &path,
                  const ImageWriteOptions &options = {});

struct ImageReadOptions {
  /// Check the checksums of the init data too (reads all of the file).
  bool checkData = true;
};

/// Maps and checks `path`. Init data points into the mapping, which lives in
/// `storage` of the result. The machine is the one the image embeds.
struct LoadedImage {
  Image image;
  Machine machine;
};
Result<LoadedImage> readImage(const std::string &path,
                              const ImageReadOptions &options = {});

/// Decodes the bytes of a file without validate(): the result has the right
/// shape, but its indices and sizes may be anything. `where` names the file in
/// errors. Init data points into `bytes`.
Result<Image> decodeImage(const uint8_t *bytes, uint64_t size,
                          const std::string &where,
                          const ImageReadOptions &options = {});

/// The bytes of the file as one string, for small images.
Result<std::string> encodeImage(const Image &image);

/// Sets all checksums of the bytes of a file to what they should be; false
/// when the header or the section table cannot be followed. For tests that
/// damage files.
bool repairChecksums(uint8_t *bytes, uint64_t size);

} // namespace wafer

#endif // WAFER_IMAGE_IMAGEFILE_H
