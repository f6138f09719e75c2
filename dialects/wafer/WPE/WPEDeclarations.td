// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Roles, what they declare, and the regions that run them.
#ifndef WAFER_WPE_DECLARATIONS_TD
#define WAFER_WPE_DECLARATIONS_TD

include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "wafer/WPE/WPEAttrs.td"
include "wafer/WPE/WPETypes.td"

def WPE_RoleOp : WPE_Op<"role", [
    HasParent<"::mlir::ModuleOp">, IsolatedFromAbove, SingleBlock, NoTerminator,
    NoRegionArguments, SymbolTable, Symbol]> {
  let summary = "a program that many cores run";
  let description = [{
    Declares parameters, buffers and queues, and holds the tasks and subroutines of
    the program. `wpe-allocate` adds the SRAM byte of the parameter block and the
    bytes of the code.

    **Constraints**
    - role-c1: the body holds only `wpe.param`, `wpe.buffer`, `wpe.queue`,
      `wpe.func` and `wpe.task`, and these hold only operations of this dialect
    - role-c2: there is at least one task
    - role-c3: the operands of vector instructions fit the mnemonic: sources are
      memory or fabric inputs, at most one of them a fabric input, the destination
      is memory or a fabric output, element types are those of the mnemonic (16-bit
      and 32-bit moves take any type of that width)
    - role-c4: a descriptor with `save` is not used as second source and elsewhere
      (that would be two registers, stepping apart), nor by an asynchronous
      instruction (its register may be in use again before the step back is written)
    - role-c5: subroutines do not call each other in a circle

    **Example**
    ```mlir
    wpe.role @copy {
      wpe.param @width column
      wpe.buffer @x : 64 x f32 {kind = scratch}
      wpe.queue @in input [@chain]
      wpe.task @main active {
        %in = wpe.fabin @in extent(@width) : f32
        %x = wpe.mem @x extent(@width) stride(1) : f32
        wpe.vec mov32 %x, %in
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<I64Attr>:$param_offset,
                       OptionalAttr<I64Attr>:$code_bytes);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name (`params_at` `(` $param_offset^ `)`)? (`code_bytes` `(` $code_bytes^ `)`)?
    attr-dict-with-keyword $body
  }];
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name)>];
  let skipDefaultBuilders = 1;
  let hasRegionVerifier = 1;
}

class WPE_Declaration<string mnemonic, list<Trait> traits = []>
    : WPE_Op<mnemonic, !listconcat([HasParent<"RoleOp">, Symbol], traits)>;

def WPE_ParamOp : WPE_Declaration<"param"> {
  let summary = "a halfword that differs between cores";
  let description = [{
    Declares an unsigned 16-bit value that is a function of the core's row, of its
    column, or one per region. Each region gives a table or a value of this name.

    **Example**
    ```mlir
    wpe.role @idle {
      wpe.param @rows row
      wpe.param @columns column
      wpe.param @layers region
      wpe.task @main active {
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, WPE_ParamKindAttr:$kind);
  let assemblyFormat = "$sym_name $kind attr-dict";
}

def WPE_BufferOp : WPE_Declaration<"buffer"> {
  let summary = "a named range of a core's SRAM";
  let description = [{
    Declares `size` elements (the most that any core of the role needs). `weights` are
    filled by the loader, `state` is kept and may be read back, `scratch` is neither; two
    scratch buffers whose `live` ranges are disjoint may share bytes. A live range is a
    half-open interval of points that the producer numbers as it likes. `at` is the SRAM
    byte that `wpe-allocate` chose.

    **Constraints**
    - buffer-c1: size is at least 1 and the buffer is smaller than 65,536 bytes
    - buffer-c2: only scratch buffers have a live range, and it is not empty
    - buffer-c3: `at` is a multiple of 4 in 0 to 65,535

    **Example**
    ```mlir
    wpe.role @idle {
      wpe.buffer @w : 4096 x f16 {kind = weights}
      wpe.buffer @x : 64 x f32 {kind = scratch} live(2 to 5) at(8192)
      wpe.task @main active {
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$size,
                       WPE_ElementTypeAttr:$element, WPE_BufferKindAttr:$kind,
                       OptionalAttr<I64Attr>:$live_begin, OptionalAttr<I64Attr>:$live_end,
                       OptionalAttr<I64Attr>:$offset);
  let assemblyFormat = [{
    $sym_name `:` $size `x` $element ` ` `{` `kind` `=` $kind `}`
    (`live` `(` $live_begin^ `to` $live_end `)`)? (`at` `(` $offset^ `)`)? attr-dict
  }];
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$name, "int64_t":$size, "::mlir::Type":$element,
                   "::wafer::wpe::BufferKind":$kind)>];
  let extraClassDeclaration = [{
    /// Bytes of the whole buffer.
    int64_t getBytes();
  }];
  let hasVerifier = 1;
}

def WPE_QueueOp : WPE_Declaration<"queue"> {
  let summary = "an input or output queue of a role";
  let description = [{
    Declares a queue and names the streams (`wfabric.family`, `wfabric.stream` of the
    module) that it may be bound to. Which of them holds at a core follows from where
    they have a sink (input) or a source (output); routing turns that into a color by
    row or column. `id` is the queue of the machine that `wpe-allocate` chose.

    **Constraints**
    - queue-c1: there is at least one stream and none twice
    - queue-c2: `id` lies in 0 to 7

    **Example**
    ```mlir
    wpe.role @idle {
      wpe.queue @from_west input [@row_even, @row_odd]
      wpe.queue @to_east output [@row_even, @row_odd] id(2)
      wpe.task @main active {
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, WPE_QueueDirectionAttr:$direction,
                       FlatSymbolRefArrayAttr:$streams, OptionalAttr<I64Attr>:$id);
  let assemblyFormat = [{
    $sym_name $direction $streams (`id` `(` $id^ `)`)? attr-dict
  }];
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$name, "::wafer::wpe::QueueDirection":$direction,
                   "::llvm::ArrayRef<::llvm::StringRef>":$streams)>];
  let hasVerifier = 1;
}

def WPE_FuncOp : WPE_Declaration<"func", [
    IsolatedFromAbove, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "a subroutine without arguments and results";
  let description = [{
    Code that several places of a role share through `wpe.call`. It talks to its
    callers through buffers only. Its registers are apart from those that are live
    where it is called, so a call saves and restores nothing.

    **Example**
    ```mlir
    wpe.role @twice {
      wpe.buffer @x : 8 x f32 {kind = scratch}
      wpe.func @clear {
        %zero = wpe.constant 0.0 : f32
        %x = wpe.mem @x extent(8) stride(1) : f32
        wpe.vec mov32 %x, %zero : f32
      }
      wpe.task @main active {
        wpe.call @clear
        wpe.call @clear
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$name,
      CArg<"::llvm::function_ref<void(::mlir::OpBuilder &, ::mlir::Location)>", "nullptr">:$body)>];
  let skipDefaultBuilders = 1;
}

def WPE_TaskOp : WPE_Declaration<"task", [
    IsolatedFromAbove, SingleBlock, NoTerminator, NoRegionArguments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "an entry of a core's task table";
  let description = [{
    Code that runs to its end once it is started, then gives the core back. A local
    task starts when it is active and not blocked; `active` and `blocked` say how it
    begins. A `data` task starts when a data wavelet is at the head of its queue, a
    `control` task when a control wavelet with its entry number is at the head of any
    queue; both consume the wavelet (`wpe.payload`).

    **Constraints**
    - task-c1: a task has at most one of `data` and `control`
    - task-c2: only local tasks are `active`
    - task-c3: a control entry lies in 0 to 63
    - task-c4: `data` names an input queue of the role

    **Example**
    ```mlir
    wpe.role @echo {
      wpe.queue @in input [@a]
      wpe.task @start active {
      }
      wpe.task @received data(@in) blocked {
        %word = wpe.payload : i32
      }
      wpe.task @flush control(5) {
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<FlatSymbolRefAttr>:$data,
                       OptionalAttr<I64Attr>:$control, UnitAttr:$active,
                       UnitAttr:$blocked);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name (`data` `(` $data^ `)`)? (`control` `(` $control^ `)`)?
    (`active` $active^)? (`blocked` $blocked^)? attr-dict-with-keyword $body
  }];
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$name, "bool":$active,
      CArg<"::llvm::function_ref<void(::mlir::OpBuilder &, ::mlir::Location)>", "nullptr">:$body)>];
  let skipDefaultBuilders = 1;
  let extraClassDeclaration = [{
    /// Neither a data nor a control task.
    bool isLocal() { return !getData() && !getControl(); }
  }];
  let hasVerifier = 1;
}

def WPE_RegionOp : WPE_Op<"region", [
    HasParent<"::mlir::ModuleOp">, Symbol, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a rectangle of cores with one role";
  let description = [{
    The cores x to x + width - 1, y to y + height - 1 run the role. `rows` has a table
    of `height` values for each row parameter, `columns` one of `width` values for each
    column parameter, `values` one number for each region parameter.

    **Constraints**
    - region-c1: width and height are at least 1, x and y at least 0
    - region-c2: a row table has height entries, a column table width entries
    - region-c3: a value lies in 0 to 65,535
    - region-c4: the role exists, and the names are exactly its parameters of that kind

    **Example**
    ```mlir
    wpe.role @layer {
      wpe.param @rows row
      wpe.param @layers region
      wpe.task @main active {
      }
    }
    wpe.region @stage0 role(@layer) rect(4, 0, 13, 3)
      rows {rows = #wpe.table<[2 x 11, 10]>} values {layers = 5}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefAttr:$role,
                       I64Attr:$x, I64Attr:$y, I64Attr:$width, I64Attr:$height,
                       DictionaryAttr:$rows,
                       DictionaryAttr:$columns,
                       DictionaryAttr:$values);
  let assemblyFormat = [{
    $sym_name `role` `(` $role `)` `rect` `(` $x `,` $y `,` $width `,` $height `)`
    `` custom<RegionTables>($rows, $columns, $values) attr-dict
  }];
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$name, "::llvm::StringRef":$role,
                   "int64_t":$x, "int64_t":$y, "int64_t":$width, "int64_t":$height,
                   "::llvm::ArrayRef<::mlir::NamedAttribute>":$rows,
                   "::llvm::ArrayRef<::mlir::NamedAttribute>":$columns,
                   "::llvm::ArrayRef<::mlir::NamedAttribute>":$values)>];
  let hasVerifier = 1;
}

#endif // WAFER_WPE_DECLARATIONS_TD
