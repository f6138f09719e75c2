// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalars in registers, and their loads and stores.
#ifndef WAFER_WPE_SCALARS_TD
#define WAFER_WPE_SCALARS_TD

include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "wafer/WPE/WPEAttrs.td"
include "wafer/WPE/WPETypes.td"

def WPE_ConstantOp : WPE_Op<"constant", [
    ConstantLike, Pure, AllTypesMatch<["value", "result"]>]> {
  let summary = "a scalar constant";
  let description = [{
    Zero of any type is register 0 and costs nothing; constants that fit an immediate
    operand of all their users cost nothing either.

    **Example**
    ```mlir
    wpe.role @r {
      wpe.task @main active {
        %n = wpe.constant 42 : i32
        %x = wpe.constant 1.5 : f32
        %h = wpe.constant 2.5e-1 : f16
      }
    }
    ```
  }];
  let arguments = (ins TypedAttrInterface:$value);
  let results = (outs WPE_Scalar:$result);
  let assemblyFormat = "$value attr-dict";
  let builders = [
    OpBuilder<(ins "int32_t":$value)>, OpBuilder<(ins "float":$value)>];
  let extraClassDeclaration = [{
    /// The 32 bits that a register holds; an f16 stands in the low half.
    uint32_t getBits();
  }];
  let hasFolder = 1;
}

def WPE_ParamValueOp : WPE_Op<"param_value", [
    Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "reads a parameter";
  let description = [{
    The unsigned 16-bit value of a parameter at this core.

    **Constraints**
    - param_value-c1: `param` names a parameter of the role

    **Example**
    ```mlir
    wpe.role @r {
      wpe.param @rows row
      wpe.task @main active {
        %rows = wpe.param_value @rows : i32
      }
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$param);
  let results = (outs I32:$result);
  let assemblyFormat = "$param `:` type($result) attr-dict";
}

def WPE_PayloadOp : WPE_Op<"payload"> {
  let summary = "the wavelet that started the task";
  let description = [{
    The 32 bits of the data or control wavelet that the task consumed.

    **Constraints**
    - payload-c1: it stands directly in the body of a data or control task, once

    **Example**
    ```mlir
    wpe.role @r {
      wpe.queue @in input [@a]
      wpe.task @received data(@in) {
        %word = wpe.payload : i32
      }
    }
    ```
  }];
  let results = (outs I32:$result);
  let assemblyFormat = "`:` type($result) attr-dict";
  let hasVerifier = 1;
}

def WPE_ClockOp : WPE_Op<"clock"> {
  let summary = "reads the low word of the cycle counter";
  let description = [{
    The number of the cycle in which the instruction acts, modulo 2^32. Two reads
    are never merged.

    **Example**
    ```mlir
    wpe.role @r {
      wpe.task @main active {
        %now = wpe.clock : i32
      }
    }
    ```
  }];
  let results = (outs I32:$result);
  let assemblyFormat = "`:` type($result) attr-dict";
}

class WPE_Binary<string mnemonic, Type type, string what, list<Trait> traits = []>
    : WPE_Op<mnemonic, !listconcat([Pure, SameOperandsAndResultType], traits)> {
  let summary = what;
  let description = !if(!eq(type, F32),
      "Rounds to nearest even and keeps subnormals. ",
      "Works on two's complement words of 32 bits; overflow wraps. ") # [{
    Two constants fold.

    **Example**
    ```mlir
    wpe.role @r {
      wpe.buffer @x : 2 x }] # !if(!eq(type, F32), "f32", "i32") # [{ {kind = scratch}
      wpe.task @main active {
        %a = wpe.load @x[0] : }] # !if(!eq(type, F32), "f32", "i32") # [{

        %b = wpe.load @x[4] : }] # !if(!eq(type, F32), "f32", "i32") # [{

        %c = wpe.}] # mnemonic # [{ %a, %b : }] # !if(!eq(type, F32), "f32", "i32") # [{

        wpe.store %c, @x[0] : }] # !if(!eq(type, F32), "f32", "i32") # [{

      }
    }
    ```
  }];
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
  let assemblyFormat = "$lhs `,` $rhs `:` type($result) attr-dict";
  let hasFolder = 1;
}

def WPE_AddOp : WPE_Binary<"add", I32, "integer sum", [Commutative]>;
def WPE_SubOp : WPE_Binary<"sub", I32, "integer difference">;
def WPE_MulOp : WPE_Binary<"mul", I32, "low word of the integer product", [Commutative]>;
def WPE_AndOp : WPE_Binary<"and", I32, "bitwise and", [Commutative]>;
def WPE_OrOp : WPE_Binary<"or", I32, "bitwise or", [Commutative]>;
def WPE_XorOp : WPE_Binary<"xor", I32, "bitwise exclusive or", [Commutative]>;
def WPE_ShlOp : WPE_Binary<"shl", I32, "shift left by the right operand modulo 32">;
def WPE_ShrOp : WPE_Binary<"shr", I32, "logical shift right by the right operand modulo 32">;
def WPE_SarOp : WPE_Binary<"sar", I32, "arithmetic shift right by the right operand modulo 32">;
def WPE_MinOp : WPE_Binary<"min", I32, "signed minimum", [Commutative]>;
def WPE_MaxOp : WPE_Binary<"max", I32, "signed maximum", [Commutative]>;

def WPE_FAddOp : WPE_Binary<"fadd", F32, "binary32 sum", [Commutative]>;
def WPE_FSubOp : WPE_Binary<"fsub", F32, "binary32 difference">;
def WPE_FMulOp : WPE_Binary<"fmul", F32, "binary32 product", [Commutative]>;
def WPE_FDivOp : WPE_Binary<"fdiv", F32, "binary32 quotient">;
def WPE_FMaxOp : WPE_Binary<"fmax", F32, "binary32 maximum; NaN with a NaN">;
def WPE_FMinOp : WPE_Binary<"fmin", F32, "binary32 minimum; NaN with a NaN">;

def WPE_CastOp : WPE_Op<"cast", [Pure]> {
  let summary = "converts a scalar";
  let description = [{
    f32 to f16 and i32 to f32 round to nearest even; f32 to i32 too, and saturates (a NaN
    gives 0); f16 to f32 is exact.

    **Constraints**
    - cast-c1: the types are f32 and f16, or f32 and i32, in either order

    **Example**
    ```mlir
    wpe.role @r {
      wpe.param @rows row
      wpe.task @main active {
        %rows = wpe.param_value @rows : i32
        %f = wpe.cast %rows : i32 -> f32
        %h = wpe.cast %f : f32 -> f16
      }
    }
    ```
  }];
  let arguments = (ins WPE_Scalar:$input);
  let results = (outs WPE_Scalar:$result);
  let assemblyFormat = "$input `:` type($input) `->` type($result) attr-dict";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def WPE_BitcastOp : WPE_Op<"bitcast", [Pure]> {
  let summary = "reads the bits of a register as another type";
  let description = [{
    Costs nothing. An f16 stands in the low half of its register; what stands in the
    high half of a value cast to f16 has no effect on it.

    **Example**
    ```mlir
    wpe.role @r {
      wpe.buffer @x : 2 x f32 {kind = scratch}
      wpe.task @main active {
        %a = wpe.load @x[0] : f32
        %bits = wpe.bitcast %a : f32 -> i32
      }
    }
    ```
  }];
  let arguments = (ins WPE_Scalar:$input);
  let results = (outs WPE_Scalar:$result);
  let assemblyFormat = "$input `:` type($input) `->` type($result) attr-dict";
  let hasFolder = 1;
}

def WPE_LoadOp : WPE_Op<"load", [
    MemoryEffects<[MemRead]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "reads one element of a buffer";
  let description = [{
    Reads the element at byte `index + offset` of the buffer. A 16-bit integer is
    extended with zeros, or with its sign where `signed` is given.

    **Constraints**
    - load-c1: `signed` is for i16 buffers
    - load-c2: `buffer` names a buffer of the role, and the result is i32 for i16 and
      i32 elements, else the element type
    - load-c3: the offset is a multiple of the element size; without an index the
      element lies inside the buffer

    **Example**
    ```mlir
    wpe.role @r {
      wpe.buffer @x : 8 x f32 {kind = scratch}
      wpe.buffer @n : 8 x i16 {kind = scratch}
      wpe.task @main active {
        %n = wpe.load @n[2] signed : i32
        %x = wpe.load @x[%n + 4] : f32
      }
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$buffer, Optional<I32>:$index,
                       DefaultValuedAttr<I64Attr, "0">:$offset, UnitAttr:$sign_extend);
  let results = (outs WPE_Scalar:$result);
  let assemblyFormat = [{
    $buffer `` custom<ByteAddress>($index, $offset) (`signed` $sign_extend^)? attr-dict
    `:` type($result)
  }];
}

def WPE_StoreOp : WPE_Op<"store", [
    MemoryEffects<[MemWrite]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "writes one element of a buffer";
  let description = [{
    Writes the element at byte `index + offset` of the buffer; an i16 element takes the
    low half of the value.

    **Constraints**
    - store-c1: `buffer` names a buffer of the role, and the value is i32 for i16 and
      i32 elements, else of the element type
    - store-c2: the offset is a multiple of the element size; without an index the
      element lies inside the buffer

    **Example**
    ```mlir
    wpe.role @r {
      wpe.buffer @x : 8 x f32 {kind = scratch}
      wpe.task @main active {
        %one = wpe.constant 1.0 : f32
        wpe.store %one, @x[8] : f32
      }
    }
    ```
  }];
  let arguments = (ins WPE_Scalar:$value, FlatSymbolRefAttr:$buffer, Optional<I32>:$index,
                       DefaultValuedAttr<I64Attr, "0">:$offset);
  let assemblyFormat = [{
    $value `,` $buffer `` custom<ByteAddress>($index, $offset) `:` type($value) attr-dict
  }];
}

#endif // WAFER_WPE_SCALARS_TD
