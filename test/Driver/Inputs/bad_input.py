# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Hands bad models, machines and outputs to `wsec compile`.

    bad_input.py WSEC FOLDER

In each case there is exactly one line "wsec: error: ..." on standard error and
nothing else but notes and warnings, the exit code is 1, and no file is left:
neither the output nor a temporary one. The good models come first, so that what
is refused is refused for its damage.
"""

import json
import os
import resource
import shutil
import struct
import subprocess
import sys

from tiny_model import GGUF_NAMES, HF_NAMES, CONFIG, Gguf, HfFolder, write

WSEC, ROOT = sys.argv[1], sys.argv[2]
HUGE = 2**63

failures = []
cases = 0


def run(model, output, arguments=(), limit=None):
    def limits():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [WSEC, "compile", model, "-o", output, "--context", "16", *arguments]
    if "--machine" not in arguments:
        command += ["--machine", "test8"]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, preexec_fn=limits, check=False
    )


def listing():
    return sorted(os.path.join(at, name) for at, _, names in os.walk(ROOT) for name in names)


def refuses(case, model, expected, arguments=(), output=None, limit=None):
    """One error that contains `expected`, exit code 1, no new file."""
    global cases
    cases += 1
    output = output or os.path.join(ROOT, "out.wafer")
    before = listing()
    result = run(model, output, arguments, limit)
    lines = result.stderr.splitlines()
    errors = [line for line in lines if line.startswith("wsec: error: ")]
    others = [
        line for line in lines if not line.startswith(("wsec: error: ", "wsec: note: ", "wsec: warning: "))
    ]
    problem = None
    if result.returncode != 1:
        problem = f"exit code {result.returncode}"
    elif len(errors) != 1 or others:
        problem = "not exactly one error"
    elif expected not in errors[0]:
        problem = f"no '{expected}'"
    elif result.stdout:
        problem = "text on standard output"
    elif listing() != before:
        problem = f"files left: {sorted(set(listing()) - set(before))}"
    if problem:
        failures.append(f"{case}: {problem}\n{result.stderr}")


def accepts(case, model, arguments=()):
    global cases
    cases += 1
    output = os.path.join(ROOT, "good.wafer")
    result = run(model, output, arguments)
    if result.returncode != 0 or result.stderr or not os.path.exists(output):
        failures.append(f"{case}: exit code {result.returncode}\n{result.stderr}")
    if os.path.exists(output):
        os.remove(output)


def place(name):
    """A fresh path under ROOT; what the case before left there is gone."""
    path = os.path.join(ROOT, name)
    shutil.rmtree(path, ignore_errors=True)
    if os.path.exists(path):
        os.remove(path)
    return path


def folder(damage=None):
    model = HfFolder()
    if damage:
        damage(model)
    return model.write(place("hf"))


def gguf(damage=None):
    model = Gguf()
    if damage:
        damage(model)
    return model.write(place("model.gguf"))


def truncations(data, number):
    """`number` lengths from 0 to one byte less than all."""
    return sorted({i * (len(data) - 1) // (number - 1) for i in range(number)})


def test_configs():
    def config(**changes):
        values = dict(CONFIG)
        for key, value in changes.items():
            if value is None:
                del values[key]
            else:
                values[key] = value
        path = place("config.json")
        write(path, json.dumps(values))
        return path

    accepts("config.json", config())
    refuses("config: empty file", write_as("config.json", b""), "config.json")
    refuses("config: no JSON", write_as("config.json", b"hello"), "config.json")
    refuses("config: no object", write_as("config.json", b"[1, 2]"), "config.json")
    refuses("config: binary", write_as("config.json", bytes(range(256))), "config.json")
    refuses("config: deep", write_as("config.json", b"[" * 100000), "config.json")
    refuses("config: unknown family", config(model_type="mamba"), "the model family is not supported")
    refuses(
        "config: unknown architecture",
        config(architectures=["T5"], model_type=None),
        "the model family is not supported",
    )
    for key in ("num_hidden_layers", "hidden_size", "num_attention_heads", "vocab_size"):
        refuses(f"config: no {key}", config(**{key: None}), key)
        for value in (0, -1, HUGE, 2**64, 1e300, "four", [4], True):
            refuses(f"config: {key} {value}", config(**{key: value}), key)
    refuses("config: heads 3 of 2", config(num_attention_heads=3), "a multiple of the 3 heads")
    text = json.dumps(CONFIG).encode()
    for length in truncations(text, 20):
        refuses(f"config: {length} bytes", write_as("config.json", text[:length]), "config.json")


def write_as(name, data):
    path = place(name)
    write(path, data)
    return path


def test_folders():
    accepts("folder", folder())
    refuses("folder: empty", os.makedirs(place("hf")) or place_of("hf"), "the folder holds no model")

    def change(name, **values):
        return lambda model: model.entries[name].update(values)

    def remove(name):
        def damage(model):
            del model.entries[name]

        return damage

    def overlap(model):
        first, second = HF_NAMES[3], HF_NAMES[4]
        begin = model.entries[first]["data_offsets"][0]
        size = 4 * 2 * 4
        model.entries[second]["data_offsets"] = [begin, begin + size]

    for name in HF_NAMES:
        refuses(f"folder: no {name}", folder(remove(name)), name)
    name = HF_NAMES[3]
    for shape in ([4, 5], [16], [2, 8], [4, 4, 1], [0, 4], []):
        refuses(f"folder: shape {shape}", folder(change(name, shape=shape)), name)
    for shape in ([-4, 4], [HUGE, 4], [2**32, 2**32], [2**64, 1], "4x4", [4.5, 4], None):
        refuses(f"folder: shape {shape}", folder(change(name, shape=shape)), name)
    for offsets in ([64, 0], [-64, 0], [0, HUGE], [0], "all", [0, 63], [0, 2**64]):
        refuses(f"folder: offsets {offsets}", folder(change(name, data_offsets=offsets)), name)
    for kind in ("I64", "F8_E4M3", "Q4_0", "", 7):
        refuses(f"folder: type {kind}", folder(change(name, dtype=kind)), name)
    refuses("folder: tensors overlap", folder(overlap), "overlap")
    refuses("folder: no weights", drop(folder(), "model.safetensors"), "the folder holds no weights")
    refuses("folder: no config", drop(folder(), "config.json"), "config.json")

    path = folder()
    weights = os.path.join(path, "model.safetensors")
    data = HfFolder().safetensors()
    for length in truncations(data, 20):
        write(weights, data[:length])
        refuses(f"folder: {length} bytes", path, "model.safetensors")
    for name, start in {"huge": HUGE, "long": len(data), "none": 0}.items():
        write(weights, struct.pack("<Q", start) + data[8:])
        refuses(f"folder: header {name}", path, "model.safetensors")
    os.remove(weights)
    os.makedirs(weights)
    refuses("folder: weights are a folder", path, "model.safetensors")
    path = drop(folder(), "config.json")
    os.makedirs(os.path.join(path, "config.json"))
    refuses("folder: config is a folder", path, "config.json")


def place_of(name):
    return os.path.join(ROOT, name)


def drop(path, name):
    os.remove(os.path.join(path, name))
    return path


def test_ggufs():
    accepts("gguf", gguf())
    data = Gguf().bytes()
    for length in truncations(data, 20):
        refuses(f"gguf: {length} bytes", write_as("model.gguf", data[:length]), "model.gguf")
    refuses("gguf: wrong magic", gguf(lambda m: setattr(m, "magic", b"GGML")), "not a GGUF file")
    for version in (0, 1, 4, 3 << 24):
        refuses(f"gguf: version {version}", gguf(lambda m: setattr(m, "version", version)), "version")
    refuses(
        "gguf: architecture",
        gguf(lambda m: setattr(m, "architecture", "mamba")),
        "the model family is not supported",
    )
    for name in GGUF_NAMES:
        refuses(f"gguf: no {name}", gguf(lambda m: m.tensors.pop(name)), name)

    def tensor(part, value):
        def damage(model):
            model.tensors[GGUF_NAMES[3]][part] = value

        return damage

    for shape in ([4, 5], [2, 8], [16], [0, 4], [HUGE, 4], [2**32, 2**32], [1] * 5):
        refuses(f"gguf: shape {shape}", gguf(tensor(0, shape)), GGUF_NAMES[3])
    for number in (2, 12, 24, 4, 1000):
        refuses(f"gguf: type {number}", gguf(tensor(1, number)), GGUF_NAMES[3])
    for offset in (1, HUGE, 2**64 - 32, len(data) // 32 * 32):
        refuses(f"gguf: offset {offset}", gguf(tensor(2, offset)), GGUF_NAMES[3])
    refuses("gguf: tensors overlap", gguf(tensor(2, 0)), "overlap")
    for key in list(Gguf().metadata):
        if key.endswith(("epsilon", "context_length", "head_count_kv", "vocab_size")):
            continue  # these have defaults
        refuses(f"gguf: no {key}", gguf(lambda m: m.metadata.pop(key)), key)
        for name, value in {
            "zero": (4, "<I", 0),
            "negative": (5, "<i", -1),
            "2^63": (10, "<Q", HUGE),
            "a float": (6, "<f", 1.5),
            "of unknown type": (13, "<I", 1),
        }.items():
            found = "model.gguf" if name == "of unknown type" else key
            refuses(f"gguf: {key} is {name}", gguf(lambda m: m.metadata.update({key: value})), found)
    refuses("gguf: a folder", os.makedirs(place("model.gguf")) or place_of("model.gguf"), "model.gguf")
    place("model.gguf")


def test_machines():
    model = folder()
    refuses("machine: unknown", model, "wse9", ["--machine", "wse9"])
    refuses("machine: no file", model, "no.json", ["--machine", place("no.json")])
    refuses("machine: empty", model, "m.json", ["--machine", write_as("m.json", b"")])
    bad = b'{"base": "test8", "name": "m", "core": {"sramBytes": -1}}'
    refuses("machine: bad value", model, "m.json", ["--machine", write_as("m.json", bad)])
    refuses("machine: a folder", model, "hf", ["--machine", place_of("hf")])
    refuses("params: unknown", model, "parameter set", ["--params", "fastest"])
    refuses("region: too wide", model, "region does not fit", ["--region", "9x1"])
    refuses("region: too high", model, "region does not fit", ["--region", "1x9"])
    refuses("region: leaves no room", model, "does not fit", ["--region", "8x8"])
    refuses("stages: too many", model, "number of stages is out of range", ["--stages", "2"])


def test_outputs():
    model = folder()
    refuses("output: a folder", model, "write file", output=ROOT)
    refuses("output: no such folder", model, "create file", output=os.path.join(ROOT, "no", "o.wafer"))
    refuses("output: a file as folder", model, "create file", output=os.path.join(model, "config.json", "o"))
    if os.path.exists("/dev/full"):
        refuses("output: full", model, "no space left on device", output="/dev/full")
        refuses("report: full", model, "no space left on device", ["--report", "/dev/full"])
    if os.path.isdir("/proc/self"):
        refuses("output: not writable", model, "create file", output="/proc/o.wafer")
    for limit in (0, 1, 1000, 4096):
        refuses(f"output: at most {limit} bytes", model, "file too large", limit=limit)
    # An older file stays as it was.
    kept = write_as("kept.wafer", b"old")
    refuses("output: kept", model, "file too large", output=kept, limit=1000)
    with open(kept, "rb") as file:
        if file.read() != b"old":
            failures.append("output: kept: the older file has changed")
    refuses("model: missing", place("none"), "none")
    refuses("model: empty file", write_as("empty", b""), "empty")
    refuses("model: a device", "/dev/null", "/dev/null")
    refuses("model: of no kind", write_as("model.txt", b"hello"), "model.txt")


def main():
    shutil.rmtree(ROOT, ignore_errors=True)
    os.makedirs(ROOT)
    for test in (test_configs, test_folders, test_ggufs, test_machines, test_outputs):
        test()
    for failure in failures:
        print(failure)
    print(f"{cases} cases, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
