#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints the argument of every pass that the *Passes.td of a folder declare.

usage: list-passes.py FOLDER [--registered FILE]

With FILE, a list of registered passes, it prints those that are not in it and
fails if there are any. Needs llvm-tblgen and llvm-config in the PATH.
"""

import glob
import json
import os
import subprocess
import sys


def declared(folder):
    """(argument, file name) of each pass, in order."""
    include = subprocess.check_output(["llvm-config", "--includedir"], text=True)
    passes = []
    for path in sorted(glob.glob(os.path.join(folder, "wafer", "*", "*Passes.td"))):
        command = ["llvm-tblgen", "--dump-json", "-I", include.strip(), "-I", folder]
        records = json.loads(subprocess.check_output(command + [path], text=True))
        for name in records["!instanceof"]["PassBase"]:
            passes.append((records[name]["argument"], os.path.basename(path)))
    return passes


def main():
    passes = declared(sys.argv[1])
    if not passes:
        sys.exit("no passes are declared in " + sys.argv[1])
    if len(sys.argv) < 4:
        for argument, _ in passes:
            print(argument)
        return
    with open(sys.argv[3], encoding="utf-8") as file:
        words = {word.lstrip("-") for word in file.read().split()}
    missing = [entry for entry in passes if entry[0] not in words]
    for argument, path in missing:
        print(f"not registered: {argument} ({path})", file=sys.stderr)
    sys.exit(1 if missing else 0)


main()
