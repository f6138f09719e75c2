# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the tiny model with a NaN in the embedding of token 3: nan_model.py FOLDER

The head is a matrix of its own, so that the NaN is only in the input.
"""

import math
import struct
import sys

from tiny_model import HfFolder, floats

model = HfFolder()
model.config["tie_word_embeddings"] = False
begin = len(model.data)
model.data += floats(6 * 4)
model.entries["lm_head.weight"] = {
    "dtype": "F32",
    "shape": [6, 4],
    "data_offsets": [begin, len(model.data)],
}
embed = model.entries["model.embed_tokens.weight"]["data_offsets"][0]
at = embed + (3 * 4 + 1) * 4  # row 3, column 1
model.data = model.data[:at] + struct.pack("<f", math.nan) + model.data[at + 4 :]
model.write(sys.argv[1])
