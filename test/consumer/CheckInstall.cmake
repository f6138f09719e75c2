# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs, moves, and looks at what is there.
include(${CMAKE_CURRENT_LIST_DIR}/Common.cmake)

function(install_to folder)
  file(REMOVE_RECURSE ${WORK_DIR}/${folder} ${WORK_DIR}/staged)
  run(COMMAND ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/staged
    ${ARGN})
  file(RENAME ${WORK_DIR}/staged ${WORK_DIR}/${folder})
endfunction()

install_to(package)
install_to(simulator --component Simulator)

# Nothing of the package knows where it was built or first installed.
file(GLOB_RECURSE scripts ${WORK_DIR}/package/*.cmake)
list(LENGTH scripts count)
if(count LESS 4)
  message(FATAL_ERROR "expected the package's CMake files but got: ${scripts}")
endif()
foreach(script IN LISTS scripts)
  file(READ ${script} text)
  foreach(folder ${SOURCE_DIR} ${BUILD_DIR} ${WORK_DIR}/staged)
    string(FIND "${text}" "${folder}" place)
    if(NOT place EQUAL -1)
      message(FATAL_ERROR "${script}: holds the path ${folder}")
    endif()
  endforeach()
endforeach()

# The config finds every package that a target names.
file(READ ${WORK_DIR}/package/${LIBDIR}/cmake/Wafer/WaferConfig.cmake config)
file(GLOB targets ${WORK_DIR}/package/${LIBDIR}/cmake/Wafer/Wafer*Targets.cmake)
foreach(script IN LISTS targets)
  file(STRINGS ${script} lines REGEX "INTERFACE_LINK_LIBRARIES")
  string(REGEX MATCHALL "[A-Za-z0-9_]+::" packages "${lines}")
  list(REMOVE_DUPLICATES packages)
  list(REMOVE_ITEM packages "Wafer::")
  foreach(package IN LISTS packages)
    string(REPLACE "::" "" package ${package})
    if(NOT config MATCHES "find_dependency\\(${package}[ )]")
      message(FATAL_ERROR "${script}: a target links ${package}::, which WaferConfig.cmake does not find")
    endif()
  endforeach()
endforeach()

# Each header finds our headers that it includes, and includes no header of a
# package that is linked privately. MLIR is not for the simulator.
function(check_headers prefix private)
  file(GLOB_RECURSE headers RELATIVE ${prefix}/include
    ${prefix}/include/*.h ${prefix}/include/*.inc ${prefix}/include/*.def)
  list(LENGTH headers count)
  if(count LESS 20)
    message(FATAL_ERROR "expected the public headers but got: ${headers}")
  endif()
  foreach(header IN LISTS headers)
    file(STRINGS ${prefix}/include/${header} lines REGEX "^#include [\"<]")
    foreach(line IN LISTS lines)
      string(REGEX MATCH "[\"<]([^\">]*)[\">]" path "${line}")
      set(path ${CMAKE_MATCH_1})
      if(path MATCHES "^wafer/" AND NOT EXISTS ${prefix}/include/${path})
        message(FATAL_ERROR "${header}: includes ${path}, which is not installed")
      endif()
      if(path MATCHES "^(${private})/" AND
          NOT "${header}:${path}" STREQUAL "wafer/Driver/Driver.h:fmt/format.h")
        message(FATAL_ERROR "${header}: includes ${path} of a private dependency")
      endif()
    endforeach()
  endforeach()
endfunction()
check_headers(${WORK_DIR}/package "nlohmann|fmt|CLI|xxhash")
check_headers(${WORK_DIR}/simulator "nlohmann|fmt|CLI|xxhash|mlir|llvm")

# Each .td file finds ours that it includes.
file(GLOB_RECURSE records ${WORK_DIR}/package/include/*.td)
foreach(record IN LISTS records)
  file(STRINGS ${record} lines REGEX "^include \"wafer/")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "\"(.*)\"" path "${line}")
    if(NOT EXISTS ${WORK_DIR}/package/include/${CMAKE_MATCH_1})
      message(FATAL_ERROR
        "${record}: includes ${CMAKE_MATCH_1}, which is not installed")
    endif()
  endforeach()
endforeach()
if(COMPILER_PART AND NOT records)
  message(FATAL_ERROR "no .td files are installed")
endif()
