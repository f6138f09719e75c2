#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Installs what is missing, builds everything and runs every test. The last
# line is "N passed, N failed"; the exit code is 0 only if none failed.
#
#   tools/test.sh [cmake options]      such as -DWAFER_ENABLE_COMPILER=OFF
#
# WAFER_BUILD_DIR  where to build (default: build)
# WAFER_JOBS       compilers and tests at a time (default: one a processor)
# WAFER_BROWSER    not empty: installs a browser too, for the tests of the page
set -eu

source_dir=$(cd "$(dirname "$0")/.." && pwd)
build_dir=${WAFER_BUILD_DIR:-$source_dir/build}
jobs=${WAFER_JOBS:-$(nproc)}

browser=${WAFER_BROWSER:+--with-browser}
# shellcheck disable=SC2086 # one word or none
"$source_dir/tools/setup/install-packages.sh" --check $browser >/dev/null ||
  "$source_dir/tools/setup/install-packages.sh" $browser

cmake -S "$source_dir" -B "$build_dir" -G Ninja "$@"
cmake --build "$build_dir" -j "$jobs"

# Every test program leaves a report of its cases, which are summed at the end.
reports=$(cd "$build_dir" && pwd)/test/reports
rm -rf "$reports"
mkdir -p "$reports"
status=0
GTEST_OUTPUT="xml:$reports/" \
  LIT_OPTS="-j $jobs --xunit-xml-output=$reports/lit.xml" \
  ctest --test-dir "$build_dir" -j "$jobs" --output-on-failure \
  --output-junit "$reports/ctest.xml" || status=$?
"$source_dir/tools/setup/summarize-tests.py" "$reports" || status=1
exit $status
