// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Sim/TensorGather.h"

#include "TensorBlocks.h"

#include "wafer/Support/Half.h"

#include <cstring>
#include <fmt/format.h>

using namespace wafer;

Result<std::vector<uint8_t>>
wafer::gatherTensor(Engine &engine, const Image &image,
                    const TensorPlacement &tensor) {
  const Region &region = image.regions[tensor.region];
  const Buffer &buffer = image.roles[region.role].buffers[tensor.buffer];
  std::string where = fmt::format("tensor '{}'", tensor.name);
  uint64_t elements = 1;
  // More elements than bytes in all cores cannot lie anywhere.
  uint64_t limit = uint64_t(region.rect.area()) * buffer.bytes;
  for (uint32_t extent : tensor.shape) {
    elements *= extent;
    if (elements > limit) {
      return Diagnostic{"the tensor has elements that lie in no core", where,
                        fmt::format("at most {} elements", limit), "", ""};
    }
  }
  size_t size = sizeOf(tensor.type);
  std::vector<uint64_t> weights(tensor.shape.size(), 1);
  for (size_t d = tensor.shape.size(); d-- > 1;) {
    weights[d - 1] = weights[d] * tensor.shape[d];
  }
  std::vector<uint8_t> out(size_t(elements) * size);
  std::vector<bool> covered(size_t(elements), false);
  std::vector<uint8_t> sram(buffer.bytes);
  for (int32_t y = region.rect.y; y < region.rect.endY(); ++y) {
    for (int32_t x = region.rect.x; x < region.rect.endX(); ++x) {
      LocalBlock block = blockOf(tensor, region.rect, {x, y});
      if (block.empty()) {
        continue;
      }
      Status status =
          engine.peek({x, y}, buffer.offset, sram.data(), buffer.bytes);
      if (!status) {
        return status.takeError();
      }
      forEachElement(tensor, block, weights, [&](uint64_t byte, uint64_t i) {
        std::memcpy(&out[size_t(i) * size], &sram[size_t(byte)], size);
        covered[size_t(i)] = true;
      });
    }
  }
  for (size_t i = 0; i < covered.size(); ++i) {
    if (!covered[i]) {
      return Diagnostic{"the tensor has elements that lie in no core", where,
                        "", fmt::format("element {}", i), ""};
    }
  }
  return out;
}

static const char *npyType(DataType type) {
  switch (type) {
  case DataType::F16:
    return "<f2";
  case DataType::BF16:
  case DataType::F32:
    return "<f4";
  case DataType::I8:
    return "|i1";
  case DataType::I16:
    return "<i2";
  case DataType::I32:
    return "<i4";
  case DataType::U16:
    return "<u2";
  }
  return "|V1";
}

std::string wafer::toNpy(DataType type, const std::vector<uint32_t> &shape,
                         const std::vector<uint8_t> &elements) {
  std::string extents;
  for (uint32_t extent : shape) {
    extents += fmt::format("{}, ", extent);
  }
  if (shape.size() > 1) {
    extents.resize(extents.size() - 2);
  } else if (!extents.empty()) {
    extents.resize(extents.size() - 1); // "(3,)"
  }
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                  npyType(type), extents);
  // Magic, version and length are 10 bytes; data begin at a multiple of 64.
  while ((10 + header.size() + 1) % 64 != 0) {
    header += ' ';
  }
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += char(header.size() & 0xff);
  file += char(header.size() >> 8);
  file += header;
  if (type != DataType::BF16) {
    file.append(reinterpret_cast<const char *>(elements.data()),
                elements.size());
    return file;
  }
  for (size_t i = 0; i + 1 < elements.size(); i += 2) {
    uint16_t bits;
    std::memcpy(&bits, &elements[i], sizeof(bits));
    float value = bfloatToFloat(bits);
    file.append(reinterpret_cast<const char *>(&value), sizeof(value));
  }
  return file;
}
