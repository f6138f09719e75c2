// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Image/Seal.h"
#include "Checksum.h"
#include "FileFormat.h"
#include "Sections.h"

using namespace wafer;
using namespace wafer::imagefile;

uint64_t wafer::programDigest(const Image &image) {
  Checksum checksum;
  for (Section kind :
       {Section::Roles, Section::Regions, Section::Configs, Section::Rules,
        Section::Families, Section::Streams, Section::Tensors,
        Section::HostPorts, Section::Stages, Section::InitTable}) {
    ByteWriter writer;
    codeSection(writer, kind, image);
    const std::string &bytes = writer.str();
    // With its length, so that bytes cannot pass from one section to the next.
    uint8_t size[8];
    put64(size, bytes.size());
    checksum.update(size, sizeof(size));
    checksum.update(bytes.data(), bytes.size());
  }
  return checksum.digest();
}

uint64_t wafer::sealedDigest(const Image &image, const std::string &tensor) {
  if (image.seal) {
    for (const Seal::Tensor &t : image.seal->tensors) {
      if (t.name == tensor) {
        return t.digest;
      }
    }
  }
  return 0;
}
