// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Seal.h - What the compiler meant, as digests -------------*- C++ -*-===//
//
// Digests that a compiler leaves in an image (Image::seal), so that a checker
// can tell whether the image is still what was compiled. They are no
// signatures: they find damage and mistakes, not forgers.
//
// That of the program is of the bytes of its sections: it says nothing about
// whether the compiler was right. Those of weights are of the elements of a
// tensor as the model has them, by their indices, whatever cores they lie in:
// they say that every element came to where the layout declares it.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_IMAGE_SEAL_H
#define WAFER_IMAGE_SEAL_H

#include "wafer/Image/Image.h"

namespace wafer {

/// Of roles, regions, routes, families, streams, tensors, ports, stages and the
/// table of init data: all that makes the program but for the bytes of weights.
/// The map of a wafer, the certificate and texts are not part of it. Cost:
/// linear in what is digested, which grows neither with cores nor with layers.
uint64_t programDigest(const Image &image);

/// The digest of a tensor is the sum, modulo 2^64, of those of its elements, so
/// it does not depend on the order in which they are met. `index`: place in the
/// tensor in row-major order; `bits`: the stored element. For one index
/// different bits have different digests: multiplying by an odd number and
/// xor with a shift of itself lose nothing.
inline uint64_t elementDigest(uint64_t index, uint64_t bits) {
  uint64_t h = (index + 1) * 0x9e3779b97f4a7c15 ^ bits * 0xc2b2ae3d27d4eb4f;
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93;
  return h ^ (h >> 32);
}

/// The digest of a weight tensor that the seal knows, by the name of its
/// placements; 0 where there is none.
uint64_t sealedDigest(const Image &image, const std::string &tensor);

} // namespace wafer

#endif // WAFER_IMAGE_SEAL_H
