# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# A compiler is built on our IR, with one shared MLIR, and takes a model down to
# code.
include(${CMAKE_CURRENT_LIST_DIR}/Common.cmake)

configure(dialects ${WORK_DIR}/package)
run(COMMAND ${configure})
run(COMMAND ${CMAKE_COMMAND} --build ${build})
run(COMMAND ${build}/build-program ${CMAKE_CURRENT_LIST_DIR}/dialects/tiny.mlir
  EXPECT "rules")
string(REGEX REPLACE "[ \n]+" " " output "${output}")
foreach(operation "wgraph.weight private @embed" "wafer.slicing @d rows 16 over 4"
    "wfabric.family @even" "wpe.role @copy" "compiled to")
  string(FIND "${output}" "${operation}" place)
  if(place EQUAL -1)
    message(FATAL_ERROR "expected '${operation}' but got:\n${output}")
  endif()
endforeach()
run(COMMAND ${READELF} -d ${build}/build-program EXPECT "libMLIR.so")
# A static part of MLIR beside the shared library would define its functions.
run(COMMAND ${READELF} -sW ${build}/build-program)
if(output MATCHES "FUNC +GLOBAL +DEFAULT +[0-9]+ (_ZN4mlir9Operation[A-Za-z0-9_]*)")
  message(FATAL_ERROR "build-program has its own copy of MLIR: ${CMAKE_MATCH_1}")
endif()
