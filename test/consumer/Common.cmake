# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What the scripts share. In WORK_DIR: `package` is all of the installation,
# `simulator` the component of that name alone.
cmake_minimum_required(VERSION 3.20)

# run(COMMAND args... [EXPECT text] [FAILS] [DIRECTORY dir]): runs a command and
# wants `text` in what it prints.
function(run)
  cmake_parse_arguments(ARG "FAILS" "EXPECT;DIRECTORY" "COMMAND" ${ARGN})
  if(NOT ARG_DIRECTORY)
    set(ARG_DIRECTORY ${WORK_DIR})
  endif()
  execute_process(COMMAND ${ARG_COMMAND} WORKING_DIRECTORY ${ARG_DIRECTORY}
    OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  string(REPLACE ";" " " command "${ARG_COMMAND}")
  if(ARG_FAILS AND status EQUAL 0)
    message(FATAL_ERROR "expected a failure of: ${command}\n${output}")
  elseif(NOT ARG_FAILS AND NOT status EQUAL 0)
    message(FATAL_ERROR "failed (${status}): ${command}\n${output}")
  endif()
  # CMake breaks its messages at words.
  string(REGEX REPLACE "[ \n]+" " " flat "${output}")
  string(FIND "${flat}" "${ARG_EXPECT}" place)
  if(ARG_EXPECT AND place EQUAL -1)
    message(FATAL_ERROR
      "expected '${ARG_EXPECT}' in the output of: ${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

# configure(PROJECT PREFIX arguments...): the command that configures the
# project of that folder against a prefix, in a fresh build folder.
macro(configure project prefix)
  set(build ${WORK_DIR}/build-${project})
  file(REMOVE_RECURSE ${build})
  set(configure ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/${project}
    -B ${build} -G ${GENERATOR} -D CMAKE_PREFIX_PATH=${prefix}
    -D CMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
    -D CMAKE_BUILD_TYPE=${BUILD_TYPE} ${ARGN})
endmacro()
