#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# interesting.sh OPTION TEXT FILE: fails, which the reducer finds interesting,
# where wsec-opt OPTION prints TEXT for FILE.
if wsec-opt "$1" "$3" 2>&1 | grep -qF -- "$2"; then
  exit 1
fi
exit 0
