# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The lit suite: tests of the tools, one folder an area.
#
# Features
#   compiler        the build has MLIR (wsec-opt, wsec compile); without it the
#                   .mlir files are no tests
#   shared-models   the folder of shared models is there
#   browser         a Chromium is there, for the page of wsec report
# Substitutions
#   %shared         that folder's parent, ../shared beside the source tree
#   %browser        that Chromium, without a window
#   %unit           the folder of GoogleTest programs
#   %plugin         the plugin for MLIR's own tools
#   %dialects       the folder of ODS files
#   %python         the interpreter that runs lit
#   %llvm_include   where the .td files of MLIR lie

import os
import shutil
import sys

import lit.formats

config.name = "wafer"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".test"]
config.excludes = ["unit", "Inputs", "consumer", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.wafer_build_dir, "test")

if config.enable_compiler.upper() in ("ON", "1", "TRUE", "YES"):
    config.available_features.add("compiler")
    config.suffixes.append(".mlir")

shared = os.path.normpath(os.path.join(config.wafer_source_dir, "..", "shared"))
if os.path.isdir(os.path.join(shared, "models")):
    config.available_features.add("shared-models")
config.substitutions.append(("%shared", shared))
names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
browser = next(filter(None, map(shutil.which, names)), None)
if browser:
    config.available_features.add("browser")
# Its own sandbox does not work for root and in many containers.
flags = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage"
config.substitutions.append(("%browser", f"{browser} {flags} --user-data-dir=%t.browser"))
config.substitutions.append(("%python", sys.executable))
config.substitutions.append(("%unit", os.path.join(config.test_exec_root, "unit")))
plugin = os.path.join(config.wafer_build_dir, "lib", "WaferPlugin.so")
config.substitutions.append(("%plugin", plugin))
dialects = os.path.join(config.wafer_source_dir, "dialects")
config.substitutions.append(("%dialects", dialects))
config.substitutions.append(("%llvm_include", config.llvm_include))

path = [config.wafer_tools_dir, config.llvm_tools_dir, config.environment["PATH"]]
config.environment["PATH"] = os.pathsep.join(path)
# Messages of the C library are compared; keep them in English.
config.environment["LC_ALL"] = "C"
config.environment["FILECHECK_OPTS"] = (
    "-enable-var-scope --allow-unused-prefixes=false"
)
