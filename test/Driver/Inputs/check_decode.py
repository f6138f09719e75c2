# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares two reports of a whole token: check_decode.py BY_LAYERS WHOLE"""

import json
import sys

layers, whole = (json.load(open(path)) for path in sys.argv[1:])
rest = layers["cycles_per_token"] - layers["head_cycles"]
print(
    f"{rest / layers['cycles_per_layer']:.0f} layers, "
    f"{layers['collectives_per_layer']} collectives each"
)
if abs(layers["cycles_per_token"] / whole["cycles_per_token"] - 1) < 0.01:
    print("layer by layer within 1 percent of the whole")
if abs(layers["predicted_cycles_per_token"] / whole["cycles_per_token"] - 1) < 0.2:
    print("prediction within 20 percent")
if "lost" in whole and abs(layers["lost"] - whole["lost"]) < 0.002 and whole["lost"] > 0:
    print("lost within 0.2 percent of the whole, some of it")
