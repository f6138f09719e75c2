// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- FuzzInput.h - Fuzzed bytes as a file ---------------------*- C++ -*-===//
#ifndef WAFER_TEST_FUZZ_FUZZINPUT_H
#define WAFER_TEST_FUZZ_FUZZINPUT_H

#include "wafer/Model/Model.h"

#include <algorithm>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace wafer::fuzz {

/// A file in memory that readers can open by its path.
class MemoryFile {
public:
  MemoryFile(const uint8_t *data, size_t size)
      : fd(::memfd_create("fuzz", MFD_CLOEXEC)) {
    good = fd >= 0 && ::write(fd, data, size) == ssize_t(size);
  }
  ~MemoryFile() { ::close(fd); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd); }

  bool good = false;

private:
  int fd;
};

/// What passed the checks must be safe to use.
inline void useTokenizer(const Tokenizer &tokenizer) {
  tokenizer.decode(tokenizer.encode("Once upon\n a t\xc3\xafme </s> 12\xff"));
  for (uint32_t id = 0; id < std::min(tokenizer.vocabSize(), 300u); ++id) {
    tokenizer.decodeOne(id, id % 2 == 0);
  }
  if (!Tokenizer::fromJson(tokenizer.toJson(), "copy")) {
    __builtin_trap();
  }
}

inline void useModel(const Model &model) {
  for (const auto &[name, tensor] : model.tensors) {
    float value;
    model.read(name, 0, 1, &value);
    model.read(name, tensor.elements() - 1, 1, &value);
  }
  if (model.tokenizer) {
    useTokenizer(*model.tokenizer);
  }
}

} // namespace wafer::fuzz

#endif // WAFER_TEST_FUZZ_FUZZINPUT_H
