// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Descriptors and vector instructions.
#ifndef WAFER_WPE_VECTORS_TD
#define WAFER_WPE_VECTORS_TD

include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "wafer/WPE/WPEAttrs.td"
include "wafer/WPE/WPETypes.td"

/// A descriptor is a resource, so that two equal ones are never merged (each
/// steps on its own) and an unused one is dropped.
class WPE_Descriptor<string mnemonic, list<Trait> traits = []>
    : WPE_Op<mnemonic, !listconcat(
          [DeclareOpInterfaceMethods<SymbolUserOpInterface>], traits)> {
  let results = (outs Res<WPE_Dsd, "descriptor register", [MemAlloc]>:$result);
}

def WPE_MemOp : WPE_Descriptor<"mem", [AttrSizedOperandSegments]> {
  let summary = "descriptor of elements in memory";
  let description = [{
    Element i lies at byte

        offset + ((i mod extent) * stride + (i / extent) * stride1) * element size

    of the buffer; without `extent1` there is one dimension. Bytes of `offset`, an
    extent given by a value, and everything given by a parameter may differ between
    cores. With `save` the descriptor moves on with each instruction that uses it: the
    next one begins behind the last element (one dimension: offset + extent * stride;
    two: offset + extent1 * stride1).

    **Constraints**
    - mem-c1: an extent that is a number lies in 1 to 65,535
    - mem-c2: a stride that is a number lies in -32,768 to 32,767
    - mem-c3: `extent1` and `stride1` come together
    - mem-c4: the fixed part of the offset is a multiple of the element size
    - mem-c5: there is exactly one of a fixed and a dynamic extent
    - mem-c6: `buffer` and parameters are declared by the role
    - mem-c7: where all is fixed and nothing is saved, the elements lie inside the buffer

    **Example**
    ```mlir
    wpe.role @r {
      wpe.param @width column
      wpe.param @height row
      wpe.buffer @w : 4096 x f16 {kind = weights}
      wpe.task @main active {
        %byte = wpe.param_value @width : i32
        %n = wpe.param_value @height : i32
        %all = wpe.mem @w extent(16) stride(1) : f16
        %column = wpe.mem @w offset(%byte + 8) extent(@width) stride(1) {save} : f16
        %block = wpe.mem @w offset(64) extent(%n) stride(1) extent1(@height) stride1(@width) : f16
      }
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$buffer, Optional<I32>:$offset,
                       DefaultValuedAttr<I64Attr, "0">:$static_offset,
                       Optional<I32>:$dynamic_extent, OptionalAttr<WPE_SizeAttr>:$extent,
                       WPE_SizeAttr:$stride, OptionalAttr<WPE_SizeAttr>:$extent1,
                       OptionalAttr<WPE_SizeAttr>:$stride1,
                       WPE_ElementTypeAttr:$element, UnitAttr:$save);
  let assemblyFormat = [{
    $buffer `` custom<MemShape>($offset, $static_offset, $dynamic_extent, $extent, $stride,
                             $extent1, $stride1) attr-dict `:` $element
  }];
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$buffer, "::mlir::Type":$element,
                   "const ::wafer::wpe::MemShape &":$shape)>];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

class WPE_FabricDescriptor<string mnemonic> : WPE_Descriptor<mnemonic> {
  let hasVerifier = 1;
}

def WPE_FabInOp : WPE_FabricDescriptor<"fabin"> {
  let summary = "descriptor of words of an input queue";
  let description = [{
    The next `extent` elements that arrive. `packed`: 16-bit elements travel two to a
    wavelet, low half first.

    **Constraints**
    - fabin-c1: an extent that is a number lies in 1 to 65,535
    - fabin-c2: only 16-bit elements are packed
    - fabin-c3: there is exactly one of a fixed and a dynamic extent
    - fabin-c4: `queue` is an input queue of the role, parameters are declared by it

    **Example**
    ```mlir
    wpe.role @r {
      wpe.param @width column
      wpe.queue @in input [@a]
      wpe.task @main active {
        %in = wpe.fabin @in extent(@width) : f16 {packed}
      }
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$queue, Optional<I32>:$dynamic_extent,
                       OptionalAttr<WPE_SizeAttr>:$extent,
                       WPE_ElementTypeAttr:$element, UnitAttr:$packed);
  let assemblyFormat = [{
    $queue `extent` `(` custom<Extent>($dynamic_extent, $extent) `)` `:` $element attr-dict
  }];
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$queue, "::mlir::Type":$element,
                   "::wafer::wpe::Size":$extent, CArg<"bool", "false">:$packed)>];
}

def WPE_FabOutOp : WPE_FabricDescriptor<"fabout"> {
  let summary = "descriptor of words of an output queue";
  let description = [{
    The next `extent` elements that leave. `packed` as in `wpe.fabin`. `control`: each
    32-bit element is sent as a control wavelet. `advance_switch`: a control wavelet that
    advances the switches follows the last element.

    **Constraints**
    - fabout-c1: an extent that is a number lies in 1 to 65,535
    - fabout-c2: only 16-bit elements are packed
    - fabout-c3: there is exactly one of a fixed and a dynamic extent
    - fabout-c4: control elements have 32 bits
    - fabout-c5: `queue` is an output queue of the role, parameters are declared by it

    **Example**
    ```mlir
    wpe.role @r {
      wpe.param @width column
      wpe.queue @out output [@a]
      wpe.task @main active {
        %out = wpe.fabout @out extent(@width) : f16 {packed, advance_switch}
      }
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$queue, Optional<I32>:$dynamic_extent,
                       OptionalAttr<WPE_SizeAttr>:$extent,
                       WPE_ElementTypeAttr:$element, UnitAttr:$packed, UnitAttr:$control,
                       UnitAttr:$advance_switch);
  let assemblyFormat = [{
    $queue `extent` `(` custom<Extent>($dynamic_extent, $extent) `)` `:` $element attr-dict
  }];
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$queue, "::mlir::Type":$element,
                   "::wafer::wpe::Size":$extent, CArg<"bool", "false">:$packed,
                   CArg<"bool", "false">:$advanceSwitch, CArg<"bool", "false">:$control)>];
}

class WPE_Vector<string mnemonic, list<Trait> traits = []>
    : WPE_Op<mnemonic, !listconcat([AttrSizedOperandSegments], traits)> {
  dag vectorArguments = (ins StrAttr:$mnemonic, WPE_Dsd:$dest, Optional<WPE_Dsd>:$src0,
                             Optional<WPE_Dsd>:$src1, Optional<WPE_Scalar>:$scalar);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  code vectorDeclarations = [{
    /// The instruction; the verifier has checked the mnemonic.
    ::wafer::Opcode getOpcode();
  }];
}

def WPE_VecOp : WPE_Vector<"vec"> {
  let summary = "a vector instruction, to its end";
  let description = [{
    Runs a vector instruction of include/wafer/Image/Opcodes.def and goes on when its
    last element is done. Operands are the destination, the sources, and a scalar: of a
    multiply-add the factor, of a shift the distance, else the value that stands for
    every missing source. Its type follows the operands where the mnemonic leaves a
    choice; `_` marks a missing first source before a second one.

    The number of elements is the extent of the first of src0, src1 and dest whose
    descriptor has a non-zero one, else 1. So *a zero extent does not mean that nothing
    happens*: where an extent may be zero on some core the instruction stands under a
    `wpe.if`.

    **Constraints**
    - vec-c1: the mnemonic is a vector instruction
    - vec-c2: a multiply-add and a shift have all their sources and a scalar
    - vec-c3: every other mnemonic has a scalar exactly where a source is missing
    - vec-c4: there are no more sources than the mnemonic has
    - vec-c5: the scalar is f16 or f32 where its operand is, and any type of the
      right width (i32 for 16-bit patterns too) for moves and integers

    **Example**
    ```mlir
    wpe.role @r {
      wpe.buffer @y : 64 x f32 {kind = scratch}
      wpe.buffer @w : 64 x f16 {kind = weights}
      wpe.task @main active {
        %x = wpe.constant 2.0 : f16
        %zero = wpe.constant 0.0 : f32
        %y = wpe.mem @y extent(64) stride(1) : f32
        %w = wpe.mem @w extent(64) stride(1) : f16
        wpe.vec mov32 %y, %zero : f32
        wpe.vec fmachs %y, %y, %w, %x
        wpe.vec fsubs %y, _, %y, %zero : f32
      }
    }
    ```
  }];
  let arguments = vectorArguments;
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$mnemonic, "::mlir::Value":$dest,
                   CArg<"::mlir::Value", "{}">:$src0, CArg<"::mlir::Value", "{}">:$src1,
                   CArg<"::mlir::Value", "{}">:$scalar)>];
  let skipDefaultBuilders = 1;
  let extraClassDeclaration = vectorDeclarations;
}

def WPE_VecAsyncOp : WPE_Vector<"vec.async", [
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a vector instruction in a microthread";
  let description = [{
    Starts a vector instruction in a microthread and goes on. When it is done, the
    named task is activated or unblocked. Buffers that it uses must not be touched
    before.

    **Constraints**
    - vec.async-c1 to vec.async-c5: as for `wpe.vec`
    - vec.async-c6: the microthread lies in 0 to 7
    - vec.async-c7: it activates or unblocks, not both
    - vec.async-c8: the task is declared by the role
    - vec.async-c9: at least one operand is a fabric descriptor

    **Example**
    ```mlir
    wpe.role @r {
      wpe.buffer @y : 64 x f32 {kind = scratch}
      wpe.queue @out output [@a]
      wpe.task @main active {
        %y = wpe.mem @y extent(64) stride(1) : f32
        %out = wpe.fabout @out extent(64) : f32
        wpe.vec.async mov32 %out, %y microthread(2) activate(@sent)
      }
      wpe.task @sent {
      }
    }
    ```
  }];
  let arguments = !con(vectorArguments,
    (ins I64Attr:$microthread, OptionalAttr<FlatSymbolRefAttr>:$activate,
         OptionalAttr<FlatSymbolRefAttr>:$unblock));
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$mnemonic, "int64_t":$microthread,
                   "::llvm::StringRef":$activate, "::mlir::Value":$dest,
                   CArg<"::mlir::Value", "{}">:$src0, CArg<"::mlir::Value", "{}">:$src1,
                   CArg<"::mlir::Value", "{}">:$scalar)>];
  let skipDefaultBuilders = 1;
  let extraClassDeclaration = vectorDeclarations;
}

#endif // WAFER_WPE_VECTORS_TD
