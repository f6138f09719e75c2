// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WPE_PASSES_TD
#define WAFER_WPE_PASSES_TD

include "mlir/Pass/PassBase.td"

def WPEAllocatePass : Pass<"wpe-allocate", "::wafer::wpe::RoleOp"> {
  let summary = "Gives buffers, parameters and queues of roles their places";
  let description = [{
    Measures the code and the parameter block of a role, lays out its SRAM
    (include/wafer/Alloc/SramAllocator.h) and chooses queues of the machine in order of
    declaration; input queues take the deepest ones first. Places that are there already
    are chosen again, queue ids that are there are kept.

    A remark of category `allocate` gives the bytes and their lower bound.

    **Precondition:** the module names a machine (option or attribute `wafer.machine`).
    **Postcondition:** roles pass `wpe-verify-allocated`.

    **Example** (wse2: the parameter block has the 2 bytes of `@n`)
    ```mlir
    wpe.buffer @x : 64 x f32 {kind = scratch}
    // becomes
    wpe.buffer @x : 64 x f32 {kind = scratch} at(16)
    ```
  }];
  let options = [
    Option<"machine", "machine", "std::string", "\"\"",
           "Name or file of the machine; the module's wafer.machine when empty">
  ];
}

def WPEVerifyAllocatedPass : Pass<"wpe-verify-allocated", "::wafer::wpe::RoleOp"> {
  let summary = "Checks the places of an allocated role";
  let description = [{
    Derives again, from the role and the machine alone, that every buffer, the parameter
    block and the code have a place, that they overlap only where scratch buffers may,
    that all fits, that queues, microthreads and tasks are those of the machine, and that
    no sum over rows at the same place has rows shorter than a step of the machine.

    **Precondition:** the module names a machine (option or attribute `wafer.machine`).
    **Postcondition:** the role can be emitted; nothing is changed.

    **Example**
    ```
    wsec-opt --wpe-allocate --wpe-verify-allocated role.mlir
    ```
  }];
  let options = [
    Option<"machine", "machine", "std::string", "\"\"",
           "Name or file of the machine; the module's wafer.machine when empty">
  ];
}

def WPEPrintCodePass : Pass<"wpe-print-code", "::mlir::ModuleOp"> {
  let summary = "Prints the instructions, the parameter block and the labels of roles";
  let description = [{
    Emits every allocated role and prints it in the text form of images. Queues have no
    colors yet.

    **Precondition:** roles are allocated.
    **Postcondition:** nothing is changed.

    **Example**
    ```
    wsec-opt --wpe-allocate --wpe-print-code role.mlir
    ```
  }];
}

#endif // WAFER_WPE_PASSES_TD
