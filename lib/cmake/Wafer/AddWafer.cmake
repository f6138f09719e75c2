# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Helpers to declare Wafer's own targets.

set(WAFER_WARNINGS -Wall -Wextra -Wno-unused-parameter)
if(WAFER_ENABLE_WERROR)
  list(APPEND WAFER_WARNINGS -Werror)
endif()
if(WAFER_ENABLE_ASSERTIONS)
  string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
  string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
endif()

# wafer_add_library(NAME sources... [LINK libs...])
# A static library that links neither MLIR nor LLVM, installed and exported as
# Wafer::NAME.
function(wafer_add_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  add_library(Wafer::${name} ALIAS ${name})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  # The simulated arithmetic must not depend on the host's fused multiply-add.
  target_compile_options(${name} PRIVATE ${WAFER_WARNINGS} -ffp-contract=off)
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  install(TARGETS ${name} EXPORT WaferTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

# wafer_add_unittest(NAME sources... LINK libs...): one gtest binary, run by ctest.
function(wafer_add_unittest name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE ${WAFER_WARNINGS} -ffp-contract=off)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/unit)
  add_test(NAME ${name} COMMAND ${name})
endfunction()
