// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Importers.h"
#include "TestFiles.h"

#include <gtest/gtest.h>

using namespace wafer;
using namespace wafer::test;

namespace {

/// The error without the folder's path, which differs from run to run.
std::string errorOf(const TempFolder &folder, const std::string &path = "") {
  Result<Model> model = loadModel(folder.path(path));
  if (model) {
    return "no error";
  }
  std::string text = model.error().str();
  for (size_t at; (at = text.find(folder.path())) != std::string::npos;) {
    text.replace(at, folder.path().size(), "F");
  }
  return text;
}

/// The error of a folder whose weights are these bytes.
std::string errorOfBytes(const std::string &bytes) {
  TempFolder folder;
  folder.write("config.json", tinyHfConfig());
  folder.write("model.safetensors", bytes);
  return errorOf(folder);
}

std::string errorOfTensors(const std::vector<TinyTensor> &tensors,
                           const std::string &extra = "") {
  return errorOfBytes(tinySafetensors(tensors, extra));
}

/// The error of a file with one tensor, "t", in 16 bytes of data.
std::string errorOfHeader(const std::string &header) {
  return errorOfBytes(safetensorsWithHeader(header, std::string(16, 'x')));
}

constexpr const char *kBad = "F/model.safetensors: ";

} // namespace

TEST(Safetensors, folder_loads) {
  TempFolder folder;
  writeTinyFolder(folder);
  Result<Model> model = loadModel(folder.path());
  ASSERT_TRUE(bool(model)) << model.error().str();
  EXPECT_EQ(model->tensors.size(), 11u);
  EXPECT_EQ(model->config.ropePairing, RopePairing::Half);
  EXPECT_FALSE(model->tokenizer);
  // floatBytes: element i is 1 + i / 2.
  float values[3];
  model->read("layers.0.down", 9, 3, values);
  EXPECT_EQ(values[0], 5.5f);
  EXPECT_EQ(values[2], 6.5f);
}

TEST(Safetensors, folder_without_weights_needs_only_its_config) {
  TempFolder folder;
  folder.write("config.json", tinyHfConfig());
  ModelLoadOptions options;
  options.weights = false;
  Result<Model> model = loadModel(folder.path(), options);
  ASSERT_TRUE(bool(model)) << model.error().str();
  EXPECT_EQ(model->tensors.at("embed").file, -1);
  EXPECT_EQ(errorOf(folder),
            "F: the folder holds no weights: expected model.safetensors or "
            "model.safetensors.index.json (hint: name the config.json itself "
            "to use synthetic weights)");
}

TEST(Safetensors, shards_with_and_without_an_index) {
  std::vector<TinyTensor> all = tinyHfTensors();
  std::vector<TinyTensor> first(all.begin(), all.begin() + 4),
      second(all.begin() + 4, all.end());
  TempFolder folder;
  folder.write("config.json", tinyHfConfig());
  folder.write("model-00001-of-00002.safetensors", tinySafetensors(first));
  EXPECT_EQ(errorOf(folder), "F: the shards of the model are not complete: "
                             "expected 2 files but got 1");
  folder.write("model-00002-of-00002.safetensors", tinySafetensors(second));
  EXPECT_EQ(errorOf(folder), "no error");
  std::string map;
  for (size_t i = 0; i < all.size(); ++i) {
    map += (i ? ",\"" : "\"") + all[i].name + "\":\"model-0000" +
           (i < 4 ? "1" : "2") + "-of-00002.safetensors\"";
  }
  folder.write("model.safetensors.index.json",
               "{\"weight_map\":{" + map + "}}");
  EXPECT_EQ(errorOf(folder), "no error");
  folder.write("model.safetensors.index.json",
               "{\"weight_map\":{" + replaced(map, "-00001-of", "-00002-of") +
                   "}}");
  EXPECT_EQ(errorOf(folder), "F/model.safetensors.index.json: tensor "
                             "'model.embed_tokens.weight' is not in its file: "
                             "expected model-00002-of-00002.safetensors");
  folder.write("model.safetensors.index.json",
               "{\"weight_map\":{\"x\":\"../x.safetensors\"}}");
  EXPECT_EQ(errorOf(folder),
            "F/model.safetensors.index.json: bad value of 'weight_map.x': "
            "expected the name of a file "
            "in the folder but got the string '../x.safetensors'");
  folder.write("model.safetensors.index.json",
               "{\"weight_map\":{\"x\":\"gone\"}}");
  EXPECT_EQ(errorOf(folder),
            "F/gone: cannot open file: no such file or directory");
  folder.write("model.safetensors.index.json", "{}");
  EXPECT_EQ(errorOf(folder),
            "F/model.safetensors.index.json: key 'weight_map' is missing");
}

TEST(Safetensors, tensor_in_two_shards) {
  TempFolder folder;
  folder.write("config.json", tinyHfConfig());
  folder.write("model-00001-of-00002.safetensors",
               tinySafetensors(tinyHfTensors()));
  folder.write("model-00002-of-00002.safetensors",
               tinySafetensors({tinyHfTensors()[0]}));
  EXPECT_EQ(errorOf(folder), "F/model-00002-of-00002.safetensors: tensor "
                             "'model.embed_tokens.weight' is in two files");
}

TEST(Safetensors, folder_and_file_are_not_confused) {
  TempFolder folder;
  EXPECT_EQ(errorOf(folder),
            "F: the folder holds no model: expected a config.json in it");
  EXPECT_EQ(errorOf(folder, "none"),
            "F/none: cannot open file: no such file or directory");
  folder.write("x.safetensors", "abc");
  EXPECT_EQ(errorOf(folder, "x.safetensors"),
            "F/x.safetensors: not a model that can be read: expected a .gguf "
            "file, a folder with config.json and "
            "safetensors, or a config.json (hint: name the folder that holds "
            "this file and its config.json)");
  std::filesystem::create_directory(folder.path("config.json"));
  EXPECT_EQ(errorOf(folder),
            "F/config.json: not a file: expected a file but got a folder");
  std::filesystem::remove(folder.path("config.json"));
  folder.write("config.json", "");
  EXPECT_EQ(errorOf(folder), "F/config.json: the file is empty");
}

TEST(Safetensors, truncated_files) {
  const std::string whole = tinySafetensors(tinyHfTensors());
  EXPECT_EQ(errorOfBytes(""), std::string(kBad) + "the file is empty");
  EXPECT_EQ(errorOfBytes("abc"),
            std::string(kBad) + "the file is too short for a safetensors file: "
                                "expected at least 8 bytes but got 3");
  for (size_t i = 1; i < 20; ++i) {
    std::string error = errorOfBytes(whole.substr(0, whole.size() * i / 20));
    EXPECT_EQ(error.find(kBad), 0u) << error;
    EXPECT_NE(error.find("truncated"), std::string::npos) << error;
  }
  std::string error = errorOfBytes(whole.substr(0, whole.size() - 1));
  EXPECT_NE(
      error.find(
          "bad value of 'model.layers.0.mlp.down_proj.weight.data_offsets'"),
      std::string::npos)
      << error;
}

TEST(Safetensors, length_of_the_header) {
  for (uint64_t length : {uint64_t(1000), uint64_t(1) << 63, ~uint64_t(0)}) {
    EXPECT_EQ(errorOfBytes(bytesOf(length) + "{}"),
              kBad +
                  std::string("bad length of the safetensors header: expected "
                              "at most 2 bytes but got ") +
                  std::to_string(length) +
                  " (hint: the file may be truncated or of another format)");
  }
}

TEST(Safetensors, headers_that_lie) {
  EXPECT_EQ(errorOfHeader("[]"),
            std::string(kBad) +
                "the header is no JSON object: got an array of 0 elements");
  EXPECT_EQ(errorOfHeader("{\"t\":3}"),
            std::string(kBad) +
                "bad value of 't': expected an object but got the number 3");
  EXPECT_EQ(errorOfHeader("{\"t\":{}}"),
            std::string(kBad) + "key 't.dtype' is missing");
  EXPECT_EQ(errorOfHeader("{" + headerEntry("t", "Q9", "[4]", 0, 16) + "}"),
            std::string(kBad) + "tensor 't' has an unknown type: got Q9");
  EXPECT_EQ(errorOfHeader("{" + headerEntry("t", "F32", "[5]", 0, 16) + "}"),
            std::string(kBad) +
                "the bytes of tensor 't' do not fit its shape: expected 5 "
                "elements of 4 bytes but got 16 bytes");
  EXPECT_EQ(errorOfHeader("{" + headerEntry("t", "F32", "[4]", 4, 20) + "}"),
            std::string(kBad) +
                "bad value of 't.data_offsets': expected begin and end inside "
                "the 16 bytes of data but "
                "got an array of 2 elements (hint: the file may be truncated)");
  EXPECT_EQ(errorOfHeader("{" + headerEntry("t", "F32", "[0]", 8, 4) + "}")
                .find(kBad + std::string("bad value of 't.data_offsets'")),
            0u);
  const std::string shape =
      std::string(kBad) + "bad value of 't.shape': expected ";
  for (const char *bad : {"[-4]", "[4.0]", "[9223372036854775808,4]",
                          "[4294967296,4294967296]"}) {
    EXPECT_EQ(errorOfHeader("{" + headerEntry("t", "F32", bad, 0, 16) + "}")
                  .find(shape),
              0u)
        << bad;
  }
  EXPECT_EQ(
      errorOfHeader(
          "{" + headerEntry("t", "F32", "[4611686018427387904]", 0, 0) + "}")
          .find(kBad + std::string("the bytes of tensor 't' do not fit")),
      0u); // 2^62 * 4 is 0 modulo 2^64
  EXPECT_EQ(errorOfHeader("{" +
                          headerEntry("t", "F32", "[1,1,1,1,1,1,1,1,1]", 0, 4) +
                          "}")
                .find(shape),
            0u);
  EXPECT_EQ(errorOfHeader("{" + headerEntry("t", "F32", "[2]", 0, 8) + "," +
                          headerEntry("t", "F32", "[2]", 8, 16) + "}"),
            std::string(kBad) + "key 't' stands twice in one object");
  // The second begins 4 bytes into the data, which follow the 8 bytes of the
  // length and the header.
  const std::string overlapping = "{" + headerEntry("a", "F32", "[2]", 0, 8) +
                                  "," + headerEntry("b", "F32", "[2]", 4, 12) +
                                  "}";
  EXPECT_EQ(errorOfHeader(overlapping),
            kBad + ("byte " + std::to_string(8 + overlapping.size() + 4)) +
                ": tensors 'a' and 'b' overlap");
}

TEST(Safetensors, tensors_must_be_those_of_the_model) {
  std::vector<TinyTensor> tensors = tinyHfTensors();
  tensors.pop_back();
  EXPECT_EQ(errorOfTensors(tensors),
            "F: tensor 'model.layers.0.mlp.down_proj.weight' is missing");
  tensors = tinyHfTensors();
  tensors[4].shape = {4, 2};
  EXPECT_EQ(errorOfTensors(tensors),
            std::string(kBad) +
                "tensor 'model.layers.0.self_attn.k_proj.weight' has the wrong "
                "shape: expected [2, 4] but got [4, 2]");
  tensors = tinyHfTensors();
  tensors.push_back({"model.layers.0.self_attn.q_proj.bias", {4}});
  EXPECT_EQ(errorOfTensors(tensors),
            std::string(kBad) +
                "tensor 'model.layers.0.self_attn.q_proj.bias' is not part of "
                "a llama model (hint: a "
                "model with biases, adapters or extra heads is not supported)");
  EXPECT_EQ(
      errorOfBytes(replaced(tinySafetensors(tinyHfTensors()), "F32", "I32")),
      std::string(kBad) + "tensor 'model.embed_tokens.weight' has a type that "
                          "is not supported: expected F32, F16 or BF16 but "
                          "got I32");
}

TEST(Safetensors, buffers_and_tied_heads_are_ignored) {
  std::vector<TinyTensor> tensors = tinyHfTensors();
  tensors.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", {1}});
  tensors.push_back({"lm_head.weight", {6, 4}});
  TempFolder folder;
  folder.write("config.json", tinyHfConfig());
  folder.write("model.safetensors", tinySafetensors(tensors));
  EXPECT_EQ(errorOf(folder), "no error");
  // Untied, the head is a tensor of the model, and must be there.
  folder.write("config.json",
               replaced(tinyHfConfig(), "\"tie_word_embeddings\": true",
                        "\"tie_word_embeddings\": false"));
  EXPECT_EQ(loadModel(folder.path())->tensors.count("head"), 1u);
  folder.write("model.safetensors", tinySafetensors(tinyHfTensors()));
  EXPECT_EQ(errorOf(folder), "F: tensor 'lm_head.weight' is missing (hint: the "
                             "configuration does not tie the head to "
                             "the embedding)");
}

TEST(Safetensors, infinite_and_nan_weights_are_data) {
  TempFolder folder;
  folder.write("config.json", tinyHfConfig());
  std::string bytes = tinySafetensors(tinyHfTensors());
  std::memset(&bytes[bytes.size() - 48], 0xff,
              8); // the first two of the last tensor's 12
  folder.write("model.safetensors", bytes);
  Result<Model> model = loadModel(folder.path());
  ASSERT_TRUE(bool(model));
  float value;
  model->read("layers.0.down", 1, 1, &value);
  EXPECT_NE(value, value);
}

TEST(Safetensors, tokenizer_of_the_folder) {
  TempFolder folder;
  writeTinyFolder(folder);
  folder.write(
      "tokenizer.json",
      R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}})");
  Result<Model> model = loadModel(folder.path());
  ASSERT_TRUE(bool(model)) << model.error().str();
  EXPECT_EQ(model->tokenizer->encode("ab"), (std::vector<uint32_t>{0, 1}));
  folder.write(
      "tokenizer.json",
      R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 6}, "merges": []}})");
  EXPECT_EQ(errorOf(folder), "F/tokenizer.json: the tokenizer has more tokens "
                             "than the model: expected at most 6 but got 7");
}
