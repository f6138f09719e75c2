// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "wafer/Import/Import.h"

#include "wafer/WGraph/WGraph.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Verifier.h"

#include <cmath>

using namespace wafer;

namespace {

/// Builds one module; each method adds one kind of symbol.
class Importer {
public:
  Importer(const Model &model, MLIRContext *context,
           const ImportOptions &options)
      : model(model), config(model.config), options(options), builder(context),
        loc(builder.getUnknownLoc()), f32(builder.getF32Type()) {}

  mlir::OwningOpRef<ModuleOp> run();

private:
  LogicalResult checkOptions();
  wgraph::ModelOp buildModel();
  FailureOr<wgraph::RecipeAttr> recipeFor(ArrayRef<const TensorRef *> tensors,
                                          bool stacked, StringRef name);
  LogicalResult addWeight(StringRef name);
  LogicalResult addStackedWeight(StringRef name);
  LogicalResult addWeights();
  void addStates();
  void addBlock();
  void addEntry();

  Value norm(Value x, StringRef gain);
  SmallVector<Value> linear(Value x,
                            ArrayRef<std::pair<StringRef, int64_t>> weights);
  Value rope(Value x, Value position);
  Value attention(Value x, Value position, Value slot);
  Value feedForward(Value x);

  RankedTensorType tensor(ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, f32);
  }
  FlatSymbolRefAttr symbol(StringRef name) {
    return FlatSymbolRefAttr::get(builder.getContext(), name);
  }
  int64_t tokens() const { return options.tokensPerPass; }
  int64_t positions() const {
    return options.context ? options.context : config.context;
  }

  const Model &model;
  const ModelConfig &config;
  const ImportOptions &options;
  OpBuilder builder;
  Location loc;
  Type f32;
};

} // namespace

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

static Type elementType(mlir::Builder &builder, WeightType type) {
  switch (type) {
  case WeightType::F32:
    return builder.getF32Type();
  case WeightType::F16:
    return builder.getF16Type();
  case WeightType::BF16:
    return builder.getBF16Type();
  }
  llvm_unreachable("no such weight type");
}

/// Shortens a list that grows by a constant to its first element and that
/// constant. The arithmetic wraps, as that of seeds does.
static int64_t compressToStride(SmallVector<int64_t> &list) {
  if (list.size() == 1) {
    return 0;
  }
  uint64_t stride = uint64_t(list[1]) - uint64_t(list[0]);
  for (size_t i = 1; i < list.size(); ++i) {
    if (uint64_t(list[i]) - uint64_t(list[i - 1]) != stride) {
      return 0;
    }
  }
  list.resize(1);
  return int64_t(stride);
}

FailureOr<wgraph::RecipeAttr>
Importer::recipeFor(ArrayRef<const TensorRef *> tensors, bool stacked,
                    StringRef name) {
  const TensorRef &first = *tensors.front();
  SmallVector<int64_t> files, offsets, seeds;
  for (const TensorRef *t : tensors) {
    if (t->type != first.type || t->shape != first.shape ||
        (t->file < 0) != (first.file < 0) || t->scale != first.scale) {
      return mlir::emitError(loc)
             << model.path << ": the layers of '" << name
             << "' differ in shape or type, which is not supported";
    }
    files.push_back(t->file);
    offsets.push_back(int64_t(t->offset));
    seeds.push_back(int64_t(t->seed));
  }
  SmallVector<int64_t> shape(first.shape.begin(), first.shape.end());
  auto type = RankedTensorType::get(shape, elementType(builder, first.type));
  int64_t layers = stacked ? int64_t(tensors.size()) : 0;
  auto emitError = [&] { return mlir::emitError(loc) << model.path << ": "; };
  MLIRContext *context = builder.getContext();
  Attribute source;
  if (first.file < 0) {
    int64_t stride = compressToStride(seeds);
    source = wgraph::SyntheticAttr::getChecked(emitError, context, type, layers,
                                               ArrayRef<int64_t>(seeds), stride,
                                               llvm::APFloat(first.scale));
  } else {
    if (llvm::all_equal(files)) {
      files.resize(1);
    }
    int64_t stride = compressToStride(offsets);
    source = wgraph::RefAttr::getChecked(emitError, context, type, layers,
                                         ArrayRef<int64_t>(files),
                                         ArrayRef<int64_t>(offsets), stride);
  }
  if (!source) {
    return failure();
  }
  return wgraph::RecipeAttr::get(context, source, {});
}

LogicalResult Importer::addWeight(StringRef name) {
  auto found = model.tensors.find(name.str());
  if (found == model.tensors.end()) {
    return mlir::emitError(loc)
           << model.path << ": the model has no tensor '" << name << "'";
  }
  auto recipe = recipeFor({&found->second}, /*stacked=*/false, name);
  if (failed(recipe)) {
    return failure();
  }
  wgraph::WeightOp::create(builder, loc, name, *recipe);
  return success();
}

LogicalResult Importer::addStackedWeight(StringRef name) {
  SmallVector<const TensorRef *> tensors;
  for (uint32_t layer = 0; layer < config.layers; ++layer) {
    std::string full = "layers." + std::to_string(layer) + "." + name.str();
    auto found = model.tensors.find(full);
    if (found == model.tensors.end()) {
      return mlir::emitError(loc)
             << model.path << ": the model has no tensor '" << full << "'";
    }
    tensors.push_back(&found->second);
  }
  auto recipe = recipeFor(tensors, /*stacked=*/true, name);
  if (failed(recipe)) {
    return failure();
  }
  wgraph::WeightOp::create(builder, loc, name, *recipe);
  return success();
}

LogicalResult Importer::addWeights() {
  SmallVector<StringRef> single{"embed", "final_norm"};
  if (!config.tiedHead) {
    single.push_back("head");
  }
  SmallVector<StringRef> stacked{"attn_norm", "q",    "k",  "v",   "o",
                                 "ffn_norm",  "gate", "up", "down"};
  if (config.qkNorm) {
    stacked.append({"q_norm", "k_norm"});
  }
  for (StringRef name : single) {
    if (failed(addWeight(name))) {
      return failure();
    }
  }
  for (StringRef name : stacked) {
    if (failed(addStackedWeight(name))) {
      return failure();
    }
  }
  return success();
}

void Importer::addStates() {
  for (StringRef name : {"keys", "values"}) {
    wgraph::StateOp::create(
        builder, loc, name, builder.getStringAttr("private"), options.slots,
        config.layers, positions(),
        tensor({int64_t(config.kvHeads), int64_t(config.headDim)}));
  }
}

//===----------------------------------------------------------------------===//
// Block and entry
//===----------------------------------------------------------------------===//

Value Importer::norm(Value x, StringRef gain) {
  // The files hold decimal text or an f32; the nearest f32 is what others use.
  return wgraph::RMSNormOp::create(
      builder, loc, x.getType(), x, symbol(gain),
      builder.getF64FloatAttr(double(float(config.normEps))));
}

SmallVector<Value>
Importer::linear(Value x, ArrayRef<std::pair<StringRef, int64_t>> weights) {
  SmallVector<Value> results;
  for (auto [name, outputs] : weights) {
    auto op = wgraph::LinearOp::create(builder, loc,
                                       TypeRange{tensor({tokens(), outputs})},
                                       x, builder.getArrayAttr({symbol(name)}));
    results.push_back(op.getResult(0));
  }
  return results;
}

static wgraph::RopeScalingAttr scalingOf(MLIRContext *context,
                                         const RopeScaling &scaling) {
  if (scaling.kind == RopeScaling::Kind::None) {
    return {};
  }
  auto kind = scaling.kind == RopeScaling::Kind::Linear
                  ? wgraph::RopeScalingKind::Linear
                  : wgraph::RopeScalingKind::Llama3;
  return wgraph::RopeScalingAttr::get(context, kind,
                                      llvm::APFloat(scaling.factor),
                                      llvm::APFloat(scaling.lowFreqFactor),
                                      llvm::APFloat(scaling.highFreqFactor),
                                      llvm::APFloat(scaling.originalContext));
}

Value Importer::rope(Value x, Value position) {
  auto pairing = config.ropePairing == RopePairing::Half
                     ? wgraph::RopePairing::Half
                     : wgraph::RopePairing::Interleaved;
  return wgraph::RopeOp::create(
      builder, loc, x.getType(), x, position,
      builder.getF64FloatAttr(config.ropeTheta),
      wgraph::RopePairingAttr::get(builder.getContext(), pairing),
      scalingOf(builder.getContext(), config.ropeScaling));
}

Value Importer::attention(Value x, Value position, Value slot) {
  int64_t head = config.headDim, heads = config.heads, kv = config.kvHeads;
  Value n = norm(x, "attn_norm");
  SmallVector<Value> qkv =
      linear(n, {{"q", heads * head}, {"k", kv * head}, {"v", kv * head}});
  auto split = [&](Value value, int64_t count) -> Value {
    return wgraph::ReshapeOp::create(builder, loc,
                                     tensor({tokens(), count, head}), value);
  };
  Value q = split(qkv[0], heads), k = split(qkv[1], kv), v = split(qkv[2], kv);
  if (config.qkNorm) {
    q = norm(q, "q_norm");
    k = norm(k, "k_norm");
  }
  q = rope(q, position);
  k = rope(k, position);
  wgraph::AppendOp::create(builder, loc, k, symbol("keys"), position, slot);
  wgraph::AppendOp::create(builder, loc, v, symbol("values"), position, slot);
  Value a = wgraph::AttentionOp::create(
      builder, loc, q.getType(), q, symbol("keys"), symbol("values"), position,
      slot, builder.getF64FloatAttr(1 / std::sqrt(double(head))));
  Value joined = wgraph::ReshapeOp::create(builder, loc,
                                           tensor({tokens(), heads * head}), a);
  return linear(joined, {{"o", config.dim}})[0];
}

Value Importer::feedForward(Value x) {
  Value n = norm(x, "ffn_norm");
  SmallVector<Value> gateUp =
      linear(n, {{"gate", config.ffn}, {"up", config.ffn}});
  auto kind = wgraph::ActivationKindAttr::get(builder.getContext(),
                                              wgraph::ActivationKind::Silu);
  Value gate = wgraph::ActivationOp::create(builder, loc, kind, gateUp[0]);
  Value product = wgraph::MulOp::create(builder, loc, gate, gateUp[1]);
  return linear(product, {{"down", config.dim}})[0];
}

void Importer::addBlock() {
  Type x = tensor({tokens(), int64_t(config.dim)});
  Type index = builder.getIndexType();
  auto block = wgraph::BlockOp::create(
      builder, loc, "layer", builder.getFunctionType({x, index, index}, {x}));
  mlir::SymbolTable::setSymbolVisibility(
      block, mlir::SymbolTable::Visibility::Private);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&block.getBody().front());
  Value input = block.getArgument(0);
  Value attended = attention(input, block.getArgument(1), block.getArgument(2));
  Value middle = wgraph::AddOp::create(builder, loc, input, attended);
  Value output =
      wgraph::AddOp::create(builder, loc, middle, feedForward(middle));
  wgraph::YieldOp::create(builder, loc, ValueRange{output});
}

void Importer::addEntry() {
  Type ids = RankedTensorType::get({tokens()}, builder.getI32Type());
  Type logits = tensor({tokens(), int64_t(config.vocab)});
  Type index = builder.getIndexType();
  auto entry = wgraph::EntryOp::create(
      builder, loc, "step",
      builder.getFunctionType({ids, index, index}, {ids, logits}));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&entry.getBody().front());
  Type x = tensor({tokens(), int64_t(config.dim)});
  Value embedded = wgraph::EmbeddingOp::create(
      builder, loc, x, entry.getArgument(0), symbol("embed"));
  auto repeat = wgraph::RepeatOp::create(
      builder, loc, TypeRange{x}, builder.getArrayAttr({symbol("layer")}),
      config.layers, ValueRange{embedded},
      ValueRange{entry.getArgument(1), entry.getArgument(2)});
  Value n = norm(repeat.getResult(0), "final_norm");
  Value scores =
      linear(n, {{config.tiedHead ? "embed" : "head", config.vocab}})[0];
  Value next = wgraph::ArgmaxOp::create(builder, loc, ids, scores);
  wgraph::YieldOp::create(builder, loc, ValueRange{next, scores});
}

//===----------------------------------------------------------------------===//
// Module
//===----------------------------------------------------------------------===//

LogicalResult Importer::checkOptions() {
  auto fail = [&](const char *text) {
    return mlir::emitError(loc) << model.path << ": " << text;
  };
  if (tokens() == 0) {
    return fail("expected at least one token per pass");
  }
  if (options.slots == 0) {
    return fail("expected at least one request in flight");
  }
  if (tokens() > positions()) {
    return fail("expected a context of at least the tokens per pass");
  }
  return success();
}

wgraph::ModelOp Importer::buildModel() {
  MLIRContext *context = builder.getContext();
  SmallVector<int64_t> eos(config.eos.begin(), config.eos.end());
  auto facts = wgraph::ConfigAttr::getChecked(
      [&] { return mlir::emitError(loc) << model.path << ": "; }, context,
      StringRef(config.family), int64_t(config.layers), int64_t(config.dim),
      int64_t(config.ffn), int64_t(config.heads), int64_t(config.kvHeads),
      int64_t(config.headDim), int64_t(config.vocab), int64_t(config.context),
      config.bos ? int64_t(*config.bos) : int64_t(-1), ArrayRef<int64_t>(eos));
  if (!facts) {
    return {};
  }
  SmallVector<Attribute> files;
  for (const std::shared_ptr<MappedFile> &file : model.files) {
    files.push_back(
        wgraph::FileAttr::get(context, file->path(), int64_t(file->size())));
  }
  return wgraph::ModelOp::create(
      builder, loc, model.name, facts, builder.getArrayAttr(files),
      model.path.empty() ? StringAttr() : builder.getStringAttr(model.path));
}

mlir::OwningOpRef<ModuleOp> Importer::run() {
  if (failed(checkOptions())) {
    return {};
  }
  mlir::OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToStart(module->getBody());
  wgraph::ModelOp modelOp = buildModel();
  if (!modelOp) {
    return {};
  }
  builder.setInsertionPointToStart(&modelOp.getBody().front());
  if (failed(addWeights())) {
    return {};
  }
  addStates();
  addBlock();
  addEntry();
  if (failed(mlir::verify(*module))) {
    return {};
  }
  return module;
}

mlir::OwningOpRef<ModuleOp> wafer::importModel(const Model &model,
                                               MLIRContext *context,
                                               const ImportOptions &options) {
  context->loadDialect<wgraph::WGraphDialect>();
  return Importer(model, context, options).run();
}
