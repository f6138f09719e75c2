// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Mutations.h"

#include <algorithm>
#include <cstring>

using namespace wafer;
using namespace wafer::test;

namespace {

//===----------------------------------------------------------------------===//
// Regions and tables
//===----------------------------------------------------------------------===//

bool rolesExchanged(Image &image, Rng &rng) {
  Region &a = pick(image.regions, rng), &b = pick(image.regions, rng);
  std::swap(a.role, b.role);
  return a.role != b.role;
}
bool regionMoved(Image &image, Rng &rng) {
  Region &region = pick(image.regions, rng);
  (rng.below(2) ? region.rect.x : region.rect.y) += rng.below(2) ? 1 : -1;
  return true;
}
std::vector<uint16_t> *anyTable(Image &image, Rng &rng) {
  Region &region = pick(image.regions, rng);
  auto &tables = rng.below(2) ? region.rowTables : region.columnTables;
  return tables.empty() ? nullptr : &pick(tables, rng);
}
bool entryOffByOne(Image &image, Rng &rng) {
  std::vector<uint16_t> *table = anyTable(image, rng);
  if (!table) {
    return false;
  }
  uint16_t &entry = pick(*table, rng);
  entry = uint16_t(entry + (rng.below(2) ? 1 : -1));
  return true;
}
bool linesExchanged(Image &image, Rng &rng) {
  std::vector<uint16_t> *table = anyTable(image, rng);
  if (!table) {
    return false;
  }
  uint16_t &a = pick(*table, rng), &b = pick(*table, rng);
  std::swap(a, b);
  return a != b;
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

bool parameterOffByOne(Image &image, Rng &rng) {
  Role &role = pick(image.roles, rng);
  if (role.params.empty()) {
    return false;
  }
  ParamSource &p = pick(role.params, rng);
  if (p.kind != ParamSource::Kind::Constant) {
    return false;
  }
  p.value = uint16_t(p.value + (rng.below(2) ? 1 : -1));
  return true;
}

/// The control halfword of a descriptor that some `dsrload` names.
uint16_t *control(Image &image, Rng &rng) {
  Role &role = pick(image.roles, rng);
  std::vector<uint16_t *> found;
  for (const Instruction &i : role.code) {
    size_t index = (i.imm - role.paramOffset) / 2 + 3;
    if (i.op == Opcode::DsrLoad && i.b == 0 && index < role.params.size() &&
        role.params[index].kind == ParamSource::Kind::Constant) {
      found.push_back(&role.params[index].value);
    }
  }
  return found.empty() ? nullptr : pick(found, rng);
}
bool descriptorKind(Image &image, Rng &rng) {
  uint16_t *c = control(image, rng);
  uint16_t change = uint16_t(1 + rng.below(3));
  if (c) {
    *c ^= change;
  }
  return c != nullptr;
}
bool descriptorQueue(Image &image, Rng &rng) {
  uint16_t *c = control(image, rng);
  if (!c || (*c & 3u) == 0) {
    return false;
  }
  *c ^= uint16_t((1 + rng.below(7)) << 2);
  return true;
}
bool descriptorFlag(Image &image, Rng &rng) {
  uint16_t *c = control(image, rng);
  if (!c) {
    return false;
  }
  *c ^= uint16_t(1u << (5 + rng.below(3)));
  return true;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

bool bufferMoved(Image &image, Rng &rng) {
  Role &role = pick(image.roles, rng);
  if (role.buffers.empty()) {
    return false;
  }
  pick(role.buffers, rng).offset += rng.below(2) ? 2u : ~1u;
  return true;
}
bool bufferShrunk(Image &image, Rng &rng) {
  Role &role = pick(image.roles, rng);
  if (role.buffers.empty()) {
    return false;
  }
  pick(role.buffers, rng).bytes -= 2;
  return true;
}
bool dataMoved(Image &image, Rng &rng) {
  if (image.initData.empty()) {
    return false;
  }
  pick(image.initData, rng).offset += rng.below(2) ? 2u : ~1u;
  return true;
}
bool dataRemoved(Image &image, Rng &rng) {
  if (image.initData.size() < 2) {
    return false;
  }
  image.initData.erase(image.initData.begin() +
                       std::ptrdiff_t(rng.below(image.initData.size())));
  return true;
}
/// One core gets the bytes of another one.
bool sliceRepeated(Image &image, Rng &rng) {
  if (image.initData.empty()) {
    return false;
  }
  InitData &data = pick(image.initData, rng);
  uint64_t cores = data.size / data.bytes;
  uint64_t from = rng.below(cores), to = rng.below(cores);
  if (!data.data || !std::memcmp(data.data + from * data.bytes,
                                 data.data + to * data.bytes, data.bytes)) {
    return false;
  }
  auto bytes =
      std::make_shared<std::vector<uint8_t>>(data.data, data.data + data.size);
  std::memcpy(bytes->data() + to * data.bytes, data.data + from * data.bytes,
              data.bytes);
  data.data = bytes->data();
  image.storage.push_back(bytes);
  return true;
}
bool bitFlipped(Image &image, Rng &rng) {
  if (image.initData.empty()) {
    return false;
  }
  InitData &data = pick(image.initData, rng);
  auto bytes =
      std::make_shared<std::vector<uint8_t>>(data.data, data.data + data.size);
  pick(*bytes, rng) ^= uint8_t(1u << rng.below(8));
  data.data = bytes->data();
  image.storage.push_back(bytes);
  return true;
}

//===----------------------------------------------------------------------===//
// Tensors and stages
//===----------------------------------------------------------------------===//

TensorPlacement *tensor(Image &image, Rng &rng) {
  return image.tensors.empty() ? nullptr : &pick(image.tensors, rng);
}
bool cutMoved(Image &image, Rng &rng) {
  TensorPlacement *t = tensor(image, rng);
  DimensionLayout *d = t ? &pick(t->dims, rng) : nullptr;
  if (!d || d->kind == DimensionLayout::Kind::Whole) {
    return false;
  }
  pick(rng.below(2) ? d->begin : d->end, rng) += rng.below(2) ? 1u : ~0u;
  return true;
}
bool tensorOffset(Image &image, Rng &rng) {
  TensorPlacement *t = tensor(image, rng);
  if (!t) {
    return false;
  }
  t->offset += rng.below(2) ? 2u : ~1u;
  return true;
}
bool tensorStride(Image &image, Rng &rng) {
  TensorPlacement *t = tensor(image, rng);
  if (!t) {
    return false;
  }
  pick(t->strides, rng) += rng.below(2) ? 2u : ~1u;
  return true;
}
bool tensorRemoved(Image &image, Rng &rng) {
  if (image.tensors.empty()) {
    return false;
  }
  image.tensors.erase(image.tensors.begin() +
                      std::ptrdiff_t(rng.below(image.tensors.size())));
  return true;
}
bool stageLayers(Image &image, Rng &rng) {
  if (image.stages.empty()) {
    return false;
  }
  StageInfo &stage = pick(image.stages, rng);
  (rng.below(2) ? stage.firstLayer : stage.numLayers) += 1;
  return stage.numLayers > 0;
}
bool stageMoved(Image &image, Rng &rng) {
  if (image.stages.empty()) {
    return false;
  }
  pick(image.stages, rng).rect.x += 1;
  return true;
}

const char *const kParams = "what code computes is not known without a run";
const char *const kIntent = "an output or state has no second description";

} // namespace

const std::vector<MutationKind> &wafer::test::dataMutations() {
  static const std::vector<MutationKind> kinds = {
      {"region: roles exchanged", nullptr, rolesExchanged},
      {"region: moved", nullptr, regionMoved},
      {"table: entry off by one", kParams, entryOffByOne},
      {"table: two lines exchanged", kParams, linesExchanged},
      {"parameter: off by one", kParams, parameterOffByOne},
      {"descriptor: another kind", kParams, descriptorKind},
      {"descriptor: another queue", kParams, descriptorQueue},
      {"descriptor: flag", kParams, descriptorFlag},
      {"buffer: moved by 2", kIntent, bufferMoved},
      {"buffer: 2 bytes less", nullptr, bufferShrunk},
      {"data: moved by 2", nullptr, dataMoved},
      {"data: removed", nullptr, dataRemoved},
      {"data: slice repeated", nullptr, sliceRepeated},
      {"data: bit flipped", nullptr, bitFlipped},
      {"tensor: cut moved", kIntent, cutMoved},
      {"tensor: moved by 2", kIntent, tensorOffset},
      {"tensor: stride changed", nullptr, tensorStride},
      {"tensor: removed", kIntent, tensorRemoved},
      {"stage: layers", nullptr, stageLayers},
      {"stage: moved", nullptr, stageMoved}};
  return kinds;
}
