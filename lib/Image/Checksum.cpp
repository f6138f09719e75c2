// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace wafer::imagefile;

uint64_t wafer::imagefile::checksumOf(const void *bytes, uint64_t size) {
  return XXH3_64bits(bytes, size);
}

struct Checksum::State {
  XXH3_state_t hash;
};

// The state has vectors inside that need 64-byte alignment; C++17's new
// honours it.
Checksum::Checksum() : state(new State) { XXH3_64bits_reset(&state->hash); }
Checksum::~Checksum() = default;
void Checksum::update(const void *bytes, uint64_t size) {
  XXH3_64bits_update(&state->hash, bytes, size);
}
uint64_t Checksum::digest() const { return XXH3_64bits_digest(&state->hash); }
