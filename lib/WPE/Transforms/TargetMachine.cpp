// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "TargetMachine.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace wafer;

FailureOr<Machine> wpe::loadTarget(RoleOp role, const std::string &option) {
  std::string name = option;
  if (name.empty()) {
    auto module = role->getParentOfType<ModuleOp>();
    auto attr = module ? module->getAttrOfType<StringAttr>("wafer.machine")
                       : StringAttr();
    if (!attr) {
      return emitError(
          role.getLoc(),
          "no machine: expected the option 'machine' or the module "
          "attribute 'wafer.machine'");
    }
    name = attr.str();
  }
  Result<Machine> machine = Machine::load(name);
  if (!machine) {
    return emitError(role.getLoc(), machine.error().str());
  }
  return std::move(*machine);
}
