# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The package `Wafer` for find_package, and the data that is installed. The
# libraries, headers and tools are installed where they are declared.
include(CMakePackageConfigHelpers)

set(WAFER_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/Wafer)
set(WAFER_INSTALL_DATADIR ${CMAKE_INSTALL_DATADIR}/wafer)

# Nothing in these files is absolute: the package may be moved as a whole.
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/WaferConfig.cmake.in
  ${CMAKE_BINARY_DIR}/cmake/WaferConfig.cmake
  INSTALL_DESTINATION ${WAFER_INSTALL_CMAKEDIR}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR WAFER_INSTALL_DATADIR
  NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(
  ${CMAKE_BINARY_DIR}/cmake/WaferConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_BINARY_DIR}/cmake/WaferConfig.cmake
  ${CMAKE_BINARY_DIR}/cmake/WaferConfigVersion.cmake
  DESTINATION ${WAFER_INSTALL_CMAKEDIR} COMPONENT Simulator)

set(components Simulator Tools)
if(WAFER_ENABLE_COMPILER)
  list(APPEND components Dialects)
endif()
foreach(component IN LISTS components)
  install(EXPORT Wafer${component}Targets NAMESPACE Wafer::
    DESTINATION ${WAFER_INSTALL_CMAKEDIR} COMPONENT ${component})
endforeach()

# The machines are part of the libraries; their files are the start of others.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/lib/Machine/data/
  DESTINATION ${WAFER_INSTALL_DATADIR}/machines COMPONENT Tools
  FILES_MATCHING PATTERN "*.json")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/tools/demo/
  DESTINATION ${WAFER_INSTALL_DATADIR}/demo COMPONENT Tools)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT Tools)
