"""Runs a command and prints `exit N` after its output.

usage: status.py [--file-size BYTES] [--memory BYTES] [--address-space BYTES] -- COMMAND...

--file-size makes writes beyond that size fail, as those on a full disk do; --memory makes allocations beyond it fail, and does
not count files that are mapped; --address-space counts them.
"""
import argparse
import resource
import signal
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--file-size", type=int)
parser.add_argument("--memory", type=int)
parser.add_argument("--address-space", type=int)
split = sys.argv.index("--")
arguments = parser.parse_args(sys.argv[1:split])


def limit():
    if arguments.memory is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (arguments.memory, arguments.memory))
    if arguments.address_space is not None:
        resource.setrlimit(resource.RLIMIT_AS, (arguments.address_space, arguments.address_space))
    if arguments.file_size is None:
        return
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an error from write(), not the end of the process
    resource.setrlimit(resource.RLIMIT_FSIZE, (arguments.file_size, arguments.file_size))


sys.stdout.flush()
# restore_signals would undo the ignored signal.
code = subprocess.run(sys.argv[split + 1 :], preexec_fn=limit, restore_signals=False).returncode
print(f"exit {code}")
