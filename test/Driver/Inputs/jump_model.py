# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the tiny model with an attention score that jumps: jump_model.py FOLDER

Queries and keys are five times the first element of the hidden state, which is
zero but for token 3. There it is 2 after the norm, all others being zero, so
that the score is 2 * (5 * 2)^2 / sqrt(2) = 141, or 204 powers of two.
"""

import struct
import sys

from tiny_model import HfFolder

model = HfFolder()


def put(name, values):
    begin, end = model.entries[name]["data_offsets"]
    data = struct.pack(f"<{len(values)}f", *values)
    assert len(data) == end - begin
    model.data = model.data[:begin] + data + model.data[end:]


rows = [[0.0, 1.0 + token, 2.0, 1.5] for token in range(6)]
rows[3] = [1.0, 0.0, 0.0, 0.0]
put("model.embed_tokens.weight", [x for row in rows for x in row])
put("model.layers.0.input_layernorm.weight", [1.0] * 4)
for name, heads in (("q", 2), ("k", 1)):
    put(
        f"model.layers.0.self_attn.{name}_proj.weight",
        [5.0, 0.0, 0.0, 0.0] * (2 * heads),
    )
model.write(sys.argv[1])
