#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sums test cases over ctest, GoogleTest and lit.

usage: summarize-tests.py FOLDER

FOLDER holds ctest.xml (ctest --output-junit) and, for each test NAME of ctest,
NAME.xml if that test reports its cases (GoogleTest, lit). A ctest test without
a report counts as one case. The last line printed is "N passed, N failed"; the
exit code is 0 if none failed and at least one passed.
"""

import os
import sys
import xml.etree.ElementTree as ElementTree


def count_cases(path):
    """(passed, failed, skipped) of one report; None if it cannot be read."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return None
    passed = failed = skipped = 0
    for case in root.iter("testcase"):
        is_skipped = case.get("status") == "notrun" or case.get("result") in (
            "skipped",
            "suppressed",
        )
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or is_skipped:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main():
    folder = sys.argv[1]
    total = [0, 0, 0]
    ctest = ElementTree.parse(os.path.join(folder, "ctest.xml")).getroot()
    for test in ctest.iter("testcase"):
        ok = test.get("status") == "run"
        counts = count_cases(os.path.join(folder, test.get("name") + ".xml"))
        if counts is None:
            counts = (int(ok), int(not ok), 0)
        elif not ok and counts[1] == 0:
            # It crashed, or ran out of time, outside its cases.
            counts = (counts[0], 1, counts[2])
        total = [a + b for a, b in zip(total, counts)]
    passed, failed, skipped = total
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


sys.exit(main())
