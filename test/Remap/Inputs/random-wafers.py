# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small models on random wafers: golden tokens, or a refusal with a reason.

usage: random-wafers.py WSEC MODEL MACHINE GOLDEN MAPS TOKENS FOLDER [FIRST]

Compiles MODEL once for MACHINE, draws MAPS wafers (all kinds of defects, random
and clustered, 0.05 % to 5 %) on which every stage meets at least one defect, and
fits the program to each; where that fails the model is compiled for the wafer.
What fits must pass `wsec verify` and say the golden tokens. What is refused is
held against a proof that no map exists for the first plan (no_map.py), and so
are the maps that are found: they must not be proved away. Prints a table and
fails on anything else, and where more than 2 % of the wafers with up to 0.5 %
are refused. The usable rectangle of MACHINE begins at 0,0.
"""

import json
import os
import random
import subprocess
import sys

import no_map

DENSITIES = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05]
KINDS = ["tile", "core", "link", "mixed"]


def call(*command):
    return subprocess.run(command, capture_output=True, text=True)


def checked(*command):
    done = call(*command)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    return done.stdout


def meets(defects, rect):
    x, y, w, h = rect
    places = defects["tiles"] + defects["cores"]
    places += [p[:2] for p in defects["links"] + defects["banks"]]
    return any(x <= p[0] < x + w and y <= p[1] < y + h for p in places)


class Wafers:
    def __init__(self, wsec, model, machine, golden, tokens, folder):
        self.wsec, self.model, self.machine = wsec, model, machine
        self.image = os.path.join(folder, "perfect.wafer")
        self.folder = folder
        ids = json.load(open(golden))
        prompt = ids.get("prompt_len", 1)
        self.prompt = ",".join(map(str, ids["greedy_ids"][:prompt]))
        self.golden = ids["greedy_ids"][: prompt + tokens]
        self.generate = str(len(self.golden) - prompt)
        self.compile(self.image)
        report = json.loads(checked(wsec, "report", self.image, "--json"))
        # One core cannot be met by a defect without being the only one met.
        self.rects = [s["rect"] for s in report["stages"] if s["name"] != "loop"]
        self.grid = report["grid"]
        self.program = no_map.Program(wsec, self.image)
        assert self.tokens_of(self.image) == self.golden

    def compile(self, out, *more):
        command = [self.wsec, "compile", self.model, "--machine", self.machine]
        # Each stage leaves lines free: what a compile for many wafers does.
        return checked(*command, "-o", out, *more)

    def tokens_of(self, image):
        out = checked(
            self.wsec, "run", image, "--tokens", self.prompt,
            "--max-tokens", self.generate, "--json")
        return json.loads(out)["tokens"]

    def draw(self, seed):
        rng = random.Random(seed)
        density = DENSITIES[seed % len(DENSITIES)]
        kind = KINDS[seed // len(DENSITIES) % len(KINDS)]
        path = os.path.join(self.folder, "defects.json")
        command = ["defects", "sample", "--machine", self.machine]
        command += ["--density", str(density), "--kind", kind]
        command += ["--seed", str(seed), "-o", path]
        clustered = rng.random() < 0.5
        checked(self.wsec, *command, *(["--clustered"] if clustered else []))
        defects = json.load(open(path))
        for key in "tiles", "cores", "links", "banks":
            defects.setdefault(key, [])
        for rect in self.rects:
            if not meets(defects, rect):
                self.add(defects, kind, rect, rng)
        json.dump(defects, open(path, "w"))
        return density, kind, path

    @staticmethod
    def add(defects, kind, rect, rng):
        x = rng.randrange(rect[0], rect[0] + rect[2])
        y = rng.randrange(rect[1], rect[1] + rect[3])
        if kind == "mixed":
            kind = rng.choice(["tile", "core", "link"])
        if kind == "link":
            # The last row and column of a machine have no such link.
            defects["links"].append([x, y, rng.choice("WN") if x and y else "S"])
        else:
            defects[kind + "s"].append([x, y])

    def has_no_map(self, path):
        defects = json.load(open(path))
        return no_map.has_no_map(self.program, *self.grid, (0, 0), defects)

    def fit(self, path):
        """"remap", "compile" or the reason of the refusal."""
        out = os.path.join(self.folder, "fit.wafer")
        command = ["remap", self.image, "--defects", path, "-o", out]
        remapped = call(self.wsec, *command)
        how = "remap"
        if remapped.returncode != 0:
            assert remapped.stderr.startswith("wsec: error: "), remapped.stderr
            command = ["compile", self.model, "--machine", self.machine]
            command += ["--defects", path, "-o", out]
            compiled = call(self.wsec, *command)
            how = "compile"
            if compiled.returncode != 0:
                assert compiled.stderr.startswith("wsec: error: "), compiled.stderr
                return compiled.stderr.strip()
        checked(self.wsec, "verify", out, "--defects", path)
        found = self.tokens_of(out)
        assert found == self.golden, f"{path}: {found}"
        return how


def main(wsec, model, machine, golden, maps, tokens, folder, first="0"):
    os.makedirs(folder, exist_ok=True)
    wafers = Wafers(wsec, model, machine, golden, int(tokens), folder)
    counts = {d: {"remap": 0, "compile": 0, "refused": 0} for d in DENSITIES}
    unproved = 0
    for seed in range(int(first), int(first) + int(maps)):
        density, kind, path = wafers.draw(seed)
        how = wafers.fit(path)
        # Where defects are few there is nothing to be proved away.
        if how == "remap":
            proved = density >= 0.02 and wafers.has_no_map(path)
            assert not proved, f"{path}: a map, and a proof that there is none"
        elif how != "compile":
            proved = wafers.has_no_map(path)
            why = "proved" if proved else "not proved"
            print(f"seed {seed}, {density:.2%} {kind}: {how} ({why})", flush=True)
            how = "refused"
            unproved += not proved
        counts[density][how] += 1
    print("density  remapped  compiled  refused")
    for d, c in counts.items():
        print(f"{d:7.2%} {c['remap']:9} {c['compile']:9} {c['refused']:8}")
    low = [c for d, c in counts.items() if d <= 0.005]
    refused = sum(c["refused"] for c in low)
    total = sum(sum(c.values()) for c in low)
    print(f"refused up to 0.5 %: {refused} of {total}")
    print(f"refused without a proof: {unproved}")
    assert refused <= 0.02 * total, "too many refusals"


main(*sys.argv[1:])
