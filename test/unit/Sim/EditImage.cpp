// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "EditImage.h"

#include "wafer/Image/Lookup.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::test;

template <typename T>
static void eraseRange(std::vector<T> &list, size_t begin, size_t end) {
  list.erase(list.begin() + long(begin), list.begin() + long(end));
}

/// Where index `i` is after [begin, end) is gone; one inside is what follows.
template <typename T>
static T moved(T i, size_t begin, size_t end) {
  return i < begin ? i : i < end ? T(begin) : T(i - (end - begin));
}

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

static bool hasTarget(Form form) {
  return form == Form::Target || form == Form::RdTarget ||
         form == Form::RaRbTarget;
}

void wafer::test::removeInstructions(Role &role, size_t begin, size_t end) {
  eraseRange(role.code, begin, end);
  for (Instruction &i : role.code) {
    if (hasTarget(infoOf(i.op).form)) {
      i.imm = moved(i.imm, begin, end);
    }
  }
  for (Task &task : role.tasks) {
    task.entry = moved(task.entry, begin, end);
  }
  for (Label &label : role.labels) {
    label.index = moved(label.index, begin, end);
  }
  role.labels.erase(std::remove_if(role.labels.begin(), role.labels.end(),
                                   [&](const Label &label) {
                                     return label.index >= role.code.size();
                                   }),
                    role.labels.end());
}

void wafer::test::removeTasks(Role &role, size_t begin, size_t end) {
  eraseRange(role.tasks, begin, end);
  for (Instruction &i : role.code) {
    const OpcodeInfo &info = infoOf(i.op);
    if (info.form == Form::TaskId) {
      bool gone = i.imm >= begin && i.imm < end;
      i = gone ? Instruction() : i;
      i.imm = gone ? 0 : moved(i.imm, begin, end);
    } else if (info.isVector) {
      VectorFields f = VectorFields::decode(i.imm);
      bool gone = f.task >= begin && f.task < end;
      f.onComplete = gone ? OnComplete::None : f.onComplete;
      f.task = f.onComplete == OnComplete::None ? 0 : moved(f.task, begin, end);
      i.imm = f.encode();
    }
  }
}

void wafer::test::removeParamBlocks(Role &role, size_t begin, size_t end) {
  uint32_t first = role.paramOffset + uint32_t(begin) * Descriptor::kBytes;
  uint32_t last = role.paramOffset + uint32_t(end) * Descriptor::kBytes;
  uint32_t blockEnd = role.paramOffset + uint32_t(role.params.size()) * 2;
  eraseRange(role.params, begin * Descriptor::kHalfwords,
             end * Descriptor::kHalfwords);
  for (Instruction &i : role.code) {
    Form form = infoOf(i.op).form;
    bool isAddress = (form == Form::RdMem || form == Form::DsrMem) && i.b == 0;
    if (isAddress && i.imm >= last && i.imm < blockEnd) {
      i.imm -= last - first;
    }
  }
  role.paramLabels.clear();
}

//===----------------------------------------------------------------------===//
// Lists of the image
//===----------------------------------------------------------------------===//

/// Removes what refers to one of [begin, end) by `member`, moves the rest.
template <typename T>
static void dropReferences(std::vector<T> &list, uint32_t T::*member,
                           size_t begin, size_t end) {
  list.erase(std::remove_if(list.begin(), list.end(),
                            [&](const T &item) {
                              return item.*member >= begin &&
                                     item.*member < end;
                            }),
             list.end());
  for (T &item : list) {
    item.*member = moved(item.*member, begin, end);
  }
}

void wafer::test::removeRegions(Image &image, size_t begin, size_t end) {
  eraseRange(image.regions, begin, end);
  dropReferences(image.initData, &InitData::region, begin, end);
  dropReferences(image.tensors, &TensorPlacement::region, begin, end);
  dropReferences(image.stages, &StageInfo::region, begin, end);
}

/// Keeps the items that are used, and gives their users the new indices.
template <typename T, typename ForUsers>
static void removeUnusedItems(std::vector<T> &items, const ForUsers &forUsers) {
  std::vector<uint32_t> place(items.size(), 0);
  forUsers([&](uint32_t &user) { place[user] = 1; });
  std::vector<T> kept;
  for (size_t i = 0; i < items.size(); ++i) {
    if (place[i]) {
      place[i] = uint32_t(kept.size());
      kept.push_back(std::move(items[i]));
    }
  }
  items = std::move(kept);
  forUsers([&](uint32_t &user) { user = place[user]; });
}

void wafer::test::removeUnused(Image &image) {
  removeUnusedItems(image.roles, [&](auto use) {
    for (Region &region : image.regions) {
      use(region.role);
    }
  });
  removeUnusedItems(image.configs, [&](auto use) {
    for (Rule &rule : image.rules) {
      for (std::vector<Run> &runs : rule.classes) {
        for (Run &run : runs) {
          if (run.config != kNoRoute) {
            use(run.config);
          }
        }
      }
    }
  });
}

//===----------------------------------------------------------------------===//
// The host
//===----------------------------------------------------------------------===//

void wafer::test::removeRounds(RandomCase &test, size_t begin, size_t end) {
  eraseRange(test.rounds, begin, end);
  for (RandomPush &push : test.pushes) {
    push.round = moved(push.round, begin, end);
  }
}

void wafer::test::joinRounds(RandomCase &test, size_t first) {
  test.rounds[first + 1].cycles += test.rounds[first].cycles;
  removeRounds(test, first, first + 1);
}

void wafer::test::removeHostPorts(RandomCase &test, size_t begin, size_t end) {
  for (HostPort &port : test.image.hostPorts) {
    bool loses = port.partner >= begin && port.partner < end;
    port.partner = !port.crosses() || loses ? HostPort::kHost
                                            : moved(port.partner, begin, end);
  }
  eraseRange(test.image.hostPorts, begin, end);
  auto gone = [&](const auto &item) {
    return item.port >= begin && item.port < end;
  };
  test.pushes.erase(
      std::remove_if(test.pushes.begin(), test.pushes.end(), gone),
      test.pushes.end());
  for (RandomPush &push : test.pushes) {
    push.port = moved(push.port, begin, end);
  }
  for (RandomRound &round : test.rounds) {
    round.goals.erase(
        std::remove_if(round.goals.begin(), round.goals.end(), gone),
        round.goals.end());
    for (HostGoal &goal : round.goals) {
      goal.port = moved(goal.port, begin, end);
    }
  }
}

//===----------------------------------------------------------------------===//
// Rectangles
//===----------------------------------------------------------------------===//

/// The bytes of `part` of a region's data.
static std::vector<uint8_t> partOf(const InitData &init, const Rect &whole,
                                   const Rect &part) {
  std::vector<uint8_t> bytes;
  for (int32_t y = part.y; y < part.endY(); ++y) {
    uint64_t first = (uint64_t(y - whole.y) * uint64_t(whole.w) +
                      uint64_t(part.x - whole.x)) *
                     init.bytes;
    bytes.insert(bytes.end(), init.data + first,
                 init.data + first + uint64_t(part.w) * init.bytes);
  }
  return bytes;
}

static void setData(Image &image, InitData &init, std::vector<uint8_t> bytes) {
  auto storage = std::make_shared<std::vector<uint8_t>>(std::move(bytes));
  init.data = storage->data();
  init.size = storage->size();
  image.storage.push_back(std::move(storage));
}

static Region partOf(const Region &region, const Rect &part) {
  Region result = region;
  result.rect = part;
  for (auto &table : result.rowTables) {
    eraseRange(table, size_t(part.endY() - region.rect.y), table.size());
    eraseRange(table, 0, size_t(part.y - region.rect.y));
  }
  for (auto &table : result.columnTables) {
    eraseRange(table, size_t(part.endX() - region.rect.x), table.size());
    eraseRange(table, 0, size_t(part.x - region.rect.x));
  }
  return result;
}

static void dropTensors(Image &image, size_t region) {
  auto &list = image.tensors;
  list.erase(std::remove_if(
                 list.begin(), list.end(),
                 [&](const TensorPlacement &t) { return t.region == region; }),
             list.end());
}

void wafer::test::cropRegion(Image &image, size_t index, const Rect &part) {
  Region &region = image.regions[index];
  for (InitData &init : image.initData) {
    if (init.region == index && init.data) {
      setData(image, init, partOf(init, region.rect, part));
    }
  }
  region = partOf(region, part);
  dropTensors(image, index);
}

void wafer::test::splitRegion(Image &image, size_t index) {
  Region whole = image.regions[index];
  dropTensors(image, index);
  std::vector<InitData> data;
  for (const InitData &init : image.initData) {
    if (init.region == index && init.data) {
      data.push_back(init);
    }
  }
  for (int32_t y = whole.rect.y; y < whole.rect.endY(); ++y) {
    for (int32_t x = whole.rect.x; x < whole.rect.endX(); ++x) {
      Region core = partOf(whole, {x, y, 1, 1});
      core.name += "." + std::to_string(x) + "." + std::to_string(y);
      for (const InitData &init : data) {
        InitData own = init;
        own.region = uint32_t(image.regions.size());
        setData(image, own, partOf(init, whole.rect, core.rect));
        image.initData.push_back(own);
      }
      image.regions.push_back(std::move(core));
    }
  }
  removeRegions(image, index, index + 1);
}

/// The runs of routers [begin, end).
static std::vector<Run> partOf(const std::vector<Run> &runs, uint32_t begin,
                               uint32_t end) {
  std::vector<Run> result;
  uint32_t at = 0;
  for (const Run &run : runs) {
    uint32_t first = std::max(at, begin);
    at += run.count;
    uint32_t last = std::min(at, end);
    if (first < last) {
      result.push_back({last - first, run.config});
    }
  }
  return result;
}

void wafer::test::cropRule(Rule &rule, const Rect &part) {
  bool alongX = rule.axis == Axis::X;
  auto line = uint32_t(alongX ? part.y - rule.rect.y : part.x - rule.rect.x);
  auto lines = size_t(alongX ? part.h : part.w);
  auto begin = uint32_t(alongX ? part.x - rule.rect.x : part.y - rule.rect.y);
  auto side = uint32_t(alongX ? part.w : part.h);
  std::vector<std::vector<Run>> classes;
  for (size_t i = 0; i < std::min(lines, rule.classes.size()); ++i) {
    classes.push_back(partOf(rule.classes[(line + i) % rule.classes.size()],
                             begin, begin + side));
  }
  rule.classes = std::move(classes);
  rule.rect = part;
}

void wafer::test::splitRule(Image &image, size_t index) {
  Rule whole = image.rules[index];
  eraseRange(image.rules, index, index + 1);
  for (int32_t y = whole.rect.y; y < whole.rect.endY(); ++y) {
    for (int32_t x = whole.rect.x; x < whole.rect.endX(); ++x) {
      uint32_t config = configAt(whole, {x, y});
      if (config != kNoRoute) {
        Rule rule;
        rule.color = whole.color;
        rule.rect = {x, y, 1, 1};
        rule.classes = {{{1, config}}};
        image.rules.push_back(std::move(rule));
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// Grid and data
//===----------------------------------------------------------------------===//

void wafer::test::cropGrid(RandomCase &test, const Rect &part) {
  auto move = [&](Rect &rect) {
    rect.x -= part.x;
    rect.y -= part.y;
  };
  Image &image = test.image;
  for (Region &region : image.regions) {
    move(region.rect);
  }
  for (Rule &rule : image.rules) {
    move(rule.rect);
  }
  for (StreamFamily &family : image.families) {
    move(family.rect);
  }
  for (StageInfo &stage : image.stages) {
    move(stage.rect);
  }
  for (Stream &stream : image.streams) {
    stream.source = {stream.source.x - part.x, stream.source.y - part.y};
    std::for_each(stream.sinks.begin(), stream.sinks.end(), move);
  }
  for (HostPort &port : image.hostPorts) {
    port.row -= part.y;
  }
  Machine &m = test.machine;
  // Where columns go, the rest is one wafer.
  m.wafers = part.w == m.width() ? m.wafers : 1;
  m.physicalWidth = part.w / m.wafers;
  m.physicalHeight = part.h;
  m.usable = {0, 0, m.physicalWidth, part.h};
  m.host.count = std::min(m.host.count, part.h);
}

void wafer::test::clearData(Image &image, size_t index, uint64_t begin,
                            uint64_t end) {
  InitData &init = image.initData[index];
  std::vector<uint8_t> bytes(init.data, init.data + init.size);
  std::fill(bytes.begin() + long(begin), bytes.begin() + long(end), uint8_t(0));
  setData(image, init, std::move(bytes));
}

bool wafer::test::trimData(Image &image, size_t index) {
  InitData &init = image.initData[index];
  uint32_t first = init.bytes, last = 0;
  for (uint64_t i = 0; i < init.size; ++i) {
    if (init.data[i]) {
      auto at = uint32_t(i % init.bytes);
      first = std::min(first, at / 4 * 4);
      last = std::max(last, std::min(init.bytes, (at / 4 + 1) * 4));
    }
  }
  if (last == 0) {
    eraseRange(image.initData, index, index + 1);
    return true;
  }
  if (first == 0 && last == init.bytes) {
    return false;
  }
  std::vector<uint8_t> bytes;
  for (uint64_t core = 0; core < init.size; core += init.bytes) {
    bytes.insert(bytes.end(), init.data + core + first,
                 init.data + core + last);
  }
  init.offset += first;
  init.bytes = last - first;
  setData(image, init, std::move(bytes));
  return true;
}
