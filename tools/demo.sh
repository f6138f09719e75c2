#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Builds wsec, compiles the small model that ships with the project for a whole
# WSE-3, shows the floorplan, proves the image and lets it speak.
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

wsec=$build_dir/bin/wsec
image=$(mktemp -d)/shakespeare.wafer
trap 'rm -rf "$(dirname "$image")"' EXIT
show() {
  echo
  echo "+ wsec $*"
  "$wsec" "$@"
}
show compile "$source_dir/tools/demo/shakespeare-qwen3" -o "$image" --machine wse3 --context 64
show report "$image"
show verify "$image"
show run "$image" --prompt "ROMEO:" --max-tokens 24
