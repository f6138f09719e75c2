# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Checks of the layout and of common mistakes, with the versions of the tools
# that the configuration files are written for; without them the targets say so
# and the tests do not exist.
#   check-format   every C++ file is laid out as .clang-format says (also a test)
#   check-tidy     clang-tidy finds nothing in the library Support; the test is
#                  that .clang-tidy names checks and options that exist
find_program(WAFER_CLANG_FORMAT clang-format-22 HINTS /usr/lib/llvm-22/bin)
find_program(WAFER_CLANG_TIDY clang-tidy-22 HINTS /usr/lib/llvm-22/bin)

# wafer_add_absent_target(NAME TOOL)
function(wafer_add_absent_target name tool)
  add_custom_target(${name}
    COMMAND ${CMAKE_COMMAND} -E echo "${tool} is not installed: nothing is checked")
endfunction()

if(WAFER_CLANG_FORMAT)
  set(format_patterns "")
  foreach(folder IN ITEMS include lib test tools)
    list(APPEND format_patterns
      ${PROJECT_SOURCE_DIR}/${folder}/*.h ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  endforeach()
  file(GLOB_RECURSE format_sources CONFIGURE_DEPENDS ${format_patterns})
  set(format_command
    ${WAFER_CLANG_FORMAT} --dry-run -Werror --ferror-limit=10 ${format_sources})
  add_custom_target(check-format COMMAND ${format_command}
    COMMENT "Checking the layout of C++ files" VERBATIM)
  add_test(NAME format COMMAND ${format_command})
else()
  wafer_add_absent_target(check-format clang-format-22)
endif()

if(WAFER_CLANG_TIDY)
  file(GLOB tidy_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/Support/*.cpp)
  add_custom_target(check-tidy
    COMMAND ${WAFER_CLANG_TIDY} -p ${PROJECT_BINARY_DIR} --quiet
      --warnings-as-errors=* ${tidy_sources}
    COMMENT "Running clang-tidy on lib/Support" VERBATIM)
  add_test(NAME tidy-config
    COMMAND ${WAFER_CLANG_TIDY} --config-file=${PROJECT_SOURCE_DIR}/.clang-tidy --verify-config)
else()
  wafer_add_absent_target(check-tidy clang-tidy-22)
endif()
