# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# MLIR for the compiler part: finds the package and declares helpers for
# dialects, libraries and tools that link the shared libMLIR.
#
# HandleLLVMOptions is left out on purpose: it rewrites the flags of every
# target, and the command line library (CLI11) needs exceptions. libMLIR is
# built with RTTI, so no flag has to match.

find_package(MLIR 22.1 REQUIRED CONFIG PATHS /usr/lib/llvm-22)
# MLIRConfig.cmake does not export this; without it a plain link to an MLIR
# component would add a second, static copy of it.
set(MLIR_LINK_MLIR_DYLIB ON)
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)
separate_arguments(LLVM_DEFINITIONS_LIST NATIVE_COMMAND "${LLVM_DEFINITIONS}")
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})

# Stands for the shared libMLIR and libLLVM in what is exported; the package's
# config gives it the include directories found on the machine of the user.
add_library(WaferMLIR INTERFACE)
set_target_properties(WaferMLIR PROPERTIES EXPORT_NAME MLIR)
mlir_target_link_libraries(WaferMLIR INTERFACE MLIRIR)
target_link_libraries(WaferMLIR INTERFACE LLVM)
install(TARGETS WaferMLIR EXPORT WaferDialectsTargets)

set(WAFER_TABLEGEN_DEPENDENCIES "" CACHE INTERNAL "generated headers")

# wafer_add_dialect_tablegen(D mnemonic)
# Called in dialects/wafer/<D>. Generates, for each file that exists:
#   <D>Ops.td         <D>Dialect.{h,cpp}.inc and <D>Ops.{h,cpp}.inc
#   <D>Types.td       <D>Types.{h,cpp}.inc
#   <D>Attrs.td       <D>Attrs.{h,cpp}.inc
#   <D>Enums.td       <D>Enums.{h,cpp}.inc
#   <D>Interfaces.td  <D>OpInterfaces.{h,cpp}.inc
#   <D>AttrInterfaces.td <D>AttrInterfaces.{h,cpp}.inc
#   <D>Passes.td      <D>Passes.h.inc
# under build/dialects/wafer/<D>, included as "wafer/<D>/<D>Ops.h.inc". Every
# library made by wafer_add_mlir_library waits for all of them.
macro(wafer_add_dialect_tablegen D mnemonic)
  set(_here ${CMAKE_CURRENT_SOURCE_DIR})
  if(EXISTS ${_here}/${D}Ops.td)
    set(LLVM_TARGET_DEFINITIONS ${D}Ops.td)
    mlir_tablegen(${D}Dialect.h.inc -gen-dialect-decls -dialect=${mnemonic})
    mlir_tablegen(${D}Dialect.cpp.inc -gen-dialect-defs -dialect=${mnemonic})
    mlir_tablegen(${D}Ops.h.inc -gen-op-decls -dialect=${mnemonic})
    mlir_tablegen(${D}Ops.cpp.inc -gen-op-defs -dialect=${mnemonic})
  endif()
  if(EXISTS ${_here}/${D}Types.td)
    set(LLVM_TARGET_DEFINITIONS ${D}Types.td)
    mlir_tablegen(${D}Types.h.inc -gen-typedef-decls -typedefs-dialect=${mnemonic})
    mlir_tablegen(${D}Types.cpp.inc -gen-typedef-defs -typedefs-dialect=${mnemonic})
  endif()
  if(EXISTS ${_here}/${D}Attrs.td)
    set(LLVM_TARGET_DEFINITIONS ${D}Attrs.td)
    mlir_tablegen(${D}Attrs.h.inc -gen-attrdef-decls -attrdefs-dialect=${mnemonic})
    mlir_tablegen(${D}Attrs.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${mnemonic})
  endif()
  if(EXISTS ${_here}/${D}Enums.td)
    set(LLVM_TARGET_DEFINITIONS ${D}Enums.td)
    mlir_tablegen(${D}Enums.h.inc -gen-enum-decls)
    mlir_tablegen(${D}Enums.cpp.inc -gen-enum-defs)
  endif()
  if(EXISTS ${_here}/${D}Interfaces.td)
    set(LLVM_TARGET_DEFINITIONS ${D}Interfaces.td)
    mlir_tablegen(${D}OpInterfaces.h.inc -gen-op-interface-decls)
    mlir_tablegen(${D}OpInterfaces.cpp.inc -gen-op-interface-defs)
  endif()
  if(EXISTS ${_here}/${D}AttrInterfaces.td)
    set(LLVM_TARGET_DEFINITIONS ${D}AttrInterfaces.td)
    mlir_tablegen(${D}AttrInterfaces.h.inc -gen-attr-interface-decls)
    mlir_tablegen(${D}AttrInterfaces.cpp.inc -gen-attr-interface-defs)
  endif()
  if(EXISTS ${_here}/${D}Passes.td)
    wafer_add_passes_tablegen(${D})
  endif()
  wafer_finish_tablegen(${D})
endmacro()

# wafer_add_passes_tablegen(D): <D>Passes.td alone, for passes of no dialect;
# end with wafer_finish_tablegen(D).
macro(wafer_add_passes_tablegen D)
  set(LLVM_TARGET_DEFINITIONS ${D}Passes.td)
  mlir_tablegen(${D}Passes.h.inc -gen-pass-decls -name ${D})
endmacro()

# Installs what the folder declares and what was generated from it.
macro(wafer_finish_tablegen D)
  add_public_tablegen_target(Wafer${D}IncGen)
  set(WAFER_TABLEGEN_DEPENDENCIES
    ${WAFER_TABLEGEN_DEPENDENCIES} Wafer${D}IncGen CACHE INTERNAL "generated headers")
  file(GLOB _ods CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.td)
  install(FILES ${_ods}
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/wafer/${D} COMPONENT Dialects)
  install(DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/wafer/${D} COMPONENT Dialects
    FILES_MATCHING PATTERN "*.h.inc" PATTERN "CMakeFiles" EXCLUDE)
endmacro()

# ccache refuses precompiled headers unless told that macros inside them are
# as they were.
set(WAFER_PCH_LAUNCHER "")
if(WAFER_CCACHE)
  set(WAFER_PCH_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    ${WAFER_CCACHE})
endif()

function(wafer_setup_mlir_target name)
  target_compile_options(${name} PRIVATE
    ${WAFER_WARNINGS} -ffp-contract=off -Wno-array-bounds)
  target_compile_definitions(${name} PRIVATE ${LLVM_DEFINITIONS_LIST})
  if(WAFER_TABLEGEN_DEPENDENCIES)
    add_dependencies(${name} ${WAFER_TABLEGEN_DEPENDENCIES})
  endif()
  if(WAFER_PCH_LAUNCHER)
    set_target_properties(${name} PROPERTIES
      CXX_COMPILER_LAUNCHER "${WAFER_PCH_LAUNCHER}")
  endif()
endfunction()

# One target owns the precompiled header of common MLIR headers; all others
# reuse it.
function(wafer_reuse_mlir_pch name)
  if(NOT TARGET WaferMLIRHeaders)
    file(WRITE ${CMAKE_BINARY_DIR}/WaferMLIRHeaders.cpp "")
    add_library(WaferMLIRHeaders OBJECT ${CMAKE_BINARY_DIR}/WaferMLIRHeaders.cpp)
    target_compile_options(WaferMLIRHeaders PRIVATE -fpch-preprocess)
    target_precompile_headers(WaferMLIRHeaders PRIVATE
      <mlir/IR/Builders.h> <mlir/IR/BuiltinOps.h> <mlir/IR/BuiltinTypes.h>
      <mlir/IR/BuiltinAttributes.h> <mlir/IR/DialectImplementation.h>
      <mlir/IR/OpImplementation.h> <mlir/IR/OpDefinition.h>
      <mlir/IR/PatternMatch.h> <mlir/IR/SymbolTable.h>
      <mlir/Interfaces/SideEffectInterfaces.h>
      <mlir/Interfaces/InferTypeOpInterface.h>
      <mlir/Pass/Pass.h> <mlir/Transforms/DialectConversion.h>
      <llvm/ADT/TypeSwitch.h> <llvm/ADT/StringSwitch.h> <string> <vector>)
    wafer_setup_mlir_target(WaferMLIRHeaders)
  endif()
  target_compile_options(${name} PRIVATE -fpch-preprocess)
  target_precompile_headers(${name} REUSE_FROM WaferMLIRHeaders)
endfunction()

# wafer_add_mlir_library(NAME sources... [LINK ours...] [MLIR_LIBS mlir libs...])
# A static library of the compiler, installed and exported as wafer_add_library
# does. LINK takes our own targets and other packages, MLIR_LIBS the components
# of libMLIR that it uses.
function(wafer_add_mlir_library name)
  cmake_parse_arguments(ARG "" "" "LINK;MLIR_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  wafer_setup_mlir_target(${name})
  wafer_reuse_mlir_pch(${name})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/dialects>)
  wafer_link_libraries(${name} LINK ${ARG_LINK})
  mlir_target_link_libraries(${name} PUBLIC ${ARG_MLIR_LIBS})
  target_link_libraries(${name} PUBLIC WaferMLIR)
  wafer_install_library(${name} Dialects)
  string(REGEX REPLACE "^Wafer" "" folder ${name})
  wafer_install_headers(${folder} Dialects)
endfunction()

# wafer_add_mlir_tool(NAME sources... [LINK ours...] [MLIR_LIBS mlir libs...])
function(wafer_add_mlir_tool name)
  cmake_parse_arguments(ARG "" "" "LINK;MLIR_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  wafer_setup_mlir_target(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  mlir_target_link_libraries(${name} PRIVATE ${ARG_MLIR_LIBS})
  target_link_libraries(${name} PRIVATE LLVM)
  wafer_install_tool(${name})
endfunction()

# wafer_add_mlir_plugin(NAME sources... LINK ours...): a module for the plugin
# options of MLIR's tools. It must not hold a copy of MLIR: the tool that loads
# it has one.
function(wafer_add_mlir_plugin name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} MODULE ${ARG_UNPARSED_ARGUMENTS})
  wafer_setup_mlir_target(${name})
  set_target_properties(${name} PROPERTIES PREFIX "")
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  string(REGEX REPLACE "^Wafer" "" short ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${short})
  install(TARGETS ${name} EXPORT WaferToolsTargets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Tools)
endfunction()

# wafer_add_mlir_unittest(NAME sources... LINK libs...): a gtest binary that
# uses the compiler's libraries, run by ctest.
function(wafer_add_mlir_unittest name)
  wafer_add_unittest(${name} ${ARGN})
  target_compile_definitions(${name} PRIVATE ${LLVM_DEFINITIONS_LIST})
  add_dependencies(${name} ${WAFER_TABLEGEN_DEPENDENCIES})
endfunction()
