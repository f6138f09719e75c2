# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that the IR is documented: what TableGen knows against the tests.

    ods.py DIALECT-DIR TEST-DIR INCLUDE-DIR... [--tblgen PROGRAM]

Every operation, attribute and type has a one-line summary and a description
with an example that shows it; every pass has a summary, a precondition, a
postcondition and an example, and neither statistics nor a constructor (options
and generated constructors do that). Labels of constraints count from 1. Every
operation is in the round-trip test of its dialect (ops.mlir), every pass in a
RUN line, every label in a test.

Prints one line for each finding; the exit code is 1 if there is any.
"""

import argparse
import glob
import json
import os
import re
import subprocess
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def records(tblgen, path, includes):
    command = [tblgen, "--dump-json", path]
    for include in includes:
        command += ["-I", include]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def of_class(dump, name):
    return [dump[record] for record in dump["!instanceof"].get(name, [])]


def blocks(description):
    """The fenced blocks of a description."""
    return re.findall(r"```\w*\n(.*?)```", description, re.DOTALL)


def labels_in(text, mnemonic):
    """The numbers N of the labels MNEMONIC-cN; "a-c1 to a-c3" is three."""
    label = rf"\b{re.escape(mnemonic)}-c(\d+)\b"
    numbers = {int(number) for number in re.findall(label, text)}
    for first, last in re.findall(label + " to " + label, text):
        numbers.update(range(int(first), int(last) + 1))
    return numbers


class Lint:
    def __init__(self, folder, tests):
        self.folder = folder
        self.findings = []
        self.runs = "\n".join(re.findall(r"RUN:.*", tests))
        self.tests = tests

    def find(self, name, text):
        self.findings.append(f"{self.folder}: '{name}' {text}")

    def check_text(self, name, record, shown):
        """Summary, description, and an example that contains `shown`."""
        summary = record["summary"].strip()
        if not summary or "\n" in summary or summary.endswith("."):
            self.find(name, "needs a summary of one line without a full stop")
        description = record["description"]
        if not description.split("Example")[0].strip("* \n"):
            self.find(name, "needs a description")
        # "see `entry`" points to the example of another operation.
        examples = blocks(description)
        for other in re.findall(r"Example\W*see `([\w.]+)`", description):
            examples += blocks(self.descriptions.get(other, ""))
        if "Example" not in description or not any(shown in block for block in examples):
            self.find(name, f"needs an example that shows '{shown}'")

    def check_labels(self, name, mnemonic, record):
        """Labels are MNEMONIC-c1, -c2, ... and each has a test."""
        labels = labels_in(record["description"], mnemonic)
        if labels != set(range(1, len(labels) + 1)):
            self.find(name, f"has labels {sorted(labels)}, which do not count from 1")
        if record.get("hasVerifier") and not labels:
            self.find(name, "has a verifier but no labelled constraint")
        for label in sorted(labels - labels_in(self.tests, mnemonic)):
            self.find(name, f"has a constraint {mnemonic}-c{label} without a test")

    def check_op(self, record, round_trip):
        dialect = record["opDialect"]["def"]
        name = f"{self.dialects[dialect]}.{record['opName']}"
        self.check_text(name, record, name)
        self.check_labels(name, record["opName"], record)
        if not re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", round_trip):
            self.find(name, "is not in ops.mlir")

    def check_definition(self, record, sigil):
        mnemonic = record["mnemonic"]
        name = f"{sigil}{self.dialects[record['dialect']['def']]}.{mnemonic}"
        # Attributes inside operations are written without their name.
        self.check_text(name, record, mnemonic)
        self.check_labels(name, mnemonic, record)

    def check_pass(self, record):
        name = record["argument"]
        self.check_text(name, record, "")
        for heading in ("Precondition", "Postcondition"):
            if heading not in record["description"]:
                self.find(name, f"does not state a {heading.lower()}")
        if record["statistics"] or record["constructor"]:
            self.find(name, "has statistics or a constructor")
        if not re.search(rf"(?:[\s(,'\"]|--){re.escape(name)}(?![\w-])", self.runs):
            self.find(name, "is in no RUN line")

    def run(self, dump, round_trip):
        self.dialects = {record["!name"]: record["name"] for record in of_class(dump, "Dialect")}
        self.descriptions = {op["opName"]: op["description"] for op in of_class(dump, "Op")}
        for record in of_class(dump, "Dialect"):
            if not record["summary"] or "Version log" not in record["description"]:
                self.find(record["name"], "needs a summary and a version log")
        for record in of_class(dump, "Op"):
            self.check_op(record, round_trip)
        for record in of_class(dump, "AttrDef"):
            if "EnumAttr" not in record["!superclasses"]:
                self.check_definition(record, "#")
        for record in of_class(dump, "TypeDef"):
            self.check_definition(record, "!")
        for record in of_class(dump, "PassBase"):
            self.check_pass(record)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dialects")
    parser.add_argument("tests")
    parser.add_argument("includes", nargs="+")
    parser.add_argument("--tblgen", default="llvm-tblgen-22")
    arguments = parser.parse_args()
    findings = []
    checked = 0
    for folder in sorted(glob.glob(os.path.join(arguments.dialects, "*", ""))):
        name = os.path.basename(folder.rstrip("/"))
        paths = glob.glob(os.path.join(arguments.tests, "**", "*"), recursive=True)
        tests = "\n".join(
            read(path) for path in sorted(paths) if path.endswith((".mlir", ".test", ".cpp"))
        )
        lint = Lint(name, tests)
        round_trip = read(os.path.join(arguments.tests, name, "ops.mlir"))
        for part in ("Ops", "Passes"):
            dump = records(
                arguments.tblgen, os.path.join(folder, f"{name}{part}.td"), arguments.includes
            )
            lint.run(dump, round_trip)
            checked += sum(len(of_class(dump, c)) for c in ("Op", "AttrDef", "TypeDef", "PassBase"))
        findings += lint.findings
    for finding in findings:
        print(finding)
    print(f"{checked} definitions checked")
    return 1 if findings or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
