// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CodeShape.h"

#include <algorithm>

using namespace wafer;
using namespace wafer::certifier;

CodeShape::CodeShape(const Role &role)
    : count(uint32_t(role.code.size())), next(count), forever(count, false),
      begins(count + 1, false), heads(count + 1, false) {
  for (uint32_t i = 0; i < count; ++i) {
    const Instruction &in = role.code[i];
    Form form = infoOf(in.op).form;
    bool branches = form == Form::Target || form == Form::RdTarget ||
                    form == Form::RaRbTarget;
    if (branches) {
      next[i].push_back(std::min(in.imm, count));
    }
    if (in.op != Opcode::Jump && in.op != Opcode::End &&
        in.op != Opcode::Return && in.op != Opcode::Call) {
      next[i].push_back(i + 1);
    }
    if (in.op == Opcode::End || in.op == Opcode::Return) {
      next[i].push_back(count);
    }
  }
  findForever();
  for (uint32_t i = 0; i < count; ++i) {
    for (uint32_t n : next[i]) {
      heads[n] = heads[n] || n <= i;
    }
  }
  findMeets();
}

void CodeShape::findForever() {
  // A loop has no way out if everything that its head reaches comes back.
  auto reach = [&](uint32_t from) {
    std::vector<bool> seen(count + 1, false);
    std::vector<uint32_t> work = {from};
    seen[from] = true;
    while (!work.empty()) {
      uint32_t at = work.back();
      work.pop_back();
      for (uint32_t n : at < count ? next[at] : std::vector<uint32_t>{}) {
        if (!seen[n]) {
          seen[n] = true;
          work.push_back(n);
        }
      }
    }
    return seen;
  };
  for (uint32_t i = 0; i < count; ++i) {
    bool jumpsBack = next[i].size() == 1 && next[i][0] <= i;
    forever[i] = jumpsBack && !reach(next[i][0])[count];
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (forever[i]) {
      begins[next[i][0]] = true;
      next[i] = {count};
    }
  }
}

/// Immediate postdominators by iteration, in the order of code from the back.
void CodeShape::findMeets() {
  constexpr uint32_t kNone = ~0u;
  std::vector<uint32_t> depth(count + 1, kNone);
  meets.assign(count + 1, kNone);
  // Numbers in postorder of the reverse graph from the exit.
  std::vector<std::vector<uint32_t>> before(count + 1);
  for (uint32_t i = 0; i < count; ++i) {
    for (uint32_t n : next[i]) {
      before[n].push_back(i);
    }
  }
  std::vector<uint32_t> order;
  std::vector<std::pair<uint32_t, size_t>> stack = {{count, 0}};
  std::vector<bool> seen(count + 1, false);
  seen[count] = true;
  while (!stack.empty()) {
    auto &[at, child] = stack.back();
    if (child < before[at].size()) {
      uint32_t p = before[at][child++];
      if (!seen[p]) {
        seen[p] = true;
        stack.push_back({p, 0});
      }
      continue;
    }
    depth[at] = uint32_t(order.size());
    order.push_back(at);
    stack.pop_back();
  }
  meets[count] = count;
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t k = order.size() - 1; k-- > 0;) {
      uint32_t at = order[k];
      uint32_t meet = kNone;
      for (uint32_t n : next[at]) {
        if (meets[n] == kNone) {
          continue;
        }
        uint32_t a = n, b = meet == kNone ? n : meet;
        while (a != b) {
          while (depth[a] < depth[b]) {
            a = meets[a];
          }
          while (depth[b] < depth[a]) {
            b = meets[b];
          }
        }
        meet = a;
      }
      if (meet != meets[at]) {
        meets[at] = meet;
        changed = true;
      }
    }
  }
  for (uint32_t &m : meets) {
    m = m == kNone ? count : m;
  }
}

std::vector<uint32_t> CodeShape::between(uint32_t branch) const {
  std::vector<bool> seen(count + 1, false);
  std::vector<uint32_t> work = {branch}, result;
  uint32_t stop = meets[branch];
  while (!work.empty()) {
    uint32_t at = work.back();
    work.pop_back();
    for (uint32_t n : next[at]) {
      if (n != stop && n < count && !seen[n]) {
        seen[n] = true;
        result.push_back(n);
        work.push_back(n);
      }
    }
  }
  return result;
}
