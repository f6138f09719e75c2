// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- Oracle.cpp - A model run on the host -------------------------------===//
//
// The lowered step takes memrefs. Each is a descriptor of 64-bit words
// {allocated, aligned, offset, sizes..., strides...}, passed by address.
//
//===----------------------------------------------------------------------===//
#include "wafer/Oracle/Oracle.h"

#include "wafer/Support/Half.h"
#include "wafer/WGraph/WGraphPasses.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <algorithm>
#include <cstring>
#include <new>

using namespace wafer;
using namespace wafer::wgraph;

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

struct Oracle::Buffer {
  std::unique_ptr<uint8_t[]> data;
  std::vector<int64_t> descriptor;
  /// What the packed call takes the address of.
  int64_t *address = nullptr;

  static Result<Buffer> make(ArrayRef<int64_t> shape, unsigned elementBytes,
                             const std::string &name);
  template <typename T>
  T *as() {
    return reinterpret_cast<T *>(data.get());
  }
};

Result<Oracle::Buffer> Oracle::Buffer::make(ArrayRef<int64_t> shape,
                                            unsigned elementBytes,
                                            const std::string &name) {
  int64_t bytes = elementBytes;
  bool fits = true;
  for (int64_t size : shape) {
    fits = fits && !__builtin_mul_overflow(bytes, size, &bytes);
  }
  Buffer buffer;
  if (fits) {
    buffer.data.reset(new (std::nothrow) uint8_t[bytes]());
  }
  if (!buffer.data) {
    return Diagnostic{
        "cannot run the reference: out of memory for '" + name + "'", "", "",
        "", fits ? std::to_string(bytes) + " bytes are needed" : ""};
  }
  auto start = int64_t(reinterpret_cast<intptr_t>(buffer.data.get()));
  buffer.descriptor = {start, start, 0};
  llvm::append_range(buffer.descriptor, shape);
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {
    strides[i - 1] = strides[i] * shape[i];
  }
  llvm::append_range(buffer.descriptor, strides);
  buffer.address = buffer.descriptor.data();
  return buffer;
}

/// Types outlive no context, and the oracle does.
enum class Element { F32, F16, BF16 };

static Element elementOf(Type type) {
  return type.isF32()   ? Element::F32
         : type.isF16() ? Element::F16
                        : Element::BF16;
}

static int64_t bytesOf(Element element) {
  return element == Element::F32 ? 4 : 2;
}

/// Where a state lies: `buffer` holds [slots, layers, capacity, row].
struct Oracle::State {
  std::string name;
  size_t buffer = 0;
  int64_t layers = 0, capacity = 0, row = 0;
  Element element = Element::F32;
};

static unsigned bytesOf(RankedTensorType type) {
  return type.getElementTypeBitWidth() / 8;
}

/// Stores floats, rounded to the type of the elements.
static void store(Element element, ArrayRef<float> values, uint8_t *to) {
  if (element == Element::F32) {
    std::memcpy(to, values.data(), values.size() * sizeof(float));
    return;
  }
  auto *halves = reinterpret_cast<uint16_t *>(to);
  std::transform(values.begin(), values.end(), halves, [&](float x) {
    return element == Element::F16 ? floatToHalf(x) : floatToBfloat(x);
  });
}

Status Oracle::allocate(ModelOp model, const RecipeEvaluator &evaluator) {
  auto add = [&](ArrayRef<int64_t> shape, unsigned bytes, StringRef name) {
    Result<Buffer> buffer = Buffer::make(shape, bytes, name.str());
    if (!buffer) {
      return Status(buffer.takeError());
    }
    buffers.push_back(std::move(*buffer));
    return Status::success();
  };
  Status status = add({tokens}, 4, "ids");
  if (status) {
    status = add({tokens}, 4, "next");
  }
  if (status) {
    status = add({tokens, vocabulary}, 4, "logits");
  }
  for (Operation &op : model.getBody().front()) {
    if (!status) {
      return status;
    }
    if (auto state = dyn_cast<StateOp>(op)) {
      SmallVector<int64_t> shape{int64_t(state.getSlots()),
                                 int64_t(state.getLayers()),
                                 int64_t(state.getCapacity())};
      llvm::append_range(shape, state.getRow().getShape());
      status = add(shape, bytesOf(state.getRow()), state.getName());
      states.push_back({state.getName().str(), buffers.size() - 1,
                        int64_t(state.getLayers()),
                        int64_t(state.getCapacity()),
                        state.getRow().getNumElements(),
                        elementOf(state.getRow().getElementType())});
      lengths.assign(state.getSlots(), 0);
      capacity = std::min<int64_t>(capacity, state.getCapacity());
    } else if (auto weight = dyn_cast<WeightOp>(op)) {
      RankedTensorType type = weight.getTensorType();
      RankedTensorType layer = weight.getLayerType();
      status = add(type.getShape(), bytesOf(type), weight.getName());
      if (!status) {
        return status;
      }
      std::vector<float> values(layer.getNumElements());
      int64_t layers = std::max<int64_t>(weight.getRecipe().getLayers(), 1);
      for (int64_t l = 0; l < layers; ++l) {
        evaluator.evaluate(weight.getRecipe(), l, values.data());
        store(elementOf(type.getElementType()), values,
              buffers.back().data.get() + l * values.size() * bytesOf(type));
      }
    }
  }
  return status;
}

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

static Diagnostic compileError(const std::string &why) {
  return {"cannot compile the reference: " + why, "", "", "", ""};
}

static std::string take(llvm::Error error) {
  return llvm::toString(std::move(error));
}

Status Oracle::compile(ModuleOp module) {
  MLIRContext *context = module.getContext();
  mlir::DialectRegistry registry;
  registerLinalgToLLVMInterfaces(registry);
  context->appendDialectRegistry(registry);

  mlir::OwningOpRef<ModuleOp> copy = module.clone();
  mlir::PassManager lower(context, ModuleOp::getOperationName());
  lower.addPass(createConvertWGraphToLinalg());
  if (failed(lower.run(*copy))) {
    return compileError("the model does not lower to linalg");
  }
  auto step = copy->lookupSymbol<mlir::func::FuncOp>("step");
  step->setAttr(mlir::LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                mlir::UnitAttr::get(context));
  mlir::PassManager rest(context, ModuleOp::getOperationName());
  buildLinalgToLLVMPipeline(rest);
  if (failed(rest.run(*copy))) {
    return compileError("linalg does not lower to LLVM");
  }

  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto host = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!host) {
    return compileError(take(host.takeError()));
  }
  auto machine = host->createTargetMachine();
  if (!machine) {
    return compileError(take(machine.takeError()));
  }
  auto optimize =
      mlir::makeOptimizingTransformer(/*optLevel=*/2,
                                      /*sizeLevel=*/0, machine->get());
  mlir::ExecutionEngineOptions options;
  options.transformer = optimize;
  auto created =
      mlir::ExecutionEngine::create(*copy, options, std::move(*machine));
  if (!created) {
    return compileError(take(created.takeError()));
  }
  engine = std::move(*created);
  auto found = engine->lookupPacked("_mlir_ciface_step");
  if (!found) {
    return compileError(take(found.takeError()));
  }
  function = *found;
  return Status::success();
}

Oracle::Oracle() = default;
Oracle::~Oracle() = default;

Result<std::unique_ptr<Oracle>> Oracle::create(ModuleOp module) {
  auto models = module.getOps<ModelOp>();
  if (models.empty()) {
    return compileError("the module holds no model");
  }
  ModelOp model = *models.begin();
  auto entry = SymbolTable(model).lookup<EntryOp>("step");
  if (!entry) {
    return compileError("the model has no entry @step");
  }
  Result<RecipeEvaluator> weights = RecipeEvaluator::open(model);
  if (!weights) {
    return weights.takeError();
  }
  std::unique_ptr<Oracle> oracle(new Oracle());
  auto logits = cast<RankedTensorType>(entry.getResultTypes()[1]);
  oracle->tokens = logits.getDimSize(0);
  oracle->vocabulary = logits.getDimSize(1);
  oracle->idLimit = oracle->vocabulary;
  oracle->capacity = std::numeric_limits<int32_t>::max();
  oracle->lengths.assign(1, 0);
  SymbolTable symbols(model);
  entry.walk([&](EmbeddingOp op) {
    auto table = symbols.lookup<WeightOp>(op.getTable());
    oracle->idLimit =
        std::min(oracle->idLimit, table.getLayerType().getDimSize(0));
  });
  if (Status status = oracle->compile(module); !status) {
    return status.takeError();
  }
  if (Status status = oracle->allocate(model, *weights); !status) {
    return status.takeError();
  }
  return oracle;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

Status Oracle::checkStep(ArrayRef<int32_t> ids, int64_t position,
                         int64_t slot) const {
  if (int64_t(ids.size()) != tokens) {
    return Diagnostic{"wrong number of tokens in a step", "",
                      std::to_string(tokens), std::to_string(ids.size()), ""};
  }
  for (int32_t id : ids) {
    if (id < 0 || id >= idLimit) {
      return Diagnostic{"token id outside the vocabulary", "",
                        "an id below " + std::to_string(idLimit),
                        std::to_string(id), ""};
    }
  }
  if (slot < 0 || slot >= int64_t(lengths.size())) {
    return Diagnostic{"no such slot", "",
                      "a slot below " + std::to_string(lengths.size()),
                      std::to_string(slot), ""};
  }
  if (position < 0 || position > lengths[slot]) {
    return Diagnostic{"position after the end of the sequence", "",
                      "a position up to " + std::to_string(lengths[slot]),
                      std::to_string(position), ""};
  }
  if (position + tokens > capacity) {
    return Diagnostic{"the context is full", "",
                      "at most " + std::to_string(capacity) + " positions",
                      std::to_string(position + tokens), ""};
  }
  return Status::success();
}

Status Oracle::setState(StringRef name, int64_t positions,
                        ArrayRef<float> values, int64_t slot) {
  auto state = llvm::find_if(
      states, [&](const State &candidate) { return candidate.name == name; });
  if (state == states.end() || slot < 0 || slot >= int64_t(lengths.size())) {
    return Diagnostic{"the model has no such state or slot", name.str(), "", "",
                      ""};
  }
  int64_t layer = positions * state->row;
  if (positions < 0 || positions > state->capacity ||
      int64_t(values.size()) != state->layers * layer) {
    return Diagnostic{"state of another size", name.str(),
                      std::to_string(state->layers) + " layers of at most " +
                          std::to_string(state->capacity) + " positions of " +
                          std::to_string(state->row) + " elements",
                      std::to_string(values.size()) + " elements", ""};
  }
  int64_t bytes = bytesOf(state->element);
  for (int64_t l = 0; l < state->layers; ++l) {
    int64_t row = (slot * state->layers + l) * state->capacity * state->row;
    store(state->element, values.slice(size_t(l * layer), size_t(layer)),
          buffers[state->buffer].data.get() + row * bytes);
  }
  lengths[slot] = positions;
  return Status::success();
}

Result<Oracle::Step> Oracle::step(ArrayRef<int32_t> ids, int64_t position,
                                  int64_t slot) {
  if (Status status = checkStep(ids, position, slot); !status) {
    return status.takeError();
  }
  std::copy(ids.begin(), ids.end(), buffers[0].as<int32_t>());
  SmallVector<void *> arguments{&buffers[0].address, &position, &slot};
  for (Buffer &buffer : llvm::drop_begin(buffers)) {
    arguments.push_back(&buffer.address);
  }
  function(arguments.data());
  lengths[slot] = position + tokens;
  return Step{ArrayRef(buffers[1].as<int32_t>(), tokens),
              ArrayRef(buffers[2].as<float>(), tokens * vocabulary)};
}
