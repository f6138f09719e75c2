# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""check_in_flight_bench.py SIMULATED AUTO ONE: reports of bench decode."""
import json
import sys

three, auto, one = [json.load(open(name)) for name in sys.argv[1:]]
assert three["in_flight"] == 3 and one["in_flight"] == 1
for report in three, auto, one:
    slowest, token = report["slowest_stage_cycles"], report["cycles_per_token"]
    between = max(slowest, token / report["in_flight"])
    assert abs(report["cycles_between_tokens"] - between) < 1, report
    assert abs(report["aggregate_tokens_per_mcycle"] - 1e6 / between) < 1e-6
assert three["cycles_between_tokens"] < 0.6 * one["cycles_between_tokens"]
assert auto["cycles_between_tokens"] <= one["cycles_between_tokens"]
assert auto["in_flight"] > 1
