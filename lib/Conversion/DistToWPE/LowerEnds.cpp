// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- LowerEnds.cpp - The loop, the embedding and the head ---------------===//
#include "CollectiveRemarks.h"
#include "Lowering.h"

#include "wafer/Image/TokenCommand.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

using wpe::Predicate;

// Commands of the host, one after the other (wafer/Image/TokenCommand.h). The
// next pass leaves before the host hears of the id, which nobody waits for.
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
    wpe::BufferOp::create(builder, "command", commandWords(int(tokens)),
                          code.i32(), wpe::BufferKind::Scratch);
    wpe::BufferOp::create(builder, "awaited", 1, code.i32(),
                          wpe::BufferKind::Scratch);
  }
  Place command{"command", code.i32(), 0, {}},
      awaited{"awaited", code.i32(), 0, {}};
  auto word = [&](CommandWord index) { return command.at(index * 4); };
  auto send = [&](const Place &words, int64_t count) {
    code.vec("mov32", code.fabricOut("token_out", count, code.i32()),
             code.mem(words, count));
  };
  code.forever([&] {
    int64_t words = commandWords(int(tokens));
    code.vec("mov32", code.mem(command, words),
             code.fabricIn("prompt_in", words, code.i32()));
    mlir::Value await = code.load(word(kCommandAwait));
    mlir::Value feed = code.load(word(kCommandFeed));
    code.when(Predicate::Ne, await, code.constant(0), [&] {
      code.vec("mov32", code.mem(awaited, 1),
               code.fabricIn("next_in", 1, code.i32()));
    });
    code.when(Predicate::Eq, feed, code.constant(kFeedAwaited),
              [&] { code.store(code.load(awaited), word(kCommandId)); });
    code.when(Predicate::Ne, feed, code.constant(kFeedNothing), [&] {
      if (tokens == 1) {
        send(word(kCommandId), kMessageWords);
        return;
      }
      send(command.at(commandHeader(int(tokens)) * 4),
           headerWords(int(tokens)));
      send(word(kCommandId), tokens);
    });
    code.when(Predicate::Ne, await, code.constant(0), [&] {
      code.vec("mov32", code.fabricOut("host_out", 1, code.i32()),
               code.mem(awaited, 1));
    });
  });
  makeRegion("loop", "loop_role", rectOf(loop), {}, {}, {});
  return success();
}

// Every column holds the rows of some tokens. The owner of the token puts its
// row into a chain of sums that runs east; all others add zeros. All know the
// header, so the last one sends it behind the sums.
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
  declareParams(
      role, {"token_low", "token_high", "token_count", "has_west", "is_last"},
      wpe::ParamKind::Column);

  auto table = symbols.lookup<TensorOp>(lookup.getTable());
  auto type = cast<RankedTensorType>(table.getType());
  Type element = type.getElementType();
  unsigned size = wpe::elementBytes(element);
  auto vocabulary =
      symbols.lookup<SlicingOp>(getSlicing(getLayout(type), 0).getAttr());
  int64_t width =
      symbols.lookup<SlicingOp>(getSlicing(getLayout(type), 1).getAttr())
          .getMaxWidth();
  int64_t most = vocabulary.getMaxWidth();
  View rows = lowering.makeBuffer("table", element, most * width,
                                  wpe::BufferKind::Weights);
  View x = lowering.makeBuffer("x", code.f32(), tokens * width);
  // [id, header]; of several tokens the header and the ids come apart.
  bool isOne = tokens == 1;
  int64_t headerSize = headerWords(int(tokens));
  View message = lowering.makeBuffer("message", code.i32(),
                                     isOne ? int64_t(kMessageWords) : tokens);
  Place header =
      isOne ? message.place.at(4)
            : lowering.makeBuffer("header", code.i32(), headerSize).place;
  LocalTensor local;
  local.tensor = lookup.getTable().str();
  local.buffer = "table";
  local.strides = {width * size, size};

  auto receive = [&](const Place &place, int64_t words) {
    code.vec("mov32", code.mem(place, words),
             code.fabricIn("token_in", words, code.i32()));
  };
  // The row of the id at `from`, or zeros, to `to`.
  auto look = [&](const Place &from, const Place &to) {
    mlir::Value first = code.add(code.shl(code.param("token_high"), 16),
                                 code.param("token_low"));
    mlir::Value index = code.sub(code.load(from), first);
    code.clear(to, width);
    code.when(Predicate::Ge, index, code.constant(0), [&] {
      code.when(Predicate::Lt, index, code.param("token_count"), [&] {
        Place row = rows.place.plus(code.mul(index, int32_t(width * size)));
        code.vec(element.isF16() ? "fh2s" : "mov32", code.mem(to, width),
                 code.mem(row, width));
      });
    });
  };
  auto sendHeader = [&] {
    code.whenSet("is_last", [&] {
      code.vec("mov32", code.fabricOut("hidden_out", headerSize, code.i32()),
               code.mem(header, headerSize));
    });
  };
  code.forever([&] {
    Count words = width;
    if (isOne) {
      receive(message.place, kMessageWords);
      look(message.place, x.place);
    } else {
      receive(header, headerSize);
      receive(message.place, tokens);
      mlir::Value count = code.load(header.at(kHeaderCount * 4));
      code.loop(
          count,
          [&](mlir::Value token) {
            look(message.place.plus(code.shl(token, 2)),
                 x.place.plus(code.mul(token, int32_t(width * 4))));
          },
          /*nonzero=*/true);
      sendHeader();
      words = code.mul(count, int32_t(width));
    }
    auto send = [&](bool add) {
      mlir::Value out = code.fabricOut("hidden_out", words, code.f32());
      if (add) {
        code.vec("fadds", out, code.mem(x.place, words),
                 code.fabricIn("chain_in", words, code.f32()));
      } else {
        code.vec("mov32", out, code.mem(x.place, words));
      }
    };
    if (rect.w > 1) {
      code.whenSet("has_west", [&] { send(true); }, [&] { send(false); });
    } else {
      send(false);
    }
    if (isOne) {
      sendHeader();
    }
  });

  Table low, high, count, west, last;
  for (int32_t i = 0; i < rect.w; ++i) {
    auto [begin, end] = vocabulary.getRange(i);
    low.push_back(uint16_t(begin & 0xffff));
    high.push_back(uint16_t(begin >> 16));
    count.push_back(uint16_t(end - begin));
    west.push_back(i > 0);
    last.push_back(i + 1 == rect.w);
  }
  makeRegion("embed", "embed_role", rect, {},
             {{"token_low", low},
              {"token_high", high},
              {"token_count", count},
              {"has_west", west},
              {"is_last", last}},
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
  View x = lowering.makeHidden(width, tokens);
  LogicalResult result = success();
  code.forever([&] {
    lowering.receiveHidden("hidden_in");
    code.when(
        Predicate::Ne, lowering.headerWord(kHeaderSample), code.constant(0),
        [&] {
          if (tokens > 1) {
            // The slice of the last token, where the code has it.
            mlir::Value last = code.add(lowering.tokensOfHeader(), -1);
            Place place = x.place.plus(code.mul(last, int32_t(width * 4)));
            code.vec("mov32", code.mem(x.place, width), code.mem(place, width));
          }
          result = lowering.lowerBody({});
          code.whenSet("token_row", [&] {
            code.whenSet("column_root", [&] {
              code.vec("mov32", code.fabricOut("token_out", 1, code.f32()),
                       code.mem(lowering.bestPlace().at(4), 1));
            });
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
  remarkCollectives(head, lowering, headStreams.groupWidth,
                    chainGroupRows(machine, *parameters, rect.h),
                    headColumnGroups(machine, *parameters, rect.w), machine,
                    *parameters);
  return success();
}
