// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "EditImage.h"
#include "Reducer.h"

using namespace wafer;
using namespace wafer::test;

void Reducer::reduceTasks(size_t index) {
  auto role = [=](RandomCase &c) -> Role & { return c.image.roles[index]; };
  removeRanges([&](RandomCase &c) { return role(c).tasks.size(); },
               [&](RandomCase &c, size_t first, size_t last) {
                 removeTasks(role(c), first, last);
               });
  for (size_t t = 0; t < role(best()).tasks.size(); ++t) {
    for (auto flag : {&Task::initiallyActive, &Task::initiallyBlocked}) {
      setTo([&](RandomCase &c) -> auto & { return role(c).tasks[t].*flag; },
            false);
    }
  }
  removeItems([&](RandomCase &c) -> auto & { return role(c).queues; });
}

void Reducer::reduceInstruction(size_t index, size_t at) {
  auto find = [=](RandomCase &c) -> Instruction & {
    return c.image.roles[index].code[at];
  };
  setTo(find, Instruction());
  Instruction now = find(best());
  if (infoOf(now.op).isVector) {
    VectorFields f = VectorFields::decode(now.imm);
    f.onComplete = OnComplete::None;
    f.task = 0;
    setTo([&](RandomCase &c) -> auto & { return find(c).imm; }, f.encode());
    f.async = false;
    f.microthread = 0;
    setTo([&](RandomCase &c) -> auto & { return find(c).imm; }, f.encode());
  } else if (now.op == Opcode::LoadImm || now.op == Opcode::AddImm) {
    lower([&](RandomCase &c) -> auto & { return find(c).imm; }, 0);
  }
}

void Reducer::reduceCode(size_t index) {
  auto role = [=](RandomCase &c) -> Role & { return c.image.roles[index]; };
  removeRanges([&](RandomCase &c) { return role(c).code.size(); },
               [&](RandomCase &c, size_t first, size_t last) {
                 removeInstructions(role(c), first, last);
               });
  for (size_t i = 0; i < role(best()).code.size(); ++i) {
    reduceInstruction(index, i);
  }
}

void Reducer::reduceParams(size_t index) {
  auto role = [=](RandomCase &c) -> Role & { return c.image.roles[index]; };
  auto params = [&](RandomCase &c) -> auto & { return role(c).params; };
  removeRanges(
      [&](RandomCase &c) { return params(c).size() / Descriptor::kHalfwords; },
      [&](RandomCase &c, size_t first, size_t last) {
        removeParamBlocks(role(c), first, last);
      });
  trim([&](RandomCase &c) { return params(c).size(); },
       [&](RandomCase &c, size_t, size_t end) {
         params(c).resize(end);
         role(c).paramLabels.clear();
       },
       0, false);
  for (size_t i = 0; i < params(best()).size(); ++i) {
    auto find = [&](RandomCase &c) -> ParamSource & { return params(c)[i]; };
    if (find(best()).kind != ParamSource::Kind::Constant) {
      setTo(find, ParamSource::constant(0));
    } else {
      lower([&](RandomCase &c) -> auto & { return find(c).value; }, 0);
    }
  }
  // Buffers that nothing needs, and the room of those that stay.
  removeItems([&](RandomCase &c) -> auto & { return role(c).buffers; });
  for (size_t i = 0; i < role(best()).buffers.size(); ++i) {
    lower([&](RandomCase &c) -> auto & { return role(c).buffers[i].bytes; }, 0);
  }
  removeItems([&](RandomCase &c) -> auto & { return role(c).labels; });
  removeItems([&](RandomCase &c) -> auto & { return role(c).paramLabels; });
}

void Reducer::reduceRoles() {
  for (size_t i = 0; i < image().roles.size(); ++i) {
    reduceTasks(i);
    reduceCode(i);
    reduceParams(i);
  }
}

void Reducer::reduceTables() {
  for (size_t i = 0; i < image().regions.size(); ++i) {
    for (auto tables : {&Region::rowTables, &Region::columnTables}) {
      auto find = [=](RandomCase &c) -> auto & {
        return c.image.regions[i].*tables;
      };
      trim([&](RandomCase &c) { return find(c).size(); },
           [&](RandomCase &c, size_t, size_t end) { find(c).resize(end); }, 0,
           false);
      for (size_t t = 0; t < find(best()).size(); ++t) {
        for (size_t k = 0; k < find(best())[t].size(); ++k) {
          lower([&](RandomCase &c) -> auto & { return find(c)[t][k]; }, 0);
        }
      }
    }
  }
}
