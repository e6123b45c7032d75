"""What the tests of this folder share: they run a program under strace, which makes its system calls fail, kill or interrupt."""
import shutil
import subprocess
import sys

SKIPPED = 77  # the exit code that CTest takes for a skipped test


def require_strace():
    """Ends the test as skipped where there is no strace, or where it may not trace."""
    if shutil.which("strace") is None or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        print("SKIPPED: strace is missing, or may not trace here")
        sys.exit(SKIPPED)


def check(condition, what, result=None):
    """Ends the test with what failed, and what the program said."""
    if condition:
        return
    print("FAILED:", what)
    if result:
        print(result.returncode, result.stdout, result.stderr)
    sys.exit(1)


def injecting(command, trace, inject):
    """The command under strace with one fault, `fsync:error=EIO:when=3`; what was traced goes to the file `trace`."""
    return ["strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={inject.split(':')[0]}", "-e", f"inject={inject}", *command]


def was_met(trace):
    """Whether the fault was injected."""
    text = trace.read_text()
    return "INJECTED" in text or "killed by SIGKILL" in text


def every_place(calls, faults, disturbed):
    """Lets each call fail in each way at its first, second, third .. place, until disturbed(inject) says that none was left."""
    for call in calls:
        for fault in faults:
            when = 1
            while disturbed(f"{call}:{fault}:when={when}"):
                when += 1
            check(when > 1, f"{call} is never called")
            print(f"{call} {fault}: {when - 1} places")
