"""usage: exit_code.py CODE COMMAND...: fails unless the command ends with the code and writes mistakes to stderr only."""
import subprocess
import sys

result = subprocess.run(sys.argv[2:], capture_output=True, text=True)
if result.returncode != int(sys.argv[1]):
    sys.exit(f"exit code {result.returncode}, not {sys.argv[1]}\n{result.stdout}{result.stderr}")
if result.returncode != 0 and "error[" in result.stdout:
    sys.exit(f"a message on stdout: {result.stdout}")
