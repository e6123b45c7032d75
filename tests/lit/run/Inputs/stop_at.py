"""Starts a command, sends it a signal or takes a file away from it once a file has a number of lines, and prints `exit N`.

usage: stop_at.py FILE LINES SIGNAL | remove:PATH -- COMMAND...

Where exactly the signal lands is up to the machine; what the test checks must hold wherever that is.
"""
import pathlib
import signal
import subprocess
import sys

file, lines, name = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
sys.stdout.flush()
process = subprocess.Popen(sys.argv[5:])
while process.poll() is None:
    if file.exists() and file.read_bytes().count(b"\n") >= lines:
        if name.startswith("remove:"):
            pathlib.Path(name.removeprefix("remove:")).unlink()
        else:
            process.send_signal(getattr(signal, name))
        break
print(f"exit {process.wait()}")
