# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""check_prefill.py BENCH RUN [PERFECT]: a prompt by its parts against a run of
the whole image, and what it loses against one on a perfect wafer."""
import json
import sys

bench, run, *perfect = [json.load(open(name)) for name in sys.argv[1:]]
print(bench["cycles"], run["first_token_cycle"])
if abs(bench["cycles"] / run["first_token_cycle"] - 1) < 0.03:
    print("within 3 percent")
if perfect:
    lost = 1 - perfect[0]["first_token_cycle"] / run["first_token_cycle"]
    print(bench["lost"], lost)
    if abs(bench["lost"] - lost) < 0.005 and bench["lost"] > 0:
        print("lost within 0.5 percent of the whole, some of it")
