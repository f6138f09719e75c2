// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===- RoleEmitter.h - Code of one role -------------------------*- C++ -*-===//
//
// Walks the code of a role once, in textual order, and assigns registers and
// descriptor registers as it goes.
//
//   registers    r0 is zero; a task or subroutine takes a free one and gives it
//                back after the last use (Liveness). What it holds stays known
//                (RegisterFile): constants, parameters and descriptors that are
//                still there are not loaded again
//   subroutines  a subroutine on level k (the longest chain of calls from a
//                task) is linked through register 32 - k, which nothing else
//                uses. It is emitted after all its callers and keeps off
//                everything that is live where it is called
//   descriptors  file Dest for destinations, Src0 for first sources and for
//                values that are both; either can stand in for the other.
//                File Src1 for second sources
//
// Linear in the size of the code.
//
//===----------------------------------------------------------------------===//
#ifndef WAFER_LIB_EMIT_ROLEEMITTER_H
#define WAFER_LIB_EMIT_ROLEEMITTER_H

#include "Liveness.h"
#include "ParamBlock.h"
#include "RegisterFile.h"

#include "wafer/Emit/Emit.h"

#include <set>

namespace wafer {

class RoleEmitter {
public:
  explicit RoleEmitter(wpe::RoleOp role)
      : role(role), names(role), block(role, names) {}

  mlir::FailureOr<EmittedCode> run();

private:
  using LogicalResult = mlir::LogicalResult;
  using Value = mlir::Value;
  using Operation = mlir::Operation;

  struct Subroutine {
    wpe::FuncOp op;
    unsigned level = 0;
    uint32_t entry = 0;
    /// What is live where it is called.
    uint32_t liveRegisters = 0;
    uint32_t liveDsrs = 0;
  };
  /// The descriptor registers of a value; kNoOperand where it needs none.
  struct DsrPlace {
    uint8_t main = uint8_t(kNoOperand);
    uint8_t src1 = uint8_t(kNoOperand);
  };

  // Structure.
  void findSubroutines();
  LogicalResult emitTask(wpe::TaskOp task);
  LogicalResult emitSubroutine(Subroutine &subroutine);
  void beginBody(mlir::Block &body, llvm::StringRef name, uint32_t registers,
                 uint32_t dsrs);
  LogicalResult emitBlock(mlir::Block &body);
  LogicalResult emitOp(Operation *op);

  // Control.
  LogicalResult emitLoop(wpe::LoopOp op);
  LogicalResult emitForever(wpe::ForeverOp op);
  LogicalResult emitIf(wpe::IfOp op);
  LogicalResult emitCall(wpe::CallOp op);
  LogicalResult emitTaskControl(Operation *op);

  // Scalars.
  LogicalResult emitConstant(wpe::ConstantOp op);
  LogicalResult emitParam(wpe::ParamValueOp op);
  LogicalResult emitSimple(Operation *op);
  LogicalResult emitBinary(Operation *op);
  LogicalResult emitLoad(wpe::LoadOp op);
  LogicalResult emitStore(wpe::StoreOp op);

  // Vectors.
  LogicalResult emitMem(wpe::MemOp op);
  template <typename FabricOp>
  LogicalResult emitFabric(FabricOp op);
  /// Makes the descriptor registers of the result of `op` hold `wanted`.
  LogicalResult placeDsrs(Operation *op, const DsrContent &wanted,
                          bool steps = false);
  LogicalResult fillDsrs(Operation *op, const DsrContent &wanted, bool steps,
                         llvm::ArrayRef<uint8_t> places);
  LogicalResult setBases(Operation *op, const DsrContent &wanted,
                         llvm::ArrayRef<uint8_t> places);
  template <typename VectorOp>
  void emitVector(VectorOp op, VectorFields fields);
  void emitVec(wpe::VecOp op);
  void emitVecAsync(wpe::VecAsyncOp op);

  // Registers.
  mlir::FailureOr<uint8_t> takeRegister(Operation *op, Value owner);
  /// The register of the result of `op`, after operands that end here are free.
  mlir::FailureOr<uint8_t> resultRegister(Operation *op);
  uint8_t registerOf(Value value) const;
  /// A register for the result of `op` that holds `content`: one that already
  /// does, else one that `load` fills.
  LogicalResult knownRegister(Operation *op, const ScalarContent &content,
                              llvm::function_ref<void(uint8_t)> load);
  /// The same for a value that only the instructions at hand need.
  mlir::FailureOr<uint8_t> addressRegister(Operation *op,
                                           const ScalarContent &content);
  mlir::FailureOr<uint8_t> takeDsr(Operation *op, const DsrContent &wanted,
                                   bool steps, DsrFile first,
                                   std::optional<DsrFile> second);
  /// Frees what ends at `position`.
  void release(unsigned position);
  LogicalResult outOf(Operation *op, llvm::StringRef what,
                      llvm::ArrayRef<Value> owners);

  // Code.
  uint32_t here() const { return uint32_t(code.size()); }
  uint32_t append(Opcode op, uint8_t a = 0, uint8_t b = 0, uint8_t c = 0,
                  uint32_t imm = 0);
  void label(llvm::StringRef name);
  uint32_t bufferBase(llvm::StringRef name) const;

  /// What all registers hold at one place of the code.
  struct Known {
    RegisterFile<ScalarContent, kNumRegisters>::Contents scalars;
    RegisterFile<DsrContent, kNumDsrs>::Contents dsrs;
  };
  Known known() const {
    return {registerFile.getContents(), dsrFile.getContents()};
  }
  void setKnown(const Known &at) {
    registerFile.setContents(at.scalars);
    dsrFile.setContents(at.dsrs);
  }
  void meetKnown(const Known &at) {
    registerFile.meet(at.scalars);
    dsrFile.meet(at.dsrs);
  }
  void forgetFree() {
    registerFile.forgetFree();
    dsrFile.forgetFree();
  }

  wpe::RoleOp role;
  RoleNames names;
  ParamBlock block;
  std::vector<Instruction> code;
  std::vector<Task> tasks;
  std::vector<Label> labels;
  std::set<std::string> usedLabels;
  std::vector<Subroutine> subroutines;
  llvm::DenseMap<llvm::StringRef, size_t> subroutineIndex;
  std::vector<std::pair<uint32_t, size_t>> callFixups;
  unsigned maxLevel = 0;

  // The task or subroutine at hand.
  std::optional<Liveness> liveness;
  std::string bodyName;
  RegisterFile<ScalarContent, kNumRegisters> registerFile;
  RegisterFile<DsrContent, kNumDsrs> dsrFile;
  llvm::DenseMap<Value, uint8_t> registers;
  llvm::DenseMap<Value, DsrPlace> dsrs;
};

} // namespace wafer

#endif // WAFER_LIB_EMIT_ROLEEMITTER_H
