// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Walker.h"

#include <algorithm>
#include <fmt/format.h>

using namespace wafer;
using namespace wafer::certifier;

bool Walker::refuse(uint32_t at, const std::string &text) {
  if (refusal.empty()) {
    refusal = fmt::format("role '{}': instruction {} ({}): {}", role.name, at,
                          infoOf(role.code[at].op).mnemonic, text);
  }
  return false;
}

bool Walker::settle(Value value) {
  if (value.isKnown() || !symbols.isOfParams(value)) {
    return true;
  }
  for (uint32_t leaf : symbols.leavesOf(value)) {
    demanded.insert(symbols[leaf].args[1].add);
  }
  return false;
}

bool Walker::settleGuards(const std::vector<Step> &moves) {
  bool settled = true;
  for (const Step &move : moves) {
    for (auto &[condition, taken] : vocabulary.shapes[move.shape].guards) {
      settled &= settle(condition);
    }
  }
  return settled;
}

Walker::Way Walker::walk(CoreState &state, uint32_t pc, uint32_t stop,
                         std::vector<Step> &steps) {
  auto mark = [&](Step::Kind kind, uint32_t head) {
    Step s;
    s.kind = kind;
    s.at = head;
    steps.push_back(s);
  };
  bool back = false;
  const uint32_t start = pc;
  while (pc != stop) {
    if (shape.isPeriodBegin(pc) && pc != start) {
      return {Ending::Forever, pc};
    }
    if (pc >= shape.size()) {
      refusal = "the code runs past its end";
      return {Ending::Failed, 0};
    }
    if (budget-- == 0) {
      refuse(pc, "too many instructions before a decision");
      return {Ending::Failed, 0};
    }
    if (shape.isLoopHead(pc) && !back) {
      mark(Step::Kind::Enter, pc);
      entries[pc].assign(state.places.begin(),
                         state.places.begin() + kNumRegisters);
    }
    back = false;
    const Instruction &in = role.code[pc];
    const OpcodeInfo &info = infoOf(in.op);
    if (in.op == Opcode::End) {
      return {Ending::Ended, 0};
    }
    if (info.isVector) {
      if (!vector(state, pc, steps)) {
        return {Ending::Failed, 0};
      }
      ++pc;
      continue;
    }
    bool branches = info.form == Form::Target || info.form == Form::RdTarget ||
                    info.form == Form::RaRbTarget;
    if (!branches) {
      if (!scalar(state, pc)) {
        return {Ending::Failed, 0};
      }
      ++pc;
      continue;
    }
    if (in.op == Opcode::Call) {
      refuse(pc, "calls are not followed");
      return {Ending::Failed, 0};
    }
    if (in.op == Opcode::Jump && shape.isForever(pc)) {
      return {Ending::Forever, in.imm};
    }
    if (in.op == Opcode::LoopDec) {
      Value v = state.reg(in.a);
      state.setReg(in.a, {v.symbol, v.isData() ? 0 : v.add - 1});
    }
    Value condition = decide(state, in);
    if (!condition.isKnown()) {
      Joined joined = branchBoth(state, pc, condition, steps);
      if (joined == Joined::Failed) {
        return {Ending::Failed, 0};
      }
      if (joined == Joined::Apart) {
        return {Ending::Fork, pc};
      }
      pc = shape.meet(pc);
      continue;
    }
    bool taken = condition.add != 0;
    if (in.imm <= pc) {
      mark(taken ? Step::Kind::Back : Step::Kind::Exit, in.imm);
      back = taken;
    }
    pc = taken ? in.imm : pc + 1;
  }
  return {Ending::Met, pc};
}

/// 1 if a branch is taken, 0 if not; a symbol if that is not known.
Value Walker::decide(CoreState &state, const Instruction &in) {
  if (in.op == Opcode::Jump) {
    return known(1);
  }
  bool counts = in.op == Opcode::LoopDec;
  return symbols.make(
      SymbolKind::Condition, uint32_t(in.op),
      {state.reg(counts ? in.a : in.b), counts ? known(0) : state.reg(in.c)});
}

/// Executes both paths of a branch to where they meet.
Walker::Joined Walker::branchBoth(CoreState &state, uint32_t at,
                                  Value condition, std::vector<Step> &steps) {
  uint32_t stop = shape.meet(at);
  if (stop >= shape.size()) {
    return apart(condition);
  }
  std::vector<uint32_t> body = shape.between(at);
  if (std::find(body.begin(), body.end(), at) != body.end()) {
    if (!settle(condition)) {
      return Joined::Failed;
    }
    return skipLoop(state, at);
  }
  CoreState sides[2] = {state, state};
  std::vector<Step> moves[2];
  for (bool taken : {false, true}) {
    uint32_t from = taken ? role.code[at].imm : at + 1;
    guards.push_back({condition, taken});
    Way way = walk(sides[taken], from, stop, moves[taken]);
    guards.pop_back();
    if (way.ending == Ending::Failed) {
      return Joined::Failed;
    }
    if (way.ending != Ending::Met) {
      return apart(condition);
    }
    moves[taken] = movesOf(moves[taken]);
    if (condition.isData() && !moves[taken].empty()) {
      // Which of them there are at all may depend on parameters.
      return settleGuards(moves[taken]) ? Joined::Apart : Joined::Failed;
    }
  }
  for (bool taken : {false, true}) {
    steps.insert(steps.end(), moves[taken].begin(), moves[taken].end());
  }
  join(state, sides, condition);
  return Joined::Yes;
}

void Walker::join(CoreState &state, const CoreState (&sides)[2],
                  Value condition) {
  for (size_t i = 0; i < state.places.size(); ++i) {
    Value a = sides[0].places[i], b = sides[1].places[i];
    state.places[i] =
        a == b ? a : symbols.make(SymbolKind::Select, 0, {condition, a, b});
  }
  for (unsigned d = 0; d < kNumDsrs; ++d) {
    if (sides[0].dsrs[d] == sides[1].dsrs[d]) {
      state.dsrs[d] = sides[0].dsrs[d];
    } else {
      state.dsrs[d] = Register();
      state.dsrs[d].lostAt = condition;
    }
  }
}

void Walker::forget(CoreState &state, uint32_t begin, uint32_t end) {
  if (written) {
    written->insert({begin, end});
  }
  state.forget(begin, end);
}

/// A loop whose number of rounds is not known: forgets what it writes. Apart
/// if it may use the fabric.
///
/// Its first round is behind us. Any later one begins with registers and memory
/// in which nothing is known of what a round changes, but for the buffer that
/// an address is in: that is told by its constant part, which a register that
/// is stepped has from before the loop. What such a round writes is forgotten
/// too, until there is nothing new. A register that the first round and any
/// other leave with one value has that behind the loop.
Walker::Joined Walker::skipLoop(CoreState &state, uint32_t at) {
  std::set<unsigned> registers, loaded;
  for (uint32_t i : shape.between(at)) {
    const Instruction &in = role.code[i];
    Form form = infoOf(in.op).form;
    if (form == Form::TaskId || in.op == Opcode::End ||
        in.op == Opcode::Return || in.op == Opcode::Call) {
      return Joined::Apart;
    }
    if (form == Form::DsrMem || form == Form::DsrRa) {
      loaded.insert(in.a);
    } else if (!infoOf(in.op).isVector && form != Form::None &&
               form != Form::Target && form != Form::RaRbTarget &&
               in.op != Opcode::StoreWord && in.op != Opcode::StoreHalf) {
      registers.insert(in.a);
    }
  }
  uint32_t head = role.code[at].imm;
  auto entry = entries.find(head);
  if (entry == entries.end()) {
    return Joined::Apart;
  }
  const std::vector<Value> before = entry->second;
  CoreState later = state;
  for (unsigned r : registers) {
    Value unknown = symbols.make(SymbolKind::Head, 0,
                                 {known(roleIndex), known(at), known(r)});
    unknown.add = before[r].add;
    later.setReg(r, before[r].isData() ? data() : unknown);
  }
  for (unsigned d : loaded) {
    later.dsrs[d] = Register();
  }
  auto *outer = written;
  std::set<std::pair<uint32_t, uint32_t>> bytes;
  Joined result = Joined::Yes;
  std::set<unsigned> changed = registers;
  for (size_t known = ~size_t(0); known != bytes.size();) {
    known = bytes.size();
    CoreState round = later;
    for (auto [begin, end] : bytes) {
      round.forget(begin, end);
    }
    written = &bytes;
    std::vector<Step> steps;
    Way way = walk(round, head, at, steps);
    written = outer;
    if (way.ending != Ending::Met || !movesOf(steps).empty()) {
      result = way.ending == Ending::Failed ? Joined::Failed : Joined::Apart;
      break;
    }
    changed.clear();
    for (unsigned r : registers) {
      if (round.reg(r) != state.reg(r)) {
        changed.insert(r);
      }
    }
  }
  if (result != Joined::Yes) {
    return result;
  }
  for (auto [begin, end] : bytes) {
    forget(state, begin, end);
  }
  for (unsigned r : changed) {
    state.setReg(r, data());
  }
  for (unsigned d : loaded) {
    state.dsrs[d] = Register();
  }
  return Joined::Yes;
}

Value Walker::paramAt(uint32_t index) {
  const ParamSource &source = role.params[index];
  if (source.kind == ParamSource::Kind::Constant) {
    return known(source.value);
  }
  auto at = kind.params.find(index);
  if (at != kind.params.end()) {
    return known(at->second);
  }
  return symbols.make(SymbolKind::Param, 0, {known(roleIndex), known(index)});
}
