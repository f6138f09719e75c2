# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Counts the NaNs in .npy files of little-endian f32: count_nans.py FILE..."""

import math
import os
import struct
import sys

for path in sys.argv[1:]:
    with open(path, "rb") as file:
        data = file.read()
    assert data[:6] == b"\x93NUMPY" and b"<f4" in data[:128], path
    start = 10 + struct.unpack("<H", data[8:10])[0]
    values = struct.unpack(f"<{(len(data) - start) // 4}f", data[start:])
    nans = sum(math.isnan(value) for value in values)
    print(f"{os.path.basename(path)}: {nans} of {len(values)} are NaN")
