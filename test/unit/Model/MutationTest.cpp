// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- MutationTest.cpp - Random damage must never crash a reader ---------===//
//
// The same few thousand damaged files on every run. A loaded model is also
// used: what passed the checks must be safe to read. test/fuzz goes further.
//
//===----------------------------------------------------------------------===//
#include "Importers.h"
#include "TestFiles.h"
#include "TokenizerImpl.h"
#include "wafer/Support/Rng.h"

#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {

/// Flips bits, overwrites bytes with extreme values, cuts or doubles a part.
std::string mutated(std::string bytes, Rng &rng) {
  const uint64_t changes = 1 + rng.below(4);
  for (uint64_t i = 0; i < changes && !bytes.empty(); ++i) {
    const uint64_t at = rng.below(bytes.size());
    switch (rng.below(6)) {
    case 0:
      bytes[at] = char(rng.next());
      break;
    case 1:
      bytes.resize(at);
      break;
    case 2:
      bytes.insert(at, bytes.substr(at, rng.below(32)));
      break;
    case 3: {
      const uint64_t extremes[] = {
          0, 1, 0x7f, 0xff, 0xffffffff, uint64_t(1) << 63, ~uint64_t(0)};
      std::string value = bytesOf(extremes[rng.below(7)]);
      bytes.replace(at, std::min<uint64_t>(8, bytes.size() - at), value);
      break;
    }
    case 4:
      bytes.erase(at, rng.below(16));
      break;
    default:
      bytes[at] = char(bytes[at] ^ (1 << rng.below(8)));
    }
  }
  return bytes;
}

void useTokenizer(const Tokenizer &tokenizer) {
  for (const char *text : {"", "a b</s>", "ab\xff\xc3\xa9\n 12"}) {
    tokenizer.decode(tokenizer.encode(text));
  }
  for (uint32_t id = 0; id < 12; ++id) {
    tokenizer.decodeOne(id, id % 2 == 0);
  }
  EXPECT_TRUE(bool(Tokenizer::fromJson(tokenizer.toJson(), "copy")));
}

/// Reads the ends of every tensor, and all of small ones.
void useModel(const Model &model) {
  for (const auto &[name, tensor] : model.tensors) {
    std::vector<float> values(std::min<uint64_t>(tensor.elements(), 256));
    model.read(name, 0, values.size(), values.data());
    model.read(name, tensor.elements() - values.size(), values.size(),
               values.data());
  }
  if (model.tokenizer) {
    useTokenizer(*model.tokenizer);
  }
}

/// Loads `path` with `file` damaged in `count` ways; returns how often it
/// still loaded.
int loadMutants(const TempFolder &folder, const std::string &file,
                const std::string &bytes, const std::string &path, int count,
                uint64_t seed) {
  Rng rng(seed);
  int loaded = 0;
  for (int i = 0; i < count; ++i) {
    folder.write(file, mutated(bytes, rng));
    Result<Model> model = loadModel(folder.path(path));
    if (model) {
      useModel(*model);
      ++loaded;
    } else {
      EXPECT_FALSE(model.error().what.empty());
      EXPECT_FALSE(model.error().where.empty()) << model.error().str();
    }
  }
  return loaded;
}

constexpr const char *kTokenizerJson =
    R"({"version": "1.0", "added_tokens": [{"id": 5, "content": "</s>", "special": true,
 "lstrip": false, "rstrip": true, "normalized": false, "single_word": false}],
 "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "_"},
 {"type": "Replace", "pattern": {"String": " "}, "content": "_"}, {"type": "NFC"}]},
 "pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first", "split": true},
 "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "</s>", "type_id": 0}},
 {"Sequence": {"id": "A", "type_id": 0}}], "special_tokens": {"</s>": {"id": "</s>", "ids": [5]}}},
 "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "_"}, "content": " "},
 {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
 "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "_": 2, "ab": 3, "<0xFF>": 4}, "merges": ["a b"],
 "byte_fallback": true, "unk_token": "b", "fuse_unk": true}})";

} // namespace

TEST(Mutation, gguf) {
  TempFolder folder;
  int loaded =
      loadMutants(folder, "m.gguf", tinyGguf().bytes(), "m.gguf", 2000, 1);
  // Damage of the data is no error, damage of the header nearly always is.
  EXPECT_GT(loaded, 50);
  EXPECT_LT(loaded, 1000);
}

TEST(Mutation, gguf_with_byte_pairs) {
  TinyGguf gguf = tinyGguf();
  gguf.set("tokenizer.ggml.model", TinyGguf::ofText("gpt2"));
  gguf.set("tokenizer.ggml.pre", TinyGguf::ofText("qwen2"));
  gguf.set("tokenizer.ggml.tokens",
           TinyGguf::ofTexts({"a", "</s>", "b", "ab", "1", "2"}));
  gguf.set("tokenizer.ggml.merges", TinyGguf::ofTexts({"a b"}));
  TempFolder folder;
  EXPECT_GT(loadMutants(folder, "m.gguf", gguf.bytes(), "m.gguf", 500, 2), 10);
}

TEST(Mutation, safetensors) {
  TempFolder folder;
  writeTinyFolder(folder);
  EXPECT_GT(loadMutants(folder, "model.safetensors",
                        tinySafetensors(tinyHfTensors()), "", 1000, 3),
            20);
}

TEST(Mutation, config) {
  TempFolder folder;
  writeTinyFolder(folder);
  EXPECT_GT(loadMutants(folder, "config.json", tinyHfConfig(), "", 500, 4), 5);
  EXPECT_GT(
      loadMutants(folder, "config.json", tinyHfConfig(), "config.json", 500, 5),
      5);
}

TEST(Mutation, tokenizer_json) {
  Rng rng(6);
  int loaded = 0;
  for (int i = 0; i < 2000; ++i) {
    TokenizerResult tokenizer =
        tokenizerFromHf(mutated(kTokenizerJson, rng), "t");
    if (tokenizer) {
      useTokenizer(**tokenizer);
      ++loaded;
    }
  }
  EXPECT_GT(loaded, 20);
}

TEST(Mutation, own_form) {
  TokenizerResult tokenizer = tokenizerFromHf(kTokenizerJson, "t");
  ASSERT_TRUE(bool(tokenizer)) << tokenizer.error().str();
  const std::string json = (*tokenizer)->toJson();
  Rng rng(7);
  for (int i = 0; i < 2000; ++i) {
    if (TokenizerResult mutant = Tokenizer::fromJson(mutated(json, rng), "t")) {
      useTokenizer(**mutant);
    }
  }
}
