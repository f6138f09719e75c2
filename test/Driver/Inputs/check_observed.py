# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks a trace of all cores, the words over links and the account of one run
against the counters of its result: check_observed.py RESULT TRACE HEAT."""

import collections
import json
import sys

ACTIVITIES = (
    "scalar vector-step bank-conflict start send-pause wait-words back-pressure"
).split()


def check_core(events):
    """Slices nest and do not overlap; returns cycles by activity."""
    cycles = collections.Counter()
    stack = []
    now = 0
    for event in events:
        start = round(event["ts"] * 1000)
        assert start >= now, event
        now = start
        if event["ph"] == "B":
            stack.append(event)
            assert len(stack) <= 2, event
        elif event["ph"] == "E":
            begin = stack.pop()
            if "args" in event:
                inside = sum(event["args"].values()) + begin.get("stalls", 0)
                assert inside == start - round(begin["ts"] * 1000), begin
                cycles.update(event["args"])
        else:
            assert stack and stack[-1]["cat"] in ("vector", "scalar"), event
            length = round(event["dur"] * 1000)
            assert length == event["args"]["cycles"], event
            stack[-1]["stalls"] = stack[-1].get("stalls", 0) + length
            cycles[event["name"]] += length
            now += length
    assert not stack
    return cycles


def check_trace(result, trace):
    assert trace["displayTimeUnit"] == "ns"
    assert "1 cycle is shown as 1 ns" in trace["otherData"]["time"]
    names = {}
    threads = collections.defaultdict(list)
    for event in trace["traceEvents"]:
        if event["name" if event["ph"] == "M" else "ph"] == "process_name":
            names[event["pid"]] = event["args"]["name"]
        if event["ph"] in "BEX":
            threads[event["pid"], event["tid"]].append(event)
    by_region = collections.defaultdict(collections.Counter)
    for (process, _), events in threads.items():
        if names[process] != "host":
            by_region[names[process].split(" ")[0]] += check_core(events)
    for region in result["regions"]:
        for name in ACTIVITIES:
            found = by_region[region["name"]][name]
            assert found == region["core_cycles"][name], (region["name"], name)


def check_account(result):
    account = {entry["region"]: entry for entry in result["account"]}
    for region in result["regions"]:
        entry = account[region["name"]]
        total = collections.Counter()
        for row in entry["operations"]:
            assert sum(row["core_cycles"].values()) == row["cycles"]
            total.update(row["core_cycles"])
        assert all(total[k] == v for k, v in region["core_cycles"].items())
        assert sum(total.values()) == entry["cycles"]
        assert entry["cycles"] == region["cores"] * result["cycles"]
        sizes = [row["cycles"] for row in entry["operations"]]
        assert sizes == sorted(sizes, reverse=True)
        busiest = entry["busiest_core"]["core_cycles"]
        assert sum(busiest.values()) == result["cycles"]


def check_heat(result, heat):
    assert heat["cycles"] == result["cycles"]
    links, ramp = collections.Counter(), collections.Counter()
    for link in heat["links"]:
        assert link["words"] == sum(link["colors"].values())
        (ramp if link["port"] == "ramp" else links).update(link["colors"])
    for color in heat["colors"]:
        assert links[str(color["color"])] == color["link_words"]
        assert ramp[str(color["color"])] == color["ramp_words"]


result, trace, heat = (json.load(open(name)) for name in sys.argv[1:])
check_trace(result, trace)
check_account(result)
check_heat(result, heat)
print(len(trace["traceEvents"]) > 0, "agree")
