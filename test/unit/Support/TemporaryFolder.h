// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- TemporaryFolder.h - A folder for one test ----------------*- C++ -*-===//
#ifndef WAFER_TEST_SUPPORT_TEMPORARYFOLDER_H
#define WAFER_TEST_SUPPORT_TEMPORARYFOLDER_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace wafer {

/// Made empty, removed with all that is in it.
struct TemporaryFolder {
  std::string path = ::testing::TempDir() + "waferXXXXXX";

  TemporaryFolder() { EXPECT_NE(::mkdtemp(path.data()), nullptr); }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string &name) const {
    return path + "/" + name;
  }
  void put(const std::string &name, const std::string &bytes) const {
    std::ofstream(*this / name, std::ios::binary) << bytes;
  }
  std::string get(const std::string &name) const {
    std::ifstream stream(*this / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  /// Names of the files in it, sorted.
  std::vector<std::string> list() const {
    std::vector<std::string> names;
    for (const auto &entry : std::filesystem::directory_iterator(path)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
};

} // namespace wafer

#endif // WAFER_TEST_SUPPORT_TEMPORARYFOLDER_H
