// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Structured control flow, calls and task control.
#ifndef WAFER_WPE_CONTROL_TD
#define WAFER_WPE_CONTROL_TD

include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "wafer/WPE/WPEAttrs.td"
include "wafer/WPE/WPETypes.td"

def WPE_ForeverOp : WPE_Op<"forever", [
    SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "repeats its body without end";
  let description = [{
    The body runs again and again; what follows it in the block is never reached.

    **Constraints**
    - forever-c1: it is the last operation of its block

    **Example**
    ```mlir
    wpe.role @relay {
      wpe.queue @in input [@a]
      wpe.queue @out output [@b]
      wpe.task @main active {
        %in = wpe.fabin @in extent(16) : f32
        %out = wpe.fabout @out extent(16) : f32
        wpe.forever {
          wpe.vec mov32 %out, %in
        }
      }
    }
    ```
  }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$body attr-dict";
  let builders = [
    OpBuilder<(ins
      "::llvm::function_ref<void(::mlir::OpBuilder &, ::mlir::Location)>":$body)>];
  let skipDefaultBuilders = 1;
  let hasVerifier = 1;
}

def WPE_LoopOp : WPE_Op<"loop", [SingleBlock, NoTerminator, RecursiveMemoryEffects]> {
  let summary = "repeats its body a counted number of times";
  let description = [{
    The body runs `count` times (not at all where count is zero or negative). The block
    argument, where there is one, counts 0, 1, ... It takes a register only if it is
    used. `nonzero` promises that count is at least 1, which saves the guard.

    **Constraints**
    - loop-c1: the body has no argument or one of type i32

    **Example**
    ```mlir
    wpe.role @fill {
      wpe.param @rows row
      wpe.buffer @x : 64 x i32 {kind = scratch}
      wpe.task @main active {
        %n = wpe.param_value @rows : i32
        %two = wpe.constant 2 : i32
        wpe.loop %n {
        ^bb0(%i: i32):
          %byte = wpe.shl %i, %two : i32
          wpe.store %i, @x[%byte] : i32
        }
      }
    }
    ```
  }];
  let arguments = (ins I32:$count, UnitAttr:$nonzero);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$count (`nonzero` $nonzero^)? $body attr-dict";
  let builders = [
    OpBuilder<(ins "::mlir::Value":$count,
      "::llvm::function_ref<void(::mlir::OpBuilder &, ::mlir::Location, ::mlir::Value)>":$body,
      CArg<"bool", "false">:$nonzero)>];
  let skipDefaultBuilders = 1;
  let extraClassDeclaration = [{
    /// The counter; null where the body has no argument.
    ::mlir::Value getCounter();
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def WPE_IfOp : WPE_Op<"if", [
    SingleBlock, NoTerminator, NoRegionArguments, SameTypeOperands,
    RecursiveMemoryEffects]> {
  let summary = "runs one of two blocks";
  let description = [{
    Compares two scalars: `eq`, `ne`, `lt`, `ge` as signed 32-bit integers, `flt`, `fge` as
    binary32 (both false where an operand is a NaN).

    **Constraints**
    - if-c1: eq, ne, lt, ge take i32; flt, fge take f32

    **Example**
    ```mlir
    wpe.role @guarded {
      wpe.param @width column
      wpe.buffer @x : 64 x f32 {kind = scratch}
      wpe.task @main active {
        %zero = wpe.constant 0 : i32
        %n = wpe.param_value @width : i32
        wpe.if ne %n, %zero : i32 {
          %x = wpe.mem @x extent(@width) stride(1) : f32
          wpe.vec mov32 %x, %zero : i32
        } else {
          wpe.call @nothing
        }
      }
      wpe.func @nothing {
      }
    }
    ```
  }];
  let arguments = (ins WPE_PredicateAttr:$predicate, WPE_Scalar:$lhs, WPE_Scalar:$rhs);
  let regions = (region SizedRegion<1>:$thenRegion, AnyRegion:$elseRegion);
  let assemblyFormat = [{
    $predicate $lhs `,` $rhs `:` type($lhs) $thenRegion (`else` $elseRegion^)? attr-dict
  }];
  let builders = [
    OpBuilder<(ins "::wafer::wpe::Predicate":$predicate, "::mlir::Value":$lhs,
      "::mlir::Value":$rhs,
      "::llvm::function_ref<void(::mlir::OpBuilder &, ::mlir::Location)>":$thenBody,
      CArg<"::llvm::function_ref<void(::mlir::OpBuilder &, ::mlir::Location)>", "nullptr">:$elseBody)>];
  let skipDefaultBuilders = 1;
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def WPE_CallOp : WPE_Op<"call", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a subroutine";
  let description = [{
    **Constraints**
    - call-c1: `callee` names a `wpe.func` of the role

    **Example**
    ```mlir
    wpe.role @r {
      wpe.func @f {
      }
      wpe.task @main active {
        wpe.call @f
      }
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee);
  let assemblyFormat = "$callee attr-dict";
}

class WPE_TaskControl<string mnemonic, string what, string meaning>
    : WPE_Op<mnemonic, [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = what;
  let description = meaning # [{

    **Constraints**
    - }] # mnemonic # [{-c1: `task` names a task of the role

    **Example**
    ```mlir
    wpe.role @r {
      wpe.task @main active {
        wpe.}] # mnemonic # [{ @next
      }
      wpe.task @next {
      }
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$task);
  let assemblyFormat = "$task attr-dict";
}

def WPE_ActivateOp : WPE_TaskControl<"activate", "makes a local task active",
  "The task runs once the core is free, unless it is blocked.">;
def WPE_BlockOp : WPE_TaskControl<"block", "keeps a task from starting",
  "The task does not start until it is unblocked.">;
def WPE_UnblockOp : WPE_TaskControl<"unblock", "lets a task start",
  "Undoes `wpe.block`.">;

#endif // WAFER_WPE_CONTROL_TD
