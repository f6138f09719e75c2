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
    return skipLoop(state, at) ? Joined::Yes : Joined::Apart;
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

/// A loop whose number of rounds is not known: forgets what it writes. False
/// if it may use the fabric.
bool Walker::skipLoop(CoreState &state, uint32_t at) {
  std::vector<uint32_t> body = shape.between(at);
  std::set<unsigned> written, loaded;
  for (uint32_t i : body) {
    const Instruction &in = role.code[i];
    Form form = infoOf(in.op).form;
    if (infoOf(in.op).isVector || form == Form::TaskId ||
        in.op == Opcode::End || in.op == Opcode::Return ||
        in.op == Opcode::Call) {
      return false;
    }
    if (form == Form::DsrMem || form == Form::DsrRa) {
      loaded.insert(in.a);
    } else if (form != Form::None && form != Form::Target &&
               form != Form::RaRbTarget && in.op != Opcode::StoreWord &&
               in.op != Opcode::StoreHalf) {
      written.insert(in.a);
    }
  }
  for (unsigned r : written) {
    state.setReg(r, data());
  }
  for (unsigned d : loaded) {
    state.dsrs[d] = Register();
  }
  for (uint32_t i : body) {
    const Instruction &in = role.code[i];
    if (in.op == Opcode::StoreWord || in.op == Opcode::StoreHalf) {
      Value base = state.reg(in.b);
      forgetAt(state, {base.symbol, base.add + in.imm}, 4);
    }
  }
  return true;
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
