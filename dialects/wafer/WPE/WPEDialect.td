// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef WAFER_WPE_DIALECT_TD
#define WAFER_WPE_DIALECT_TD

include "mlir/IR/OpBase.td"

def WPE_Dialect : Dialect {
  let name = "wpe";
  let summary = "the code of core roles";
  let description = [{
    A *role* (`wpe.role`) is a program that many cores run: parameters, buffers,
    queues, tasks and subroutines. It holds no extent that differs between two
    cores; what differs comes from *parameters*, halfwords that are a function
    of the row alone, of the column alone, or of the region. A *region*
    (`wpe.region`) is a rectangle of cores with one role and its tables.

    Code is structured (`wpe.loop`, `wpe.if`, `wpe.forever`) and straight inside
    a block. Scalars (`i32`, `f16`, `f32`) are SSA values that live in registers;
    the only block argument is the counter of a loop, so whatever a loop carries
    from one trip to the next lies in a buffer. A descriptor (`!wpe.dsd`) is an SSA
    value that lives in a descriptor register from its definition to its last use.

    Every operation stands for a fixed short sequence of instructions of the
    abstract machine (docs/machine/abstract-machine.md).

    Version log: 0.1 first version.
  }];
  let cppNamespace = "::wafer::wpe";
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

class WPE_Op<string mnemonic, list<Trait> traits = []>
    : Op<WPE_Dialect, mnemonic, traits>;

#endif // WAFER_WPE_DIALECT_TD
