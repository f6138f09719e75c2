// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FuzzInput.h"
#include "Importers.h"

using namespace wafer;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz::MemoryFile input(data, size);
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(input.path());
  if (!input.good || !file) {
    return 0;
  }
  for (bool weights : {true, false}) {
    ModelLoadOptions options;
    options.weights = weights;
    if (Result<Model> model = loadGgufModel(*file, options)) {
      fuzz::useModel(*model);
    }
  }
  return 0;
}
