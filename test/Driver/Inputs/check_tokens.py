# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""check_tokens.py TOGETHER ALONE...: requests in flight speak what they speak alone."""
import json
import sys

together, *alone = [json.load(open(name)) for name in sys.argv[1:]]
assert len(together["requests"]) == len(alone), len(together["requests"])
for run, single in zip(together["requests"], alone):
    assert run["tokens"] == single["tokens"], (run["tokens"], single["tokens"])
