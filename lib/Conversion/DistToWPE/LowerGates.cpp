// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LowerGates.cpp - Columns at the borders of wafers ------------------===//
//
// The rows of a gate that share a channel are a chain to its core (or from it):
//
//   row 0 -> row 1 -> [row 2] <- row 3 <- row 4      [row 2] -> edge
//
// A core hands on its own slice first, then those of the rows behind it, so the
// words of a channel are: the slice of its core, those of the rows above from
// the nearest to the farthest, then those below. Both gates of a crossing have
// the same chains, so the words need no names. The header, which all rows have,
// crosses once a channel, before the slices, and goes first in each chain of
// the gate that spreads them.
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"

#include "wafer/WFabric/WFabric.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

/// Links of a column between neighbours, in two families by the parity of
/// their source, of which no two meet in a router. The link of a root to the
/// row below it is in `second`, as the root has it beside the one above.
void Lowering::makeGateChain(Gate &gate, bool inward) {
  Rect rect = rectOf(gate.stage);
  std::string name = gate.stage.getSymName().str();
  std::vector<SegmentPattern> above[2], below[2], second;
  auto link = [](int32_t from, int32_t to) {
    return SegmentPattern{from, to, to + 1, 0, 1};
  };
  for (const GateGroup &group : gate.groups) {
    for (int32_t row = group.begin; row < group.root; ++row) {
      int32_t from = inward ? row : row + 1, to = inward ? row + 1 : row;
      above[from % 2].push_back(link(from, to));
    }
    for (int32_t row = group.root + 1; row < group.end; ++row) {
      int32_t from = inward ? row : row - 1, to = inward ? row - 1 : row;
      bool atRoot = row == group.root + 1;
      (atRoot ? second : below[from % 2]).push_back(link(from, to));
    }
  }
  auto add = [&](const char *suffix, std::vector<SegmentPattern> patterns,
                 std::vector<std::string> &queue) {
    if (!patterns.empty()) {
      queue.push_back(
          plan.addColumns(name + suffix, rect, std::move(patterns)));
    }
  };
  add("_above0", above[0], gate.first);
  add("_above1", above[1], gate.first);
  add("_below0", below[0], gate.first);
  add("_below1", below[1], gate.first);
  add("_second", second, gate.second);
}

LogicalResult Lowering::makeCrossing(TransferOp transfer) {
  Gate out, in;
  out.stage = symbols.lookup<StageOp>(transfer.getSource());
  in.stage = symbols.lookup<StageOp>(transfer.getTarget());
  Rect from = rectOf(out.stage), to = rectOf(in.stage);
  Result<std::vector<GateGroup>> groups = shareChannels(machine, from, to);
  if (!groups) {
    return transfer.emitError() << groups.error().str();
  }
  out.groups = in.groups = *groups;
  makeGateChain(out, /*inward=*/true);
  makeGateChain(in, /*inward=*/false);
  GateEdge fromEdge = nearestEdge(machine, from),
           toEdge = nearestEdge(machine, to);
  for (const GateGroup &group : *groups) {
    std::string channel = std::to_string(out.ports.size());
    RoutedStream leaving, coming;
    leaving.name = (out.stage.getSymName() + "_channel" + channel).str();
    leaving.source = {from.x, from.y + group.root};
    leaving.toHost = HostEdge{fromEdge.west, group.rowOut, fromEdge.wafer};
    coming.name = (in.stage.getSymName() + "_channel" + channel).str();
    coming.fromHost = HostEdge{toEdge.west, group.rowIn, toEdge.wafer};
    coming.sinks = {{to.x, to.y + group.root, 1, 1}};
    out.ports.push_back(leaving.name);
    in.ports.push_back(coming.name);
    crossings.push_back(
        {("cross_" + transfer.getTarget() + "_" + channel).str(), leaving.name,
         coming.name});
    plan.streams.push_back(std::move(leaving));
    plan.streams.push_back(std::move(coming));
  }
  gatesOut.push_back(std::move(out));
  gatesIn.push_back(std::move(in));
  return success();
}

/// Words that a core passes on from the rows behind it: in the chain that it
/// belongs to, or the root in the one above and in the one below.
static std::pair<Table, Table> wordsBehind(const Lowering::Gate &gate,
                                           int64_t width) {
  std::pair<Table, Table> words;
  for (const GateGroup &group : gate.groups) {
    for (int32_t row = group.begin; row < group.end; ++row) {
      int32_t first =
          row <= group.root ? row - group.begin : group.end - 1 - row;
      int32_t second = row == group.root ? group.end - 1 - row : 0;
      words.first.push_back(uint16_t(first * width));
      words.second.push_back(uint16_t(second * width));
    }
  }
  return words;
}

LogicalResult Lowering::lowerGates(ArrayRef<Gate> gates, bool inward) {
  if (gates.empty()) {
    return success();
  }
  StageOp model = gates.front().stage;
  Code code(model.getLoc());
  StringRef name = inward ? "gate_out_role" : "gate_in_role";
  auto role = wpe::RoleOp::create(builder, name);
  makeTask(role, code);
  StageLowering lowering(code, role, symbols, model, 1, machine, *parameters,
                         halfSums);
  std::vector<std::string> first, second, ports, handOvers;
  for (const Gate &gate : gates) {
    llvm::append_range(first, gate.first);
    llvm::append_range(second, gate.second);
    llvm::append_range(ports, gate.ports);
    StageOp stage = gate.stage;
    auto symbol = stage.getSymNameAttr();
    llvm::append_range(handOvers,
                       (inward ? handOverInto : handOverFrom)[symbol].families);
  }
  using wpe::QueueDirection;
  if (inward) {
    std::vector<std::string> outs = ports;
    llvm::append_range(outs, first);
    llvm::append_range(outs, second);
    declareQueue(role, "hidden_in", QueueDirection::Input, handOvers);
    declareQueue(role, "first_in", QueueDirection::Input, first);
    declareQueue(role, "second_in", QueueDirection::Input, second);
    declareQueue(role, "out", QueueDirection::Output, outs);
  } else {
    std::vector<std::string> ins = ports;
    llvm::append_range(ins, first);
    llvm::append_range(ins, second);
    declareQueue(role, "in", QueueDirection::Input, ins);
    declareQueue(role, "first_out", QueueDirection::Output, first);
    declareQueue(role, "second_out", QueueDirection::Output, second);
    declareQueue(role, "hidden_out", QueueDirection::Output, handOvers);
  }
  int64_t width = lowering.localCount(model.getBody().getArgument(0).getType());
  View x = lowering.makeHidden(width, tokens);
  Place header = lowering.headerPlace();
  int64_t headerSize = headerWords(int(tokens));
  auto move = [&](mlir::Value to, mlir::Value from) {
    code.vec("mov32", to, from);
  };
  auto sendHeader = [&](StringRef queue) {
    move(code.fabricOut(queue, headerSize, code.f32()),
         code.mem(header, headerSize));
  };
  auto pass = [&](StringRef param, StringRef to, StringRef from) {
    declareParams(role, {param}, wpe::ParamKind::Row);
    code.whenSet(param, [&] {
      if (!inward) {
        sendHeader(to);
      }
      mlir::Value behind = code.param(param);
      auto passOn = [&](Count words) {
        move(code.fabricOut(to, words, code.f32()),
             code.fabricIn(from, words, code.f32()));
      };
      if (tokens == 1) {
        passOn(behind);
        return;
      }
      // Row by row, as they are sent: how many words that are comes with the
      // header.
      code.loop(
          behind, [&](mlir::Value) { passOn(lowering.hiddenWords()); },
          /*nonzero=*/true);
    });
  };
  auto gather = [&] {
    lowering.receiveHidden("hidden_in");
    code.whenSet("is_root", [&] { sendHeader("out"); });
    Count words = lowering.hiddenWords();
    move(code.fabricOut("out", words, code.f32()), code.mem(x.place, words));
    if (!first.empty()) {
      pass("first_words", "out", "first_in");
    }
    if (!second.empty()) {
      pass("second_words", "out", "second_in");
    }
  };
  auto spread = [&] {
    move(code.mem(header, headerSize),
         code.fabricIn("in", headerSize, code.f32()));
    Count words = lowering.hiddenWords();
    move(code.mem(x.place, words), code.fabricIn("in", words, code.f32()));
    if (!first.empty()) {
      pass("first_words", "first_out", "in");
    }
    if (!second.empty()) {
      pass("second_words", "second_out", "in");
    }
    lowering.sendHidden("hidden_out");
  };
  if (inward) {
    declareParams(role, {"is_root"}, wpe::ParamKind::Row);
  }
  code.forever([&] { inward ? gather() : spread(); });
  for (const Gate &gate : gates) {
    // Of several tokens the parameters are rows.
    auto [firstWords, secondWords] = wordsBehind(gate, tokens == 1 ? width : 1);
    Tables rows;
    if (inward) {
      Table roots(size_t(gate.groups.back().end), 0);
      for (const GateGroup &group : gate.groups) {
        roots[size_t(group.root)] = 1;
      }
      rows.push_back({"is_root", roots});
    }
    if (!first.empty()) {
      rows.push_back({"first_words", firstWords});
    }
    if (!second.empty()) {
      rows.push_back({"second_words", secondWords});
    }
    StageOp stage = gate.stage;
    makeRegion(stage.getSymName(), name, rectOf(stage), rows, {}, {});
  }
  return success();
}
