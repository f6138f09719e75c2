# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a model of given dimensions with seeded random weights, and a KV cache.

    random_model.py CONFIG.json FOLDER [--set KEY=VALUE]... [--seed N]
                    [--identity-head] [--cache FOLDER --positions N]

FOLDER gets config.json and model.safetensors in binary16. Every matrix has
elements of random sign, mantissa and one of four exponents, with a mean square
of about 1 / (its inputs), so that values keep their size on the way through the
model. With --identity-head (a vocabulary as large as the hidden size) the
logits are the last hidden state after its norm. --cache writes keys.npy and
values.npy for `wsec run --state`. Only the standard library is needed; a layer
of 218 million weights takes seconds.
"""

import argparse
import json
import math
import os
import random
import struct

CHUNK = 1 << 24


def random_halfs(generator, count, top):
    """`count` binary16 numbers, largest exponent `top`, as bytes in chunks."""
    # The high byte is sign, five bits of exponent, two bits of mantissa.
    table = bytes(
        (b & 0x80) | ((top + 15 - (b >> 5 & 3)) << 2) | (b & 3) for b in range(256)
    )
    while count:
        now = min(count, CHUNK)
        data = bytearray(generator.randbytes(2 * now))
        data[1::2] = bytes(data[1::2]).translate(table)
        yield bytes(data)
        count -= now


# Mean square of random_halfs(top = 0): that of [1, 2) is 7/3, and exponents
# 0, -1, -2 and -3 are as likely.
MEAN_SQUARE = 7 / 3 * (1 + 1 / 4 + 1 / 16 + 1 / 64) / 4


def top_exponent(mean_square):
    return round(math.log2(mean_square / MEAN_SQUARE) / 2)


def tensors(config, identity_head):
    """(name, shape, mean square or None for an identity), in order."""
    dim, ffn = config["hidden_size"], config["intermediate_size"]
    heads = config["num_attention_heads"]
    kv_heads = config.get("num_key_value_heads", heads)
    head_dim = config.get("head_dim") or dim // heads
    vocab = config["vocab_size"]
    yield "model.embed_tokens.weight", (vocab, dim), 1.0
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        attention = prefix + "self_attn."
        yield prefix + "input_layernorm.weight", (dim,), 1.0
        yield attention + "q_proj.weight", (heads * head_dim, dim), 1 / dim
        yield attention + "k_proj.weight", (kv_heads * head_dim, dim), 1 / dim
        yield attention + "v_proj.weight", (kv_heads * head_dim, dim), 1 / dim
        if config.get("model_type") == "qwen3":
            yield attention + "q_norm.weight", (head_dim,), 1.0
            yield attention + "k_norm.weight", (head_dim,), 1.0
        inputs = heads * head_dim
        yield attention + "o_proj.weight", (dim, inputs), 1 / inputs
        yield prefix + "post_attention_layernorm.weight", (dim,), 1.0
        yield prefix + "mlp.gate_proj.weight", (ffn, dim), 1 / dim
        yield prefix + "mlp.up_proj.weight", (ffn, dim), 1 / dim
        yield prefix + "mlp.down_proj.weight", (dim, ffn), 1 / ffn
    yield "model.norm.weight", (dim,), 1.0
    yield "lm_head.weight", (vocab, dim), None if identity_head else 1 / dim


def identity(size):
    one = struct.pack("<e", 1.0)
    for i in range(size):
        row = bytearray(2 * size)
        row[2 * i : 2 * i + 2] = one
        yield bytes(row)


def write_model(config, folder, generator, identity_head):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file)
    entries, end = {}, 0
    wanted = list(tensors(config, identity_head))
    for name, shape, _ in wanted:
        begin, end = end, end + 2 * math.prod(shape)
        entries[name] = {
            "dtype": "F16",
            "shape": list(shape),
            "data_offsets": [begin, end],
        }
    header = json.dumps(entries).encode()
    with open(os.path.join(folder, "model.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for _, shape, mean_square in wanted:
            chunks = (
                identity(shape[0])
                if mean_square is None
                else random_halfs(
                    generator, math.prod(shape), top_exponent(mean_square)
                )
            )
            for chunk in chunks:
                file.write(chunk)


def write_cache(config, folder, positions, generator):
    os.makedirs(folder, exist_ok=True)
    heads = config["num_attention_heads"]
    shape = (
        config["num_hidden_layers"],
        positions,
        config.get("num_key_value_heads", heads),
        config.get("head_dim") or config["hidden_size"] // heads,
    )
    for name in ("keys", "values"):
        header = f"{{'descr': '<f2', 'fortran_order': False, 'shape': {shape}, }}"
        header = header.ljust(117) + "\n"
        with open(os.path.join(folder, name + ".npy"), "wb") as file:
            file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)))
            file.write(header.encode())
            for chunk in random_halfs(generator, math.prod(shape), top_exponent(1.0)):
                file.write(chunk)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    parser.add_argument("folder")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--identity-head", action="store_true")
    parser.add_argument("--cache")
    parser.add_argument("--positions", type=int, default=0)
    options = parser.parse_args()
    with open(options.config) as file:
        config = json.load(file)
    for setting in options.set:
        key, value = setting.split("=", 1)
        config[key] = json.loads(value)
    config["tie_word_embeddings"] = False
    if options.identity_head:
        config["vocab_size"] = config["hidden_size"]
    generator = random.Random(options.seed)
    write_model(config, options.folder, generator, options.identity_head)
    if options.cache:
        write_cache(config, options.cache, options.positions, generator)


main()
