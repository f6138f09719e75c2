# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The smallest models that compile, as descriptions that tests can damage.

One layer, dim 4, two heads of size 2 that share one KV head, ffn 3, vocabulary
6: as a Hugging Face folder and as a GGUF file, all weights F32.
"""

import json
import os
import struct

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "num_hidden_layers": 1,
    "hidden_size": 4,
    "intermediate_size": 3,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "vocab_size": 6,
    "max_position_embeddings": 16,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "hidden_act": "silu",
    "tie_word_embeddings": True,
}

SHAPES = [[6, 4], [4], [4], [4, 4], [2, 4], [2, 4], [4, 4], [4], [3, 4], [3, 4], [4, 3]]
HF_NAMES = ["model.embed_tokens.weight", "model.norm.weight"] + [
    f"model.layers.0.{name}.weight"
    for name in (
        "input_layernorm",
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
        "self_attn.o_proj",
        "post_attention_layernorm",
        "mlp.gate_proj",
        "mlp.up_proj",
        "mlp.down_proj",
    )
]
GGUF_NAMES = ["token_embd.weight", "output_norm.weight"] + [
    f"blk.0.{name}.weight"
    for name in (
        "attn_norm",
        "attn_q",
        "attn_k",
        "attn_v",
        "attn_output",
        "ffn_norm",
        "ffn_gate",
        "ffn_up",
        "ffn_down",
    )
]


def count(shape):
    product = 1
    for size in shape:
        product *= size
    return product


def floats(number):
    """`number` floats: 1, 1.5, 2, ..."""
    return struct.pack(f"<{number}f", *(1 + 0.5 * i for i in range(number)))


def write(path, data):
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


class HfFolder:
    """A folder with config.json and model.safetensors."""

    def __init__(self):
        self.config = dict(CONFIG)
        self.entries = {}
        self.data = b""
        for name, shape in zip(HF_NAMES, SHAPES):
            begin = len(self.data)
            self.data += floats(count(shape))
            self.entries[name] = {
                "dtype": "F32",
                "shape": list(shape),
                "data_offsets": [begin, len(self.data)],
            }

    def safetensors(self):
        header = json.dumps(self.entries).encode()
        return struct.pack("<Q", len(header)) + header + self.data

    def write(self, folder):
        os.makedirs(folder)
        write(os.path.join(folder, "config.json"), json.dumps(self.config))
        write(os.path.join(folder, "model.safetensors"), self.safetensors())
        return folder


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


class Gguf:
    """A GGUF file; values of `metadata` are (type number, format, value)."""

    def __init__(self):
        self.magic = b"GGUF"
        self.version = 3
        self.metadata = {
            "llama.block_count": (4, "<I", 1),
            "llama.embedding_length": (4, "<I", 4),
            "llama.feed_forward_length": (4, "<I", 3),
            "llama.attention.head_count": (4, "<I", 2),
            "llama.attention.head_count_kv": (4, "<I", 1),
            "llama.vocab_size": (4, "<I", 6),
            "llama.context_length": (4, "<I", 16),
            "llama.attention.layer_norm_rms_epsilon": (6, "<f", 1e-5),
        }
        self.architecture = "llama"
        self.tensors = {}
        self.data = b""
        for name, shape in zip(GGUF_NAMES, SHAPES):
            self.data += b"\0" * (-len(self.data) % 32)
            # [shape, type number (0: F32), offset]
            self.tensors[name] = [list(shape), 0, len(self.data)]
            self.data += floats(count(shape))

    def bytes(self):
        out = self.magic + struct.pack(
            "<IQQ", self.version, len(self.tensors), len(self.metadata) + 1
        )
        out += text("general.architecture") + struct.pack("<I", 8) + text(self.architecture)
        for key, (number, form, value) in self.metadata.items():
            out += text(key) + struct.pack("<I", number) + struct.pack(form, value)
        for name, (shape, number, offset) in self.tensors.items():
            out += text(name) + struct.pack("<I", len(shape))
            out += b"".join(struct.pack("<Q", size) for size in reversed(shape))
            out += struct.pack("<IQ", number, offset)
        return out + b"\0" * (-len(out) % 32) + self.data

    def write(self, path):
        write(path, self.bytes())
        return path
