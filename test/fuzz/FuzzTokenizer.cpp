// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FuzzInput.h"
#include "TokenizerImpl.h"

using namespace wafer;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string text(reinterpret_cast<const char *>(data), size);
  if (TokenizerResult tokenizer = tokenizerFromHf(text, "fuzz")) {
    fuzz::useTokenizer(**tokenizer);
  }
  if (TokenizerResult tokenizer = Tokenizer::fromJson(text, "fuzz")) {
    fuzz::useTokenizer(**tokenizer);
  }
  return 0;
}
