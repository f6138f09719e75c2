# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""check_prefill.py BENCH RUN: a prompt by its parts against a whole run."""
import json
import sys

bench, run = [json.load(open(name)) for name in sys.argv[1:]]
print(bench["cycles"], run["first_token_cycle"])
if abs(bench["cycles"] / run["first_token_cycle"] - 1) < 0.03:
    print("within 3 percent")
