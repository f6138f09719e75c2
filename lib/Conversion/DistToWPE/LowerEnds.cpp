// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LowerEnds.cpp - The loop, the embedding and the head ---------------===//
#include "CollectiveRemarks.h"
#include "Lowering.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

using wpe::Predicate;

// The host sends the number of prompt tokens and of steps, then the prompt.
// Each step sends one id to the embedding and waits for the id that the head
// found, which also goes to the host.
LogicalResult Lowering::lowerLoop() {
  Code code(loop.getLoc());
  auto role = wpe::RoleOp::create(builder, "loop_role");
  makeTask(role, code);
  declareQueue(role, "prompt_in", wpe::QueueDirection::Input, {"prompt_in"});
  declareQueue(role, "next_in", wpe::QueueDirection::Input, {"next_token"});
  declareQueue(role, "token_out", wpe::QueueDirection::Output, {"token"});
  declareQueue(role, "host_out", wpe::QueueDirection::Output, {"tokens_out"});
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&role.getBody().front());
    wpe::BufferOp::create(builder, "request", 2, code.i32(),
                          wpe::BufferKind::Scratch);
    wpe::BufferOp::create(builder, "id", 1, code.i32(),
                          wpe::BufferKind::Scratch);
  }
  Place request{"request", code.i32(), 0, {}}, id{"id", code.i32(), 0, {}};
  code.forever([&] {
    code.vec("mov32", code.mem(request, 2),
             code.fabricIn("prompt_in", 2, code.i32()));
    mlir::Value promptTokens = code.load(request);
    code.loop(code.load(request.at(4)), [&](mlir::Value step) {
      code.when(Predicate::Lt, step, promptTokens, [&] {
        code.vec("mov32", code.mem(id, 1),
                 code.fabricIn("prompt_in", 1, code.i32()));
      });
      code.vec("mov32", code.fabricOut("token_out", 1, code.i32()),
               code.mem(id, 1));
      code.vec("mov32", code.mem(id, 1),
               code.fabricIn("next_in", 1, code.i32()));
      code.vec("mov32", code.fabricOut("host_out", 1, code.i32()),
               code.mem(id, 1));
    });
  });
  makeRegion("loop", "loop_role", rectOf(loop), {}, {}, {});
  return success();
}

// Every column holds the rows of some tokens. The owner of the token puts its
// row into a chain of sums that runs east; all others add zeros.
LogicalResult Lowering::lowerEmbed() {
  auto lookup = *embed.getBody().getOps<EmbedLookupOp>().begin();
  Rect rect = rectOf(embed);
  Code code(embed.getLoc());
  auto role = wpe::RoleOp::create(builder, "embed_role");
  makeTask(role, code);
  StageLowering lowering(code, role, symbols, embed, 1, machine, *parameters,
                         halfSums);
  declareQueue(role, "token_in", wpe::QueueDirection::Input, {"token"});
  declareQueue(role, "chain_in", wpe::QueueDirection::Input, embedChain);
  std::vector<std::string> outs = embedChain;
  llvm::append_range(outs, handOverFrom[embed.getSymNameAttr()].families);
  declareQueue(role, "hidden_out", wpe::QueueDirection::Output, outs);
  declareParams(role, {"token_low", "token_high", "token_count", "has_west"},
                wpe::ParamKind::Column);

  auto table = symbols.lookup<TensorOp>(lookup.getTable());
  auto type = cast<RankedTensorType>(table.getType());
  Type element = type.getElementType();
  unsigned size = wpe::elementBytes(element);
  auto tokens =
      symbols.lookup<SlicingOp>(getSlicing(getLayout(type), 0).getAttr());
  int64_t width =
      symbols.lookup<SlicingOp>(getSlicing(getLayout(type), 1).getAttr())
          .getMaxWidth();
  int64_t most = tokens.getMaxWidth();
  View rows = lowering.makeBuffer("table", element, most * width,
                                  wpe::BufferKind::Weights);
  View x = lowering.makeBuffer("x", code.f32(), width);
  View id = lowering.makeBuffer("id", code.i32(), 1);
  LocalTensor local;
  local.tensor = lookup.getTable().str();
  local.buffer = "table";
  local.strides = {width * size, size};

  code.forever([&] {
    code.vec("mov32", code.mem(id.place, 1),
             code.fabricIn("token_in", 1, code.i32()));
    mlir::Value first = code.add(code.shl(code.param("token_high"), 16),
                                 code.param("token_low"));
    mlir::Value index = code.sub(code.load(id.place), first);
    code.clear(x.place, width);
    code.when(Predicate::Ge, index, code.constant(0), [&] {
      code.when(Predicate::Lt, index, code.param("token_count"), [&] {
        Place row = rows.place.plus(code.mul(index, int32_t(width * size)));
        code.vec(element.isF16() ? "fh2s" : "mov32", code.mem(x.place, width),
                 code.mem(row, width));
      });
    });
    auto send = [&](bool add) {
      mlir::Value out = code.fabricOut("hidden_out", width, code.f32());
      if (add) {
        code.vec("fadds", out, code.mem(x.place, width),
                 code.fabricIn("chain_in", width, code.f32()));
      } else {
        code.vec("mov32", out, code.mem(x.place, width));
      }
    };
    if (rect.w > 1) {
      code.whenSet("has_west", [&] { send(true); }, [&] { send(false); });
    } else {
      send(false);
    }
  });

  Table low, high, count, west;
  for (int32_t i = 0; i < rect.w; ++i) {
    auto [begin, end] = tokens.getRange(i);
    low.push_back(uint16_t(begin & 0xffff));
    high.push_back(uint16_t(begin >> 16));
    count.push_back(uint16_t(end - begin));
    west.push_back(i > 0);
  }
  makeRegion("embed", "embed_role", rect, {},
             {{"token_low", low},
              {"token_high", high},
              {"token_count", count},
              {"has_west", west}},
             {});
  makePlacements("embed", {local}, embed);
  return success();
}

LogicalResult Lowering::lowerHead() {
  Rect rect = rectOf(head);
  Code code(head.getLoc());
  auto role = wpe::RoleOp::create(builder, "head_role");
  makeTask(role, code);
  StageLowering lowering(code, role, symbols, head, 1, machine, *parameters,
                         halfSums);
  declareCollectives(role, lowering, headStreams, rect.h, rect.w, {});
  declareQueue(role, "hidden_in", wpe::QueueDirection::Input,
               handOverInto[head.getSymNameAttr()].families);
  declareQueue(role, "token_out", wpe::QueueDirection::Output, {headToken});
  declareParams(role,
                {"row", "row_root", "row_first", "row_second", "row_third",
                 "token_row", "logit_slice"},
                wpe::ParamKind::Row);
  declareParams(role,
                {"column_root", "column_first", "column_second", "column_third",
                 "logit_low", "logit_high", "logit_count"},
                wpe::ParamKind::Column);
  auto argmax = *head.getBody().getOps<ArgMaxOp>().begin();
  Type logits = argmax.getLogits().getType();
  Type argument = head.getBody().getArgument(0).getType();
  int64_t width = lowering.localCount(argument);
  View x = lowering.makeBuffer("x", code.f32(), width);
  lowering.bindArgument(x);
  LogicalResult result = success();
  code.forever([&] {
    code.vec("mov32", code.mem(x.place, width),
             code.fabricIn("hidden_in", width, code.f32()));
    result = lowering.lowerBody({});
    if (failed(result)) {
      return;
    }
    code.whenSet("token_row", [&] {
      code.whenSet("column_root", [&] {
        code.vec("mov32", code.fabricOut("token_out", 1, code.f32()),
                 code.mem(lowering.bestPlace().at(4), 1));
      });
    });
  });
  if (failed(result)) {
    return failure();
  }
  Tables rows = rowTables(headStreams, rect.h),
         columns = columnTables(headStreams, /*group=*/false);
  Table tokenRows(rect.h, 0);
  tokenRows[tokenRow - rect.y] = 1;
  rows.push_back({"token_row", tokenRows});
  // The logits of a column that its row i looks at.
  Table slices;
  int64_t most = lowering.viewOf(argmax.getLogits()).count;
  for (int64_t i = 0; i < rect.h; ++i) {
    slices.push_back(
        uint16_t(std::min(most, i * int64_t(llvm::divideCeil(most, rect.h)))));
  }
  rows.push_back({"logit_slice", slices});
  auto cut =
      symbols.lookup<SlicingOp>(getSlicing(getLayout(logits), 0).getAttr());
  Table low, high, count;
  for (int32_t i = 0; i < rect.w; ++i) {
    auto [begin, end] = cut.getRange(i);
    low.push_back(uint16_t(begin & 0xffff));
    high.push_back(uint16_t(begin >> 16));
    count.push_back(uint16_t(end - begin));
  }
  columns.push_back({"logit_low", low});
  columns.push_back({"logit_high", high});
  columns.push_back({"logit_count", count});
  makeRegion("head", "head_role", rect, rows, columns, {});
  View logitView = lowering.viewOf(argmax.getLogits());
  TensorOp::create(builder, StringRef("logits_out"), dist::TensorKind::Output,
                   cast<RankedTensorType>(logits), SymbolRefAttr(),
                   ArrayRef<int64_t>(), int64_t(0), DenseF64ArrayAttr());
  LocalTensor output;
  output.tensor = "logits_out";
  output.buffer = logitView.place.buffer;
  output.offset = logitView.place.offset;
  output.strides = {4};
  lowering.tensors.push_back(output);
  makePlacements("head", lowering.tensors, head);
  remarkCollectives(head, lowering, headStreams.groupWidth, machine,
                    *parameters);
  return success();
}
