#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Installs what the project needs on Debian 12 (bookworm) or newer. Does
# nothing when all of it is there; runs as root or through sudo.
#
#   tools/setup/install-packages.sh           install what is missing
#   tools/setup/install-packages.sh --check   only list it; exit 1 if any
#
# --with-browser (last) asks for a browser without a window too, some 300 MB:
# the tests of the report page run in it and are skipped without one.
#
# LLVM and MLIR 22 come from the archive section bookworm-security/main, which
# a bare installation may lack; the script adds it then.
set -eu

packages="
  build-essential
  ca-certificates
  ccache
  cmake
  git
  libcli11-dev
  libfmt-dev
  libgmock-dev
  libgtest-dev
  libmlir-22-dev
  libxxhash-dev
  llvm-22-dev
  llvm-22-tools
  mlir-22-tools
  ninja-build
  nlohmann-json3-dev
  python3
  zlib1g-dev
"

for argument; do
  case $argument in
  --with-browser) packages="$packages chromium-headless-shell" ;;
  --check) ;;
  *)
    echo "install-packages.sh: error: unknown option '$argument'" >&2
    exit 2
    ;;
  esac
done

fail() {
  echo "install-packages.sh: error: $*" >&2
  exit 1
}

command -v dpkg-query >/dev/null ||
  fail "this is no Debian system; the packages are:" $packages

missing=""
for package in $packages; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done

if [ -z "$missing" ]; then
  echo "all packages are installed"
  exit 0
fi
if [ "${1:-}" = --check ]; then
  echo "missing:$missing"
  exit 1
fi

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null ||
    fail "run this as root (there is no sudo); missing:$missing"
  as_root="sudo"
fi

export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q

# True when apt knows a version of the package.
is_available() {
  apt-cache policy "$1" | grep -q 'Candidate: [^(]'
}

if ! is_available llvm-22-dev; then
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  [ "$codename" = bookworm ] ||
    fail "no package llvm-22-dev in the archives of '$codename';" \
      "on Debian 12 it comes from bookworm-security/main"
  echo "adding the archive section bookworm-security/main"
  echo "deb http://deb.debian.org/debian-security bookworm-security main" |
    $as_root tee /etc/apt/sources.list.d/bookworm-security.list >/dev/null
  $as_root apt-get update -q
  is_available llvm-22-dev ||
    fail "no package llvm-22-dev in bookworm-security/main"
fi

# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -q --no-install-recommends $missing
