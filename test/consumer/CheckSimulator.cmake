# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# A simulator is built, runs, and has nothing to do with MLIR and LLVM, although
# the whole package is installed.
include(${CMAKE_CURRENT_LIST_DIR}/Common.cmake)

foreach(prefix simulator package)
  configure(simulator ${WORK_DIR}/${prefix}
    -D CMAKE_DISABLE_FIND_PACKAGE_MLIR=ON -D CMAKE_DISABLE_FIND_PACKAGE_LLVM=ON
    -D CMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON)
  run(COMMAND ${configure} --trace-expand --trace-format=human)
  if(output MATCHES "find_package\\((MLIR|LLVM)")
    message(FATAL_ERROR "find_package(Wafer COMPONENTS Simulator) looks for ${CMAKE_MATCH_1}")
  endif()
  run(COMMAND ${CMAKE_COMMAND} --build ${build})
  run(COMMAND ${build}/run-chain ${CMAKE_CURRENT_LIST_DIR}/simulator/chain.wtext
    EXPECT "8 16 24 32 after")
  run(COMMAND ${READELF} -d ${build}/run-chain EXPECT "NEEDED")
  if(output MATCHES "NEEDED[^\n]*(MLIR|LLVM)")
    message(FATAL_ERROR "run-chain links ${CMAKE_MATCH_1}:\n${output}")
  endif()
endforeach()

# It takes a text that is wrong as an error of the text.
file(READ ${CMAKE_CURRENT_LIST_DIR}/simulator/chain.wtext text)
string(REPLACE "stream @result color 7 from 7 0 to host rect 7 0 1 1\n" "" text "${text}")
file(WRITE ${WORK_DIR}/undeclared.wtext "${text}")
run(COMMAND ${build}/run-chain ${WORK_DIR}/undeclared.wtext FAILS
  EXPECT "no-undeclared-source")
