# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a command, interrupts it once it is ready for that, and prints its exit
code: interrupt.py COUNT COMMAND... sends COUNT interrupts."""

import signal
import subprocess
import sys
import time


def is_caught(pid):
    """Whether the process has a handler for SIGINT."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("SigCgt:"):
                return int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1
    return False


def wait_for(process, caught):
    end = time.time() + 60
    while process.poll() is None and bool(is_caught(process.pid)) != caught:
        if time.time() > end:
            process.kill()
            sys.exit("the command does not get ready")
        time.sleep(0.01)


# Shells let what runs in the background ignore interrupts.
process = subprocess.Popen(
    sys.argv[2:],
    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
)
wait_for(process, True)
process.send_signal(signal.SIGINT)
if sys.argv[1] == "2":
    # The first one gives the signal back to the system.
    wait_for(process, False)
    process.send_signal(signal.SIGINT)
print("exit", process.wait(), flush=True)
