# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Proofs that a wafer has no map for a program.

usage: no_map.py WSEC IMAGE DEFECTS

Says "no map" if there is provably none, whatever the search did: it shares
nothing with it but the text of the image. Else "not excluded".

A map with tracks along columns keeps some rows, in order. In a kept row the
places of the program's columns ascend; each holds a core that works, and words
between two columns pass all routers and links from one to the other. From a
kept row to the next one the first and the last place move by at most one, and
the words between them cross what lies between in as many columns. All ways to
place row after row by these rules are followed; ends of rows are all that is
remembered of them, so more ways are followed than there are maps. Maps that only
skip lines are such maps with straight tracks. For tracks along rows the axes
change places.
"""

import json
import re
import subprocess
import sys


class Program:
    """What a program needs, from its text."""

    def __init__(self, wsec, image):
        text = subprocess.run(
            [wsec, "dump", image], capture_output=True, text=True, check=True).stdout
        self.cores, self.routers = set(), set()
        self.east, self.south = set(), set()
        sends = {}
        for line in text.splitlines():
            if line.startswith("config #"):
                number = re.match(r"config #(\d+)", line)[1]
                sides = re.findall(r"tx=([NSEWR,]+)", line)
                sends[number] = set(",".join(sides).split(","))
            elif line.startswith("region "):
                x, y, w, h = map(int, re.search(r"rect (\d+) (\d+) (\d+) (\d+)", line).groups())
                self.cores |= {(i, j) for i in range(x, x + w) for j in range(y, y + h)}
            elif line.startswith("rule "):
                self.rule(line, sends)
        self.width = 1 + max(x for x, _ in self.cores | self.routers)
        self.height = 1 + max(y for _, y in self.cores | self.routers)

    def rule(self, line, sends):
        rect, axis, rest = re.search(r"rect (\d+ \d+ \d+ \d+) axis ([xy]) (.*)", line).groups()
        x, y, w, h = map(int, rect.split())
        if rest.count("[") != 1 or "skew" in rest:
            return  # Lines that differ: less is asked of the wafer.
        items = self.runs(rest.strip("[] "))
        for number, config in enumerate(items):
            if config == "none":
                continue
            for line in range(h if axis == "x" else w):
                at = (x + number, y + line) if axis == "x" else (x + line, y + number)
                self.routers.add(at)
                for side in sends.get(config, ()):
                    if side == "E":
                        self.east.add(at)
                    elif side == "W":
                        self.east.add((at[0] - 1, at[1]))
                    elif side == "S":
                        self.south.add(at)
                    elif side == "N":
                        self.south.add((at[0], at[1] - 1))

    @staticmethod
    def runs(text):
        """"(#4, #5)*6, #7" as twelve and one names."""
        names = []
        for group, times, one, count in re.findall(
                r"\(([^)]*)\)\*(\d+)|([#@\w.]+)(?:\*(\d+))?", text):
            if group:
                names += Program.runs(group) * int(times)
            else:
                names += [one.lstrip("#")] * int(count or 1)
        return names

    def needs(self, row):
        """Rows of equal needs fit equal places."""
        return tuple(((x, row) in self.cores, (x, row) in self.routers, (x, row) in self.east)
                     for x in range(self.width))

    def turned(self):
        """The same with the axes changed."""
        other = object.__new__(Program)
        flip = lambda places: {(y, x) for x, y in places}
        other.cores, other.routers = flip(self.cores), flip(self.routers)
        other.east, other.south = flip(self.south), flip(self.east)
        other.width, other.height = self.height, self.width
        return other


class Wafer:
    """What is dead, in places of the usable rectangle."""

    def __init__(self, width, height, usable, defects):
        here = lambda c: (c[0] - usable[0], c[1] - usable[1])
        self.width, self.height = width, height
        self.routers = {here(c) for c in defects.get("tiles", [])}
        self.cores = self.routers | {here(c) for c in defects.get("cores", [])}
        self.cores |= {here(c) for c in defects.get("banks", [])}
        self.east, self.south = set(), set()
        for x, y, side in defects.get("links", []):
            x, y = here((x, y))
            if side in "EW":
                self.east.add((x - (side == "W"), y))
            else:
                self.south.add((x, y - (side == "N")))

    def turned(self):
        other = object.__new__(Wafer)
        flip = lambda places: {(y, x) for x, y in places}
        other.width, other.height = self.height, self.width
        other.routers, other.cores = flip(self.routers), flip(self.cores)
        other.east, other.south = flip(self.south), flip(self.east)
        return other


def spans(program, wafer, row, home):
    """First and last places of a row of the program on a row of the wafer."""
    room = wafer.width - program.width
    found = set()

    def works(column, place):
        at = (column, row)
        if at in program.cores and (place, home) in wafer.cores:
            return False
        return at not in program.routers or (place, home) not in wafer.routers

    for first in range(room + 1):
        places = {first} if works(0, first) else set()
        for column in range(1, program.width):
            after = set()
            for place in range(column, column + room + 1):
                if not works(column, place):
                    continue
                if (column - 1, row) not in program.east:
                    if any(p < place for p in places):
                        after.add(place)
                    continue
                # Words come over all routers between, from the nearest ones on.
                for p in range(place - 1, -1, -1):
                    if (p, home) in wafer.east:
                        break
                    if p in places:
                        after.add(place)
                        break
                    if (p, home) in wafer.routers:
                        break
            places = after
        found |= {(first, last) for last in places}
    return found


def crosses(program, wafer, row, above, below, span):
    """Columns enough for the words between a row and the next one."""
    needed = sum((x, row) in program.south for x in range(program.width))
    first, last = span
    for place in range(first, last + 1):
        links = range(above, below)
        between = range(above + 1, below)
        if not any((place, y) in wafer.south for y in links) and not any(
                (place, y) in wafer.routers for y in between):
            needed -= 1
    return needed <= 0


def may_fit(program, wafer):
    """False if no map with tracks along columns exists."""
    room = wafer.height - program.height
    if room < 0 or wafer.width < program.width:
        return False
    known = {}

    def spans_at(row, home):
        key = (program.needs(row), home)
        if key not in known:
            known[key] = spans(program, wafer, row, home)
        return known[key]

    states = {(home, span) for home in range(room + 1) for span in spans_at(0, home)}
    for row in range(1, program.height):
        after = set()
        for home in range(row, row + room + 1):
            for span in spans_at(row, home):
                if any((above, (span[0] + i, span[1] + j)) in states
                       and crosses(program, wafer, row - 1, above, home, span)
                       for above in range(home)
                       for i in (-1, 0, 1) for j in (-1, 0, 1)):
                    after.add((home, span))
        states = after
    return bool(states)


def has_no_map(program, width, height, usable, defects):
    wafer = Wafer(width, height, usable, defects)
    return not may_fit(program, wafer) and not may_fit(program.turned(), wafer.turned())


def main(wsec, image, defects):
    report = json.loads(subprocess.run(
        [wsec, "report", image, "--json"], capture_output=True, check=True).stdout)
    width, height = report["grid"]
    program = Program(wsec, image)
    none = has_no_map(program, width, height, (0, 0), json.load(open(defects)))
    print("no map" if none else "not excluded")


if __name__ == "__main__":
    main(*sys.argv[1:])
