# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""check_passes.py EIGHT SINGLE AUTO DECODE: what `wsec bench` says of several tokens a pass."""
import json
import sys

eight, single, auto, decode = [json.load(open(name)) for name in sys.argv[1:]]
assert eight["tokens_per_pass"] == 8 and single["tokens_per_pass"] == 1
assert eight["cycles"] < single["cycles"], (eight["cycles"], single["cycles"])
assert eight["cycles_per_token"] * 8 == eight["cycles_per_pass"]
assert auto["tokens_per_pass"] in (1, 2, 4, 8, 16, 32), auto["tokens_per_pass"]
assert decode["tokens_per_pass"] == 4
assert decode["cycles_per_token_of_pass"] * 4 == decode["cycles_per_pass"]
one, whole = decode["cycles_of_pass_of_one"], decode["cycles_per_pass"]
assert one < whole < 4 * one, (one, whole)
ratio = decode["predicted_cycles_per_token"] / whole
assert 0.75 < ratio < 1.25, ratio
