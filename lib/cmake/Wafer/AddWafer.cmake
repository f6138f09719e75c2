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

# What is installed belongs to one of three components: Simulator (no MLIR, no
# LLVM), Dialects (the compiler's libraries) and Tools. The first two are also
# the components of find_package(Wafer); lib/cmake/Wafer/WaferConfig.cmake.in.

# wafer_link_libraries(NAME LINK libs... [PUBLIC_LINK libs...])
# Links our own libraries publicly and other packages privately, so that who
# uses an installed library sees nothing of them; a compiled one (fmt) is still
# named for the linker, a header-only one (nlohmann_json) not even that. No
# installed header may include them. PUBLIC_LINK names packages for which that
# cannot be.
function(wafer_link_libraries name)
  cmake_parse_arguments(ARG "" "" "LINK;PUBLIC_LINK" ${ARGN})
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC_LINK})
  foreach(library IN LISTS ARG_LINK)
    if(NOT library MATCHES "::")
      target_link_libraries(${name} PUBLIC ${library})
      continue()
    endif()
    get_target_property(type ${library} TYPE)
    get_target_property(links ${library} INTERFACE_LINK_LIBRARIES)
    if(type STREQUAL INTERFACE_LIBRARY AND NOT links)
      target_link_libraries(${name} PUBLIC $<BUILD_INTERFACE:${library}>)
    else()
      target_link_libraries(${name} PRIVATE ${library})
    endif()
  endforeach()
endfunction()

# wafer_install_headers(FOLDER COMPONENT [EXCLUDE names...]): the public headers
# of include/wafer/FOLDER.
function(wafer_install_headers folder component)
  cmake_parse_arguments(ARG "" "" "EXCLUDE" ${ARGN})
  set(excludes "")
  foreach(header IN LISTS ARG_EXCLUDE)
    list(APPEND excludes PATTERN ${header} EXCLUDE)
  endforeach()
  if(IS_DIRECTORY ${PROJECT_SOURCE_DIR}/include/wafer/${folder})
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/wafer/${folder}
      DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/wafer COMPONENT ${component}
      FILES_MATCHING PATTERN "*.h" PATTERN "*.def" ${excludes})
  endif()
endfunction()

# wafer_install_library(NAME COMPONENT): installs the library WaferX and exports
# it as Wafer::X.
function(wafer_install_library name component)
  string(REGEX REPLACE "^Wafer" "" short ${name})
  add_library(Wafer::${short} ALIAS ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${short})
  target_compile_features(${name} PUBLIC cxx_std_17)
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  install(TARGETS ${name} EXPORT Wafer${component}Targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component})
endfunction()

# wafer_add_library(NAME sources... [LINK libs...] [PUBLIC_LINK libs...]
#                   [PRIVATE_HEADERS names...])
# A static library that links neither MLIR nor LLVM. The headers of the folder
# of its name under include/wafer are installed with it, but for PRIVATE_HEADERS.
function(wafer_add_library name)
  cmake_parse_arguments(ARG "" "" "LINK;PUBLIC_LINK;PRIVATE_HEADERS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  # The simulated arithmetic must not depend on the host's fused multiply-add.
  target_compile_options(${name} PRIVATE ${WAFER_WARNINGS} -ffp-contract=off)
  wafer_link_libraries(${name} LINK ${ARG_LINK} PUBLIC_LINK ${ARG_PUBLIC_LINK})
  wafer_install_library(${name} Simulator)
  string(REGEX REPLACE "^Wafer" "" folder ${name})
  wafer_install_headers(${folder} Simulator EXCLUDE ${ARG_PRIVATE_HEADERS})
endfunction()

# wafer_install_tool(NAME): installs the program and exports it as Wafer::NAME.
function(wafer_install_tool name)
  install(TARGETS ${name} EXPORT WaferToolsTargets
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT Tools)
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
