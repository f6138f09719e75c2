// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ProgramText.h"

#include "wafer/Image/Text.h"
#include "wafer/Image/Validate.h"

#include <fmt/format.h>

using namespace wafer;
using namespace wafer::bench;

/// The length of the name behind a '$'.
static size_t nameLength(const std::string &text, size_t at) {
  size_t end = at;
  while (end < text.size() && text[end] >= 'A' && text[end] <= 'Z') {
    ++end;
  }
  return end - at;
}

Result<Image> wafer::bench::parseProgram(const Machine &machine,
                                         const std::string &name,
                                         std::string text,
                                         const Values &values) {
  std::string full = "machine json " + machine.toJson() + "\n";
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '$') {
      full += text[at];
      continue;
    }
    size_t length = nameLength(text, at + 1);
    auto it = values.find(text.substr(at + 1, length));
    assert(it != values.end() && "a program names a value that is not given");
    full += it->second;
    at += length;
  }
  Result<Image> image = parseImage(full, name);
  if (!image) {
    return image;
  }
  Status status = validate(*image, machine);
  if (!status) {
    return status.takeError();
  }
  return image;
}

std::vector<unsigned> wafer::bench::freeColors(const Machine &machine) {
  std::vector<unsigned> colors;
  for (unsigned c = 0; c < machine.colors && c < 32; ++c) {
    if (!((machine.reservedColors >> c) & 1u)) {
      colors.push_back(c);
    }
  }
  return colors;
}

std::vector<unsigned> wafer::bench::freeQueues(const QueueSpec &queues) {
  std::vector<unsigned> result;
  for (unsigned q = 0; q < queues.count(); ++q) {
    if (queues.usable(q)) {
      result.push_back(q);
    }
  }
  return result;
}

Status wafer::bench::requireResources(const Machine &machine,
                                      const std::string &name, unsigned colors,
                                      unsigned inputs, unsigned outputs,
                                      uint32_t columns) {
  struct Need {
    const char *what;
    uint64_t need, have;
  };
  for (const Need &n :
       {Need{"colors", colors, freeColors(machine).size()},
        Need{"input queues", inputs, freeQueues(machine.inputQueues).size()},
        Need{"output queues", outputs, freeQueues(machine.outputQueues).size()},
        Need{"columns", columns, uint64_t(std::max(0, machine.width()))}}) {
    if (n.need > n.have) {
      return Diagnostic{fmt::format("the machine has too few {}", n.what),
                        fmt::format("{} on '{}'", name, machine.name),
                        fmt::format("{}", n.need), fmt::format("{}", n.have),
                        ""};
    }
  }
  return Status::success();
}

void wafer::bench::addInitData(Image &image, uint32_t offset, uint32_t bytes,
                               std::vector<uint8_t> data) {
  auto storage = std::make_shared<std::vector<uint8_t>>(std::move(data));
  InitData init;
  init.offset = offset;
  init.bytes = bytes;
  init.data = storage->data();
  init.size = storage->size();
  image.initData.push_back(init);
  image.storage.push_back(storage);
}

std::string wafer::bench::joined(const std::vector<uint32_t> &values) {
  return fmt::format("{}", fmt::join(values, ", "));
}
