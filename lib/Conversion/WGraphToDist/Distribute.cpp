// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Distribute.cpp - Rewrite a model as stages -------------------------===//
//
// Phases:
//   1. slicings: one symbol for each dimension that is cut
//   2. the loop and embed stages
//   3. the layer body, once a stage, by walking the block's operations in order
//   4. the head stage, then the transfers
//
// Values of the model map to distributed values. Two kinds of operation are not
// rewritten where they stand: a norm in front of a linear (its statistics ride
// in the linear's reduction) and a norm over the elements of a head (its factor
// is applied to the scores); both are kept in a table until their user comes.
//
// Invariant after each operation: a distributed value is not partial, is cut
// over rows if it is a hidden state and over columns if it is anything inside a
// block.
//
//===----------------------------------------------------------------------===//
#include "Distributor.h"

using namespace mlir;
using namespace wafer;
using namespace wafer::dist;

//===----------------------------------------------------------------------===//
// Types and symbols
//===----------------------------------------------------------------------===//

LayoutAttr Distributor::layout(ArrayRef<StringRef> dims, Partial partial,
                               StringRef group) {
  SmallVector<Attribute> attributes;
  for (StringRef dim : dims) {
    if (dim == "*") {
      attributes.push_back(builder.getUnitAttr());
    } else {
      attributes.push_back(FlatSymbolRefAttr::get(builder.getContext(), dim));
    }
  }
  FlatSymbolRefAttr symbol;
  if (!group.empty()) {
    symbol = FlatSymbolRefAttr::get(builder.getContext(), group);
  }
  return LayoutAttr::get(builder.getContext(), attributes, partial, symbol);
}

RankedTensorType Distributor::type(ArrayRef<int64_t> shape, Type element,
                                   ArrayRef<StringRef> dims, Partial partial,
                                   StringRef group) {
  return RankedTensorType::get(shape, element, layout(dims, partial, group));
}

void Distributor::makeSlicing(StringRef name, LineAxis axis,
                              const Slicing &slicing) {
  SmallVector<int64_t> runs;
  for (const SliceRun &run : slicing.runs) {
    runs.append({run.count, run.begin, run.end, run.step});
  }
  SlicingOp::create(builder, name, axis, slicing.size, slicing.lines(), runs,
                    /*cyclic=*/false);
}

void Distributor::makeSlicings() {
  int64_t width = plan.chosen.width, height = plan.chosen.height;
  HeadSlicing heads = sliceHeads(problem.kvHeads, problem.headDim / 2, width);
  makeSlicing("d", LineAxis::Rows, sliceEvenly(problem.dim, height));
  makeSlicing("kv", LineAxis::Columns, heads.heads);
  makeSlicing("pairs", LineAxis::Columns, heads.pairs);
  makeSlicing("f", LineAxis::Columns, sliceEvenly(problem.ffn, width));
  makeSlicing("vocab_in", LineAxis::Columns,
              sliceEvenly(problem.vocab, plan.embed.rect.w));
  makeSlicing("vocab_out", LineAxis::Columns,
              sliceEvenly(problem.vocab, plan.head.rect.w));
  SlicingOp::create(builder, "positions", LineAxis::Rows, problem.context,
                    height, ArrayRef<int64_t>(), /*cyclic=*/true);
}

FlatSymbolRefAttr Distributor::makeTensor(dist::TensorKind kind, StringRef name,
                                          RankedTensorType tensorType,
                                          StringRef source,
                                          ArrayRef<int64_t> strides) {
  if (made.insert(name).second) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfter(model);
    auto symbol = SymbolRefAttr::get(
        builder.getContext(), model.getSymName(),
        {FlatSymbolRefAttr::get(builder.getContext(), source)});
    TensorOp::create(builder, name, kind, tensorType, symbol, strides, 0,
                     DenseF64ArrayAttr());
  }
  return FlatSymbolRefAttr::get(builder.getContext(), name);
}

FlatSymbolRefAttr Distributor::makeWeight(StringRef name,
                                          RankedTensorType tensorType,
                                          StringRef weight,
                                          ArrayRef<int64_t> strides) {
  return makeTensor(dist::TensorKind::Weight, name, tensorType, weight,
                    strides);
}

FailureOr<wgraph::WeightOp> Distributor::weightOf(Operation *op,
                                                  FlatSymbolRefAttr symbol) {
  auto weight = symbols.lookup<wgraph::WeightOp>(symbol.getAttr());
  if (!weight) {
    op->emitError() << "no weight '" << symbol.getValue() << "' in the model";
    return failure();
  }
  Type element = weight.getLayerType().getElementType();
  if (!element.isF16() && !element.isF32()) {
    op->emitError() << "weight '" << symbol.getValue() << "' has element type "
                    << element
                    << ", which the cores cannot multiply; expected f16 or f32";
    return failure();
  }
  return weight;
}

RankedTensorType Distributor::positionsType(Type element) {
  return type(
      {problem.kvHeads, problem.heads / problem.kvHeads, problem.context},
      element, {"kv", "*", "positions"});
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

StageOp Distributor::makeStage(const StageRect &rect, StageKind kind,
                               Type argument) {
  auto stage = StageOp::create(
      builder, rect.name, kind,
      ArrayRef<int64_t>{rect.rect.x, rect.rect.y, rect.rect.w, rect.rect.h},
      rect.wafer, rect.firstLayer, rect.numLayers);
  Block &block = stage.getBody().emplaceBlock();
  if (argument) {
    block.addArgument(argument, builder.getLoc());
  }
  return stage;
}

LogicalResult Distributor::makeEmbed(wgraph::EntryOp entry) {
  auto embeddings = entry.getBody().getOps<wgraph::EmbeddingOp>();
  if (!llvm::hasSingleElement(embeddings)) {
    return entry.emitError() << "expected exactly one embedding in the entry";
  }
  wgraph::EmbeddingOp embedding = *embeddings.begin();
  FailureOr<wgraph::WeightOp> table =
      weightOf(embedding, embedding.getTableAttr());
  if (failed(table)) {
    return failure();
  }
  stored = table->getLayerType().getElementType();
  Type token = type({1}, builder.getI32Type(), {"*"});
  StageOp stage = makeStage(plan.embed, StageKind::Embed, token);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&stage.getBody().front());
  FlatSymbolRefAttr tensor =
      makeWeight("embed_table",
                 type({problem.vocab, problem.dim}, stored, {"vocab_in", "d"}),
                 embedding.getTable(), {problem.dim, 1});
  mlir::Value x = EmbedLookupOp::create(
      builder, type({problem.dim}, builder.getF32Type(), {"d"}),
      stage.getBody().getArgument(0), tensor);
  YieldOp::create(builder, x);
  return success();
}

/// A stage that hands on what it takes.
void Distributor::makeGate(const StageRect &rect, StageKind kind) {
  StageOp stage =
      makeStage(rect, kind, type({problem.dim}, builder.getF32Type(), {"d"}));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&stage.getBody().front());
  YieldOp::create(builder, stage.getBody().getArgument(0));
}

LogicalResult Distributor::makeLayers(wgraph::BlockOp block) {
  int64_t wafer = 0;
  for (const StageRect &rect : plan.layers) {
    if (rect.wafer != wafer) {
      const auto &[out, in] = plan.gates[size_t(wafer)];
      makeGate(out, StageKind::GateOut);
      makeGate(in, StageKind::GateIn);
      wafer = rect.wafer;
    }
    StageOp stage = makeStage(rect, StageKind::Layers,
                              type({problem.dim}, builder.getF32Type(), {"d"}));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&stage.getBody().front());
    values.clear();
    norms.clear();
    headNorms.clear();
    appendedKeys.clear();
    values[block.getBody().getArgument(0)] = stage.getBody().getArgument(0);
    for (Operation &op : block.getBody().front()) {
      if (failed(convert(op))) {
        return failure();
      }
    }
  }
  return success();
}

LogicalResult Distributor::makeHead(wgraph::EntryOp entry) {
  auto repeat = *entry.getBody().getOps<wgraph::RepeatOp>().begin();
  StageOp stage = makeStage(plan.head, StageKind::Head,
                            type({problem.dim}, builder.getF32Type(), {"d"}));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&stage.getBody().front());
  values.clear();
  norms.clear();
  values[repeat.getResult(0)] = stage.getBody().getArgument(0);
  for (Operation &op : llvm::make_range(std::next(repeat->getIterator()),
                                        entry.getBody().front().end())) {
    if (auto linear = dyn_cast<wgraph::LinearOp>(op)) {
      if (failed(convertLinear(linear))) {
        return failure();
      }
    } else if (auto norm = dyn_cast<wgraph::RMSNormOp>(op)) {
      if (failed(convertNorm(norm))) {
        return failure();
      }
    } else if (auto argmax = dyn_cast<wgraph::ArgmaxOp>(op)) {
      mlir::Value token =
          ArgMaxOp::create(builder, type({1}, builder.getI32Type(), {"*"}),
                           values.lookup(argmax.getInput()));
      YieldOp::create(builder, token);
    } else if (!isa<wgraph::YieldOp>(op)) {
      return op.emitError()
             << "'" << op.getName() << "' cannot be distributed in the head";
    }
  }
  if (stage.getBody().front().empty() ||
      !isa<YieldOp>(stage.getBody().front().back())) {
    return entry.emitError() << "expected an argmax in the entry";
  }
  return success();
}

LogicalResult Distributor::run() {
  auto entries = model.getBody().getOps<wgraph::EntryOp>();
  if (!llvm::hasSingleElement(entries)) {
    return model.emitError() << "expected exactly one entry in the model";
  }
  wgraph::EntryOp entry = *entries.begin();
  auto repeats = entry.getBody().getOps<wgraph::RepeatOp>();
  if (!llvm::hasSingleElement(repeats) ||
      (*repeats.begin()).getBlocks().size() != 1) {
    return entry.emitError()
           << "expected exactly one repeat of one block in the entry";
  }
  wgraph::RepeatOp repeat = *repeats.begin();
  if (repeat.getTimes() != uint64_t(problem.layers) ||
      repeat.getCarried().size() != 1) {
    return repeat.emitError() << "expected a repeat of " << problem.layers
                              << " layers with one carried value";
  }
  auto carried = cast<RankedTensorType>(repeat.getCarried()[0].getType());
  if (carried.getRank() != 2 || carried.getDimSize(0) != 1) {
    return repeat.emitError()
           << "one token a pass can be distributed but got " << carried;
  }
  auto block = symbols.lookup<wgraph::BlockOp>(
      cast<FlatSymbolRefAttr>(repeat.getBlocks()[0]).getAttr());
  makeSlicings();
  makeStage(plan.loop, StageKind::Loop, Type());
  {
    // The loop's body is empty but for its terminator.
    OpBuilder::InsertionGuard guard(builder);
    auto loop = cast<StageOp>(*std::prev(builder.getInsertionPoint()));
    builder.setInsertionPointToEnd(&loop.getBody().front());
    YieldOp::create(builder, ValueRange());
  }
  if (failed(makeEmbed(entry)) || failed(makeLayers(block)) ||
      failed(makeHead(entry))) {
    return failure();
  }
  int64_t words = (problem.dim + plan.chosen.height - 1) / plan.chosen.height;
  const StageRect *previous = nullptr;
  for (const StageRect *stage : plan.inOrder()) {
    if (previous) {
      TransferOp::create(builder, previous->name, stage->name, words);
    }
    previous = stage;
  }
  // Steps are gone into the stages; the model keeps its weights and states.
  entry.erase();
  block.erase();
  return success();
}

LogicalResult wafer::distributeModel(wgraph::ModelOp model,
                                     const PartitionProblem &problem,
                                     const PartitionPlan &plan) {
  return Distributor(model, problem, plan).run();
}
