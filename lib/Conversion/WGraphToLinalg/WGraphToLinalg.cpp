// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- WGraphToLinalg.cpp - convert-wgraph-to-linalg ----------------------===//
//
// Every block and every entry becomes a function. All functions take all
// weights and states, so that no call needs to know what its callee uses.
//
//===----------------------------------------------------------------------===//
#include "FunctionLowering.h"
#include "wafer/WGraph/WGraphPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace wafer {
#define GEN_PASS_DEF_CONVERTWGRAPHTOLINALG
#include "wafer/WGraph/WGraphPasses.h.inc"
} // namespace wafer

using namespace wafer;
using namespace wafer::wgraph;
using mlir::MemRefType;

static MemRefType memrefOf(Type tensor) {
  auto type = cast<RankedTensorType>(tensor);
  return MemRefType::get(type.getShape(), type.getElementType());
}

/// The argument that stands for a weight or a state.
static MemRefType symbolType(Operation *symbol) {
  if (auto weight = dyn_cast<WeightOp>(symbol)) {
    return memrefOf(weight.getType());
  }
  auto state = cast<StateOp>(symbol);
  SmallVector<int64_t> shape{int64_t(state.getSlots()),
                             int64_t(state.getLayers()),
                             int64_t(state.getCapacity())};
  llvm::append_range(shape, state.getRow().getShape());
  return MemRefType::get(shape, state.getRow().getElementType());
}

namespace {

class ConvertWGraphToLinalg
    : public impl::ConvertWGraphToLinalgBase<ConvertWGraphToLinalg> {
public:
  void runOnOperation() override;

private:
  void convertBlock(BlockOp block);
  void convertEntry(EntryOp entry);
  mlir::func::FuncOp addFunction(Operation *from, StringRef name,
                                 ArrayRef<Type> inputs, ArrayRef<Type> results);

  ModelSymbols symbols;
  SmallVector<Type> symbolTypes;
};

} // namespace

/// A function with `inputs` and then the symbols as arguments.
mlir::func::FuncOp ConvertWGraphToLinalg::addFunction(Operation *from,
                                                      StringRef name,
                                                      ArrayRef<Type> inputs,
                                                      ArrayRef<Type> results) {
  OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
  SmallVector<Type> all(inputs);
  llvm::append_range(all, symbolTypes);
  auto function = mlir::func::FuncOp::create(
      builder, from->getLoc(), name, builder.getFunctionType(all, results));
  for (auto [i, symbol] : llvm::enumerate(symbols)) {
    function.setArgAttr(inputs.size() + i, "wgraph.symbol",
                        SymbolTable::getSymbolName(symbol));
  }
  function.addEntryBlock();
  return function;
}

void ConvertWGraphToLinalg::convertBlock(BlockOp block) {
  SmallVector<Type> inputs{mlir::IndexType::get(&getContext())};
  llvm::append_range(inputs, block.getArgumentTypes());
  mlir::func::FuncOp function =
      addFunction(block, block.getName(), inputs, block.getResultTypes());
  function.setPrivate();
  auto builder = mlir::ImplicitLocOpBuilder::atBlockBegin(
      block.getLoc(), &function.getBody().front());
  ValueRange arguments = function.getArguments();
  FunctionLowering lowering(builder, symbols,
                            arguments.drop_front(inputs.size()), arguments[0]);
  lowering.values().map(block.getArguments(),
                        arguments.slice(1, inputs.size() - 1));
  lowering.lowerBody(block.getBody().front());
  SmallVector<Value> results;
  for (Value value : block.getBody().front().getTerminator()->getOperands()) {
    results.push_back(lowering.values().lookup(value));
  }
  mlir::func::ReturnOp::create(builder, results);
}

void ConvertWGraphToLinalg::convertEntry(EntryOp entry) {
  ArrayRef<Type> types = entry.getArgumentTypes();
  SmallVector<Type> inputs{memrefOf(types[0]), types[1], types[2]};
  for (Type result : entry.getResultTypes()) {
    inputs.push_back(memrefOf(result));
  }
  mlir::func::FuncOp function = addFunction(entry, entry.getName(), inputs, {});
  auto builder = mlir::ImplicitLocOpBuilder::atBlockBegin(
      entry.getLoc(), &function.getBody().front());
  ValueRange arguments = function.getArguments();
  FunctionLowering lowering(
      builder, symbols, arguments.drop_front(inputs.size()), /*layer=*/Value());
  Value ids = mlir::bufferization::ToTensorOp::create(
      builder, types[0], arguments[0], /*restrict=*/true, /*writable=*/false);
  lowering.values().map(entry.getArgument(0), ids);
  lowering.values().map(entry.getArgument(1), arguments[1]);
  lowering.values().map(entry.getArgument(2), arguments[2]);
  lowering.lowerBody(entry.getBody().front());
  for (auto [value, out] :
       llvm::zip(entry.getBody().front().getTerminator()->getOperands(),
                 arguments.slice(3, entry.getResultTypes().size()))) {
    mlir::bufferization::MaterializeInDestinationOp::create(
        builder, Type(), lowering.values().lookup(value), out,
        /*restrict=*/true, /*writable=*/true);
  }
  mlir::func::ReturnOp::create(builder);
}

void ConvertWGraphToLinalg::runOnOperation() {
  SmallVector<ModelOp> models(getOperation().getOps<ModelOp>());
  if (models.size() != 1) {
    getOperation().emitError("expected one 'wgraph.model' but got ")
        << models.size();
    return signalPassFailure();
  }
  symbols.clear();
  symbolTypes.clear();
  ModelOp model = models.front();
  for (Operation &op : model.getBody().front()) {
    if (isa<WeightOp, StateOp>(op)) {
      symbols.push_back(&op);
      symbolTypes.push_back(symbolType(&op));
    }
  }
  SymbolTable taken(getOperation());
  // The model goes; its name, a folder's, must not be in the way of functions.
  if (model.lookupSymbol(model.getSymName())) {
    std::string free = model.getSymName().str() + ".model";
    while (taken.lookup(free) || model.lookupSymbol(free)) {
      free += "_";
    }
    taken.remove(model);
    model.setSymName(free);
  }
  for (auto function : model.getBody().getOps<mlir::FunctionOpInterface>()) {
    if (taken.lookup(function.getName())) {
      function.emitError("expected the name @")
          << function.getName() << " to be free in the module";
      return signalPassFailure();
    }
  }
  for (auto block : model.getBody().getOps<BlockOp>()) {
    convertBlock(block);
  }
  for (auto entry : model.getBody().getOps<EntryOp>()) {
    convertEntry(entry);
  }
  model.erase();
}
