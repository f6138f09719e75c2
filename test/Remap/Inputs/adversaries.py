# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A compiled model on wafers that are made to be hard.

usage: adversaries.py WSEC MODEL MACHINE FOLDER

Prints what became of each: "remapped", "compiled" (for that wafer), or the
reason of the refusal. What is not refused must pass `wsec verify` and say the
tokens that it says on the perfect wafer.
"""

import json
import os
import subprocess
import sys

TOKENS = ["--tokens", "1", "--max-tokens", "4", "--json"]


def call(*command):
    return subprocess.run(command, capture_output=True, text=True)


def checked(*command):
    done = call(*command)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def block(x, y, w, h):
    return [[i, j] for j in range(y, y + h) for i in range(x, x + w)]


def adversaries(stages, width, height):
    """Names and maps; places are those of the program on a perfect wafer."""
    x, y, w, h = stages["layers0"]
    embed = stages["embed"]
    root = [x + w // 2, y + h // 2]
    beside = [[root[0] + i, root[1] + j] for i, j in [(1, 0), (-1, 0), (0, 1), (0, -1)]]
    ring = block(x, y, 10, 1) + block(x, y + 9, 10, 1)
    ring += block(x, y + 1, 1, 8) + block(x + 9, y + 1, 1, 8)
    yield "dead row of cores", {"cores": block(0, root[1], width, 1)}
    yield "dead row of tiles", {"tiles": block(0, root[1], width, 1)}
    yield "dead column of cores", {"cores": block(root[0], 0, 1, height)}
    yield "dead column of tiles", {"tiles": block(root[0], 0, 1, height)}
    yield "ring round an island", {"tiles": ring}
    yield "dead edge core", {"cores": [[0, 0]]}
    yield "dead edge tile", {"tiles": [[0, 0]]}
    yield "dead edge", {"tiles": block(0, 0, 1, height)}
    yield "dead cores round a root", {"cores": beside}
    yield "dead tiles round a root", {"tiles": beside}
    yield "dead die", {"tiles": block(x, y, width // 8, height // 8)}
    yield "every second core of a row", {"cores": block(0, root[1], width, 1)[::2]}
    yield "every second core of a column", {"cores": block(root[0], 0, 1, height)[::2]}
    yield "the column of the embedding", {"cores": block(embed[0], 0, embed[2], height)}
    yield "links below a row", {"links": [[i, root[1], "S"] for i in range(width)]}
    yield "links beside a column", {"links": [[root[0], j, "E"] for j in range(height)]}
    yield "all cores", {"cores": block(0, 0, width, height)}


def main(wsec, model, machine, folder):
    os.makedirs(folder, exist_ok=True)
    perfect = os.path.join(folder, "perfect.wafer")
    out = os.path.join(folder, "fit.wafer")
    path = os.path.join(folder, "defects.json")
    build = [wsec, "compile", model, "--machine", machine, "--context", "64"]
    checked(*build, "-o", perfect)
    report = json.loads(checked(wsec, "report", perfect, "--json"))
    golden = json.loads(checked(wsec, "run", perfect, *TOKENS))["tokens"]
    stages = {s["name"]: s["rect"] for s in report["stages"]}
    width, height = report["grid"]
    for name, lists in adversaries(stages, width, height):
        json.dump({"machine": report["machine"], **lists}, open(path, "w"))
        how = "remapped"
        done = call(wsec, "remap", perfect, "--defects", path, "-o", out)
        if done.returncode != 0:
            assert done.returncode == 1, done.stderr
            how = "compiled"
            done = call(*build, "--defects", path, "-o", out)
        if done.returncode != 0:
            assert done.returncode == 1, done.stderr
            print(f"{name}: {done.stderr.strip()}", flush=True)
            continue
        checked(wsec, "verify", out, "--defects", path)
        found = json.loads(checked(wsec, "run", out, *TOKENS))["tokens"]
        assert found == golden, f"{name}: {found}, not {golden}"
        print(f"{name}: {how}", flush=True)


main(*sys.argv[1:])
