// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Npy.cpp - Reading NumPy's array files ------------------------------===//
//
// A file is the magic, a version of two bytes, the length of the header (two
// bytes, four from version 2 on), the header and the data. The header is a
// Python dictionary with the keys descr, fortran_order and shape
// (numpy.lib.format).
//
//===----------------------------------------------------------------------===//
#include "wafer/Support/Npy.h"

#include "wafer/Support/File.h"
#include "wafer/Support/Half.h"

#include <cstring>
#include <string_view>

using namespace wafer;

static Diagnostic malformed(const std::string &path, const std::string &what) {
  return {"not a NumPy file that can be read", path, "", what,
          "numpy.save writes such files"};
}

/// What follows `'key':` in a header, without blanks in front.
static std::string_view valueOf(std::string_view header, std::string_view key) {
  size_t at = header.find("'" + std::string(key) + "'");
  if (at == std::string_view::npos) {
    return {};
  }
  at = header.find(':', at);
  if (at == std::string_view::npos) {
    return {};
  }
  at = header.find_first_not_of(" ", at + 1);
  return at == std::string_view::npos ? std::string_view() : header.substr(at);
}

/// Reads "(3, 4, 5)"; false where it is something else or an extent is above
/// 2^32.
static bool readShape(std::string_view text, std::vector<uint64_t> &shape) {
  if (text.empty() || text.front() != '(') {
    return false;
  }
  bool inNumber = false, separated = true;
  for (char c : text.substr(1)) {
    if (c >= '0' && c <= '9') {
      if (!inNumber && !separated) {
        return false;
      }
      if (!inNumber) {
        shape.push_back(0);
      }
      inNumber = true;
      separated = false;
      shape.back() = shape.back() * 10 + uint64_t(c - '0');
      if (shape.back() > (uint64_t(1) << 32)) {
        return false;
      }
      continue;
    }
    inNumber = false;
    if (c == ')') {
      return true;
    }
    if (c == ',') {
      separated = true;
    } else if (c != ' ') {
      return false;
    }
  }
  return false;
}

Result<NpyArray> wafer::readNpy(const std::string &path, uint64_t maxBytes) {
  Result<std::string> file = readFile(path, maxBytes);
  if (!file) {
    return file.takeError();
  }
  std::string_view bytes = *file;
  if (bytes.size() < 10 || bytes.substr(0, 6) != "\x93NUMPY") {
    return malformed(path, "another magic");
  }
  auto byteAt = [&](size_t i) { return size_t(uint8_t(bytes[i])); };
  size_t begin = 10, length = byteAt(8) | byteAt(9) << 8;
  if (byteAt(6) >= 2) {
    if (bytes.size() < 12) {
      return malformed(path, "an end inside the header");
    }
    begin = 12;
    length |= byteAt(10) << 16 | byteAt(11) << 24;
  }
  if (byteAt(6) > 3 || length > bytes.size() - begin) {
    return malformed(path, byteAt(6) > 3 ? "an unknown version"
                                         : "an end inside the header");
  }
  std::string_view header = bytes.substr(begin, length);
  std::string_view type = valueOf(header, "descr");
  bool isHalf = type.substr(0, 5) == "'<f2'";
  if (!isHalf && type.substr(0, 5) != "'<f4'") {
    return Diagnostic{"array of another type", path, "'<f2' or '<f4'",
                      std::string(type.substr(0, 5)), ""};
  }
  if (valueOf(header, "fortran_order").substr(0, 5) != "False") {
    return Diagnostic{"array in another order", path, "C order (row-major)",
                      "Fortran order", "save numpy.ascontiguousarray(a)"};
  }
  NpyArray array;
  if (!readShape(valueOf(header, "shape"), array.shape)) {
    return malformed(path, "a header without shape");
  }
  std::string_view data = bytes.substr(begin + length);
  unsigned __int128 expected = isHalf ? 2 : 4;
  for (uint64_t extent : array.shape) {
    // Each factor is at most 2^32, and beyond 2^64 no file is as long.
    expected = expected > UINT64_MAX ? expected : expected * extent;
  }
  if (expected != data.size()) {
    return malformed(path, std::to_string(data.size()) +
                               " bytes of data that do not fit the shape");
  }
  array.values.resize(data.size() / (isHalf ? 2 : 4));
  if (!isHalf) {
    std::memcpy(array.values.data(), data.data(), data.size());
    return array;
  }
  std::vector<uint16_t> halfs(array.values.size());
  std::memcpy(halfs.data(), data.data(), data.size());
  halfsToFloats(halfs.data(), array.values.data(), halfs.size());
  return array;
}
