// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FuzzInput.h"
#include "Importers.h"

using namespace wafer;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // The same bytes as the header of weights and as a config.json.
  fuzz::MemoryFile input(data, size);
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(input.path());
  if (!input.good || !file) {
    return 0;
  }
  FileTensors tensors;
  if (readSafetensors(**file, 0, tensors)) {
    for (const auto &[name, tensor] : tensors) {
      if (tensor.offset > size || tensor.bytes > size - tensor.offset) {
        __builtin_trap();
      }
    }
  }
  if (Result<Model> model = loadBareConfig(*file, {})) {
    fuzz::useModel(*model);
  }
  return 0;
}
