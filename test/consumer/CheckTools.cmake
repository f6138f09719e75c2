# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The installed tools work from where they were moved to.
include(${CMAKE_CURRENT_LIST_DIR}/Common.cmake)

set(bin ${WORK_DIR}/package/bin)
set(data ${WORK_DIR}/package/share/wafer)
file(MAKE_DIRECTORY ${WORK_DIR}/elsewhere)

run(COMMAND ${bin}/wsec --version DIRECTORY ${WORK_DIR}/elsewhere
  EXPECT "wsec ${VERSION}")
# A shipped machine by its name; the same from its file.
run(COMMAND ${bin}/wsec machine wse3 --json DIRECTORY ${WORK_DIR}/elsewhere)
set(by_name "${output}")
run(COMMAND ${bin}/wsec machine ${data}/machines/wse3.json --json)
if(NOT output STREQUAL by_name)
  message(FATAL_ERROR "the installed machine file is not the machine wse3")
endif()

set(image ${WORK_DIR}/elsewhere/chain.wafer)
run(COMMAND ${bin}/wsec assemble
  ${CMAKE_CURRENT_LIST_DIR}/simulator/chain.wtext -o ${image})
run(COMMAND ${bin}/wsec verify ${image})
run(COMMAND ${bin}/wsec run ${image} EXPECT "cycles")

if(COMPILER_PART)
  set(model ${CMAKE_CURRENT_LIST_DIR}/dialects/tiny.mlir)
  run(COMMAND ${bin}/wsec-opt ${model} --wafer-optimize EXPECT "wgraph.model @tiny")
  run(COMMAND ${bin}/wsec-reduce --help EXPECT "reduction-tree")
  run(COMMAND ${bin}/wsec-lsp-server --help EXPECT "OPTIONS")
  # The demo model, for a machine that is part of the tool.
  run(COMMAND ${bin}/wsec compile ${data}/demo/shakespeare-qwen3
    --machine wse3 --context 64 --stop-after partition
    DIRECTORY ${WORK_DIR}/elsewhere EXPECT "wafer.stage")
  # The plugin, in the tool that Debian ships.
  set(plugin ${WORK_DIR}/package/${LIBDIR}/WaferPlugin.so)
  run(COMMAND ${LLVM_TOOLS_DIR}/mlir-opt --load-dialect-plugin=${plugin}
    --load-pass-plugin=${plugin} ${model} "--pass-pipeline=builtin.module(wafer-optimize)"
    EXPECT "wgraph.model @tiny")
endif()
