// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Mutations.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::test;

namespace {

Role *roleWithCode(Image &image, Rng &rng) {
  Role &role = pick(image.roles, rng);
  return role.code.empty() ? nullptr : &role;
}
/// An instruction for which `wanted` holds; null after a few tries.
template <typename Wanted>
Instruction *instruction(Image &image, Rng &rng, Wanted wanted) {
  for (int i = 0; i < 50; ++i) {
    Role *role = roleWithCode(image, rng);
    if (role) {
      Instruction &candidate = pick(role->code, rng);
      if (wanted(candidate)) {
        return &candidate;
      }
    }
  }
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Queues and tasks
//===----------------------------------------------------------------------===//

QueueBinding *queue(Image &image, Rng &rng) {
  Role &role = pick(image.roles, rng);
  return role.queues.empty() ? nullptr : &pick(role.queues, rng);
}
bool queueRebound(Image &image, Rng &rng) {
  QueueBinding *q = queue(image, rng);
  if (!q) {
    return false;
  }
  uint8_t before = q->queue;
  q->queue = uint8_t(rng.below(8));
  return q->queue != before;
}
bool queuesExchanged(Image &image, Rng &rng) {
  Role &role = pick(image.roles, rng);
  if (role.queues.size() < 2) {
    return false;
  }
  QueueBinding &a = pick(role.queues, rng), &b = pick(role.queues, rng);
  std::swap(a.queue, b.queue);
  return a.queue != b.queue && a.input == b.input;
}
bool queueRemoved(Image &image, Rng &rng) {
  Role &role = pick(image.roles, rng);
  if (role.queues.empty()) {
    return false;
  }
  role.queues.erase(role.queues.begin() +
                    std::ptrdiff_t(rng.below(role.queues.size())));
  return true;
}
bool queueColor(Image &image, Rng &rng) {
  QueueBinding *q = queue(image, rng);
  if (!q || q->color.kind != ParamSource::Kind::Constant) {
    return false;
  }
  uint16_t before = q->color.value;
  q->color.value = pick(image.rules, rng).color;
  return q->color.value != before;
}
/// An entry of a table that some queue takes its color from.
bool queueColorOfLine(Image &image, Rng &rng) {
  Region &region = pick(image.regions, rng);
  const Role &role = image.roles[region.role];
  if (role.queues.empty()) {
    return false;
  }
  ParamSource source = pick(role.queues, rng).color;
  if (source.kind == ParamSource::Kind::Constant) {
    return false;
  }
  auto &tables = source.kind == ParamSource::Kind::Row ? region.rowTables
                                                       : region.columnTables;
  uint16_t &entry = pick(tables[source.value], rng);
  uint16_t before = entry;
  entry = rng.below(3) ? pick(image.rules, rng).color : kUnboundColor;
  return entry != before;
}

Task *task(Image &image, Rng &rng) {
  Role &role = pick(image.roles, rng);
  return role.tasks.empty() ? nullptr : &pick(role.tasks, rng);
}
bool taskNotActive(Image &image, Rng &rng) {
  Task *t = task(image, rng);
  bool active = t && t->initiallyActive;
  if (active) {
    t->initiallyActive = false;
  }
  return active;
}
bool taskBlocked(Image &image, Rng &rng) {
  Task *t = task(image, rng);
  if (!t) {
    return false;
  }
  t->initiallyBlocked = !t->initiallyBlocked;
  return true;
}
bool taskActive(Image &image, Rng &rng) {
  Task *t = task(image, rng);
  if (!t || t->kind != TaskKind::Local || t->initiallyActive) {
    return false;
  }
  t->initiallyActive = true;
  return true;
}
bool taskQueue(Image &image, Rng &rng) {
  Task *t = task(image, rng);
  if (!t || t->kind != TaskKind::Data) {
    return false;
  }
  t->binding = uint8_t((t->binding + 1 + rng.below(7)) % 8);
  return true;
}
bool entryMoved(Image &image, Rng &rng) {
  Task *t = task(image, rng);
  if (!t) {
    return false;
  }
  uint32_t before = t->entry;
  t->entry += uint32_t(1 + rng.below(4)) * (rng.below(2) ? 1u : ~0u);
  return t->entry != before;
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

bool isBranch(const Instruction &i) {
  Form form = infoOf(i.op).form;
  return form == Form::Target || form == Form::RdTarget ||
         form == Form::RaRbTarget;
}
bool isVector(const Instruction &i) { return infoOf(i.op).isVector; }

bool branchMoved(Image &image, Rng &rng) {
  Instruction *i = instruction(image, rng, isBranch);
  if (!i) {
    return false;
  }
  i->imm += rng.below(2) ? 1u : ~0u;
  return true;
}
bool loadRemoved(Image &image, Rng &rng) {
  Instruction *i = instruction(
      image, rng, [](const Instruction &c) { return c.op == Opcode::DsrLoad; });
  if (!i) {
    return false;
  }
  *i = Instruction();
  return true;
}
bool instructionRemoved(Image &image, Rng &rng) {
  Instruction *i = instruction(image, rng, [](const Instruction &c) {
    return c.op != Opcode::DsrLoad && c.op != Opcode::Nop;
  });
  if (!i) {
    return false;
  }
  *i = Instruction();
  return true;
}
bool loadFromElsewhere(Image &image, Rng &rng) {
  Instruction *i = instruction(image, rng, [](const Instruction &c) {
    return c.op == Opcode::DsrLoad && c.b == 0;
  });
  if (!i) {
    return false;
  }
  i->imm += (rng.below(2) ? 2u : 4u) * (rng.below(2) ? 1u : ~0u);
  return true;
}
bool operandChanged(Image &image, Rng &rng) {
  Instruction *i = instruction(image, rng, isVector);
  if (!i) {
    return false;
  }
  uint8_t *operands[] = {&i->a, &i->b, &i->c};
  uint8_t &operand = *operands[rng.below(3)];
  if (operand >= kNumDsrs) {
    return false;
  }
  uint8_t before = operand;
  operand = uint8_t((operand & ~7u) | rng.below(kDsrsPerFile));
  return operand != before;
}
bool loadedIntoAnother(Image &image, Rng &rng) {
  Instruction *i = instruction(
      image, rng, [](const Instruction &c) { return c.op == Opcode::DsrLoad; });
  if (!i) {
    return false;
  }
  uint8_t before = i->a;
  i->a = uint8_t((i->a & ~7u) | rng.below(kDsrsPerFile));
  return i->a != before;
}
bool asyncChanged(Image &image, Rng &rng) {
  Instruction *i = instruction(image, rng, [](const Instruction &c) {
    return isVector(c) && VectorFields::decode(c.imm).async;
  });
  if (!i) {
    return false;
  }
  VectorFields f = VectorFields::decode(i->imm);
  switch (rng.below(2)) {
  case 0:
    f.microthread = uint8_t((f.microthread + 1 + rng.below(7)) % 8);
    break;
  default:
    if (f.onComplete == OnComplete::None) {
      return false;
    }
    f.onComplete = OnComplete::None;
    f.task = 0;
  }
  i->imm = f.encode();
  return true;
}
bool addressMoved(Image &image, Rng &rng) {
  Instruction *i = instruction(image, rng, [](const Instruction &c) {
    return infoOf(c.op).form == Form::RdMem && c.b == 0;
  });
  if (!i) {
    return false;
  }
  i->imm += rng.below(2) ? 2u : ~1u;
  return true;
}

const char *const kComputes = "what code computes is not known without a run";

} // namespace

const std::vector<MutationKind> &wafer::test::codeMutations() {
  static const std::vector<MutationKind> kinds = {
      {"queue: another number", nullptr, queueRebound},
      {"queue: two exchanged", kComputes, queuesExchanged},
      {"queue: removed", nullptr, queueRemoved},
      {"queue: another color", nullptr, queueColor},
      {"queue: another color in a line", nullptr, queueColorOfLine},
      {"task: not active", nullptr, taskNotActive},
      {"task: blocked or not", nullptr, taskBlocked},
      {"task: active too early", kComputes, taskActive},
      {"task: another queue", nullptr, taskQueue},
      {"task: entry moved", kComputes, entryMoved},
      {"code: branch target moved", kComputes, branchMoved},
      {"code: descriptor load removed", kComputes, loadRemoved},
      {"code: instruction removed", kComputes, instructionRemoved},
      {"code: descriptor from elsewhere", kComputes, loadFromElsewhere},
      {"code: another operand", kComputes, operandChanged},
      {"code: loaded into another", kComputes, loadedIntoAnother},
      {"code: other microthread or end", nullptr, asyncChanged},
      {"code: address moved by 2", kComputes, addressMoved}};
  return kinds;
}
