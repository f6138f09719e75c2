# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# What find_package says to those who ask for what is not there.
include(${CMAKE_CURRENT_LIST_DIR}/Common.cmake)

configure(components ${WORK_DIR}/simulator -D REQUIRED_COMPONENTS=Dialects)
run(COMMAND ${configure} FAILS
  EXPECT "the component 'Dialects' is not installed in ${WORK_DIR}/simulator (hint: it needs a build with WAFER_ENABLE_COMPILER=ON)")

configure(components ${WORK_DIR}/simulator -D REQUIRED_COMPONENTS=Compiler)
run(COMMAND ${configure} FAILS
  EXPECT "there is no component 'Compiler': expected Simulator or Dialects")

configure(components ${WORK_DIR}/simulator
  -D REQUIRED_COMPONENTS=Simulator -D OPTIONAL_COMPONENTS=Dialects)
run(COMMAND ${configure} EXPECT "Dialects: FALSE")

if(COMPILER_PART)
  # There, but without MLIR.
  configure(components ${WORK_DIR}/package -D REQUIRED_COMPONENTS=Dialects
    -D CMAKE_DISABLE_FIND_PACKAGE_MLIR=ON)
  run(COMMAND ${configure} FAILS EXPECT "MLIR")
  configure(components ${WORK_DIR}/package -D REQUIRED_COMPONENTS=Simulator
    -D OPTIONAL_COMPONENTS=Dialects -D CMAKE_DISABLE_FIND_PACKAGE_MLIR=ON)
  run(COMMAND ${configure} EXPECT "Dialects: FALSE")
  configure(components ${WORK_DIR}/package -D OPTIONAL_COMPONENTS=Dialects)
  run(COMMAND ${configure} EXPECT "Dialects: TRUE")
endif()
