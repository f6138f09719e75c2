// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ParamBlock.h"

#include <fmt/format.h>
#include <set>

using namespace mlir;
using namespace wafer;
using namespace wafer::wpe;

RoleNames::RoleNames(RoleOp role) {
  for (auto param : role.getOps<ParamOp>()) {
    auto &tables =
        param.getKind() == ParamKind::Column ? columnTables : rowTables;
    if (param.getKind() == ParamKind::Region) {
      continue;
    }
    uint16_t table = uint16_t(tables.size());
    params[param.getSymName()] = param.getKind() == ParamKind::Row
                                     ? ParamSource::row(table)
                                     : ParamSource::column(table);
    tables.push_back(param.getSymName().str());
  }
  firstRegionParam = rowTables.size();
  for (auto param : role.getOps<ParamOp>()) {
    if (param.getKind() == ParamKind::Region) {
      params[param.getSymName()] = ParamSource::row(uint16_t(rowTables.size()));
      rowTables.push_back(param.getSymName().str());
    }
  }
  for (auto buffer : role.getOps<BufferOp>()) {
    buffers[buffer.getSymName()] = buffer;
  }
  for (auto queue : role.getOps<QueueOp>()) {
    queues[queue.getSymName()] = queue;
  }
  unsigned next = 0;
  for (auto task : role.getOps<TaskOp>()) {
    tasks[task.getSymName()] = next++;
  }
}

ParamBlock::ParamBlock(RoleOp role, const RoleNames &names)
    : names(names), base(uint32_t(role.getParamOffset().value_or(0))) {
  role.walk<WalkOrder::PreOrder>([&](ParamValueOp op) {
    if (!op.getResult().use_empty()) {
      scalars.insert({op.getParam(), uint32_t(scalars.size())});
    }
  });
}

uint32_t ParamBlock::addressOf(ParamValueOp op) const {
  return base + 2 * scalars.lookup(op.getParam());
}

uint32_t ParamBlock::firstDescriptor() const {
  return 2 * uint32_t(llvm::alignTo(scalars.size(), 2));
}

uint32_t ParamBlock::add(Entry entry) {
  std::string key = fmt::format("{} {}", entry.buffer, entry.offset);
  for (ParamSource source : entry.halfwords) {
    key += fmt::format(" {} {}", unsigned(source.kind), source.value);
  }
  // The base of a memory descriptor stands in the key by name.
  auto found = index.try_emplace(key, uint32_t(entries.size()));
  if (found.second) {
    entries.push_back(std::move(entry));
  }
  return base + firstDescriptor() + Descriptor::kBytes * found.first->second;
}

ParamSource ParamBlock::sourceOf(Attribute size) const {
  if (auto name = dyn_cast_or_null<FlatSymbolRefAttr>(size)) {
    return names.param(name.getValue());
  }
  if (auto number = dyn_cast_or_null<IntegerAttr>(size)) {
    return ParamSource::constant(uint16_t(number.getInt()));
  }
  // A dynamic extent is set after the load; 1 is a valid length meanwhile.
  return ParamSource::constant(1);
}

FailureOr<uint32_t> ParamBlock::addressOf(MemOp op) {
  Descriptor d;
  d.kind = DescriptorKind::Memory;
  d.save = op.getSave();
  Entry entry;
  entry.label = op.getBuffer().str();
  for (unsigned i = 0; i < Descriptor::kHalfwords; ++i) {
    entry.halfwords[i] = ParamSource::constant(d.encode()[i]);
  }
  entry.halfwords[1] = sourceOf(op.getExtentAttr());
  entry.halfwords[2] = sourceOf(op.getStrideAttr());
  if (op.getExtent1Attr()) {
    entry.halfwords[4] = sourceOf(op.getExtent1Attr());
    entry.halfwords[5] = sourceOf(op.getStride1Attr());
  }
  if (op.getOffset()) {
    // The base is set by the code: such descriptors are shared across buffers.
    return add(std::move(entry));
  }
  entry.buffer = op.getBuffer().str();
  entry.offset = int64_t(op.getStaticOffset());
  uint32_t address = add(entry);
  int64_t first = entry.offset +
                  int64_t(names.buffer(op.getBuffer()).getOffset().value_or(0));
  if (first < 0 || first > 65535) {
    return op.emitOpError("byte ")
           << first << " of the descriptor is no SRAM address";
  }
  uint32_t which = (address - base - firstDescriptor()) / Descriptor::kBytes;
  entries[which].halfwords[0] = ParamSource::constant(uint16_t(first));
  return address;
}

/// The control halfword of a fabric descriptor.
static Descriptor fabric(DescriptorKind kind, QueueOp queue, bool packed) {
  Descriptor d;
  d.kind = kind;
  d.queue = uint8_t(queue.getId().value_or(0));
  d.packed = packed;
  return d;
}

uint32_t ParamBlock::addressOf(FabInOp op) {
  Descriptor d = fabric(DescriptorKind::FabricIn, names.queue(op.getQueue()),
                        op.getPacked());
  Entry entry;
  entry.buffer = op.getQueue().str();
  entry.label = op.getQueue().str();
  for (unsigned i = 0; i < Descriptor::kHalfwords; ++i) {
    entry.halfwords[i] = ParamSource::constant(d.encode()[i]);
  }
  entry.halfwords[1] = sourceOf(op.getExtentAttr());
  return add(std::move(entry));
}

uint32_t ParamBlock::addressOf(FabOutOp op) {
  Descriptor d = fabric(op.getControl() ? DescriptorKind::FabricControl
                                        : DescriptorKind::FabricOut,
                        names.queue(op.getQueue()), op.getPacked());
  d.advanceSwitch = op.getAdvanceSwitch();
  Entry entry;
  entry.buffer = op.getQueue().str();
  entry.label = op.getQueue().str();
  for (unsigned i = 0; i < Descriptor::kHalfwords; ++i) {
    entry.halfwords[i] = ParamSource::constant(d.encode()[i]);
  }
  entry.halfwords[1] = sourceOf(op.getExtentAttr());
  return add(std::move(entry));
}

std::vector<ParamSource> ParamBlock::halfwords() const {
  std::vector<ParamSource> result;
  for (auto &[name, place] : scalars) {
    result.push_back(names.param(name));
  }
  if (entries.empty()) {
    return result;
  }
  result.resize(firstDescriptor() / 2);
  for (const Entry &entry : entries) {
    result.insert(result.end(), entry.halfwords.begin(), entry.halfwords.end());
  }
  return result;
}

std::vector<Label> ParamBlock::labels() const {
  std::vector<Label> result;
  std::set<std::string> used;
  auto add = [&](std::string name, uint32_t at) {
    std::string unique = name;
    for (unsigned n = 1; !used.insert(unique).second; ++n) {
      unique = fmt::format("{}.{}", name, n);
    }
    result.push_back({std::move(unique), at});
  };
  for (auto &[name, place] : scalars) {
    add(name.str(), place);
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    add(entries[i].label,
        firstDescriptor() / 2 + uint32_t(i) * Descriptor::kHalfwords);
  }
  return result;
}
