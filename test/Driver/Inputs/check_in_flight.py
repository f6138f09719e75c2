# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""check_in_flight.py FAST REFERENCE ALONE...: requests in flight against single ones."""
import json
import sys

fast, reference, *alone = [json.load(open(name)) for name in sys.argv[1:]]
assert len(fast["requests"]) == len(alone), len(fast["requests"])
for run, single in zip(fast["requests"], alone):
    for key in "tokens", "generated", "text", "steps":
        assert run[key] == single[key], (key, run[key], single[key])
assert fast["requests"] == reference["requests"]
assert fast["cycles"] == reference["cycles"]
assert fast["core_cycles"] == reference["core_cycles"]
assert fast["tokens"] == fast["requests"][0]["tokens"]
if len(alone) > 1:
    # Three stages work on three tokens at once; a token of one alone passes
    # them and the head one after the other.
    pace = fast["cycles_per_token"] / alone[0]["cycles_per_token"]
    assert pace < 0.5, pace
