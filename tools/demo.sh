#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Builds wsec and shows what it can do today.
#
# WAFER_BUILD_DIR  where to build (default: build)
set -eu

source_dir=$(cd "$(dirname "$0")/.." && pwd)
build_dir=${WAFER_BUILD_DIR:-$source_dir/build}

"$source_dir/tools/setup/install-packages.sh" --check >/dev/null ||
  "$source_dir/tools/setup/install-packages.sh"
[ -f "$build_dir/build.ninja" ] ||
  cmake -S "$source_dir" -B "$build_dir" -G Ninja
cmake --build "$build_dir" --target wsec

echo "+ wsec machine wse3"
"$build_dir/bin/wsec" machine wse3
