"""What two or more sections share. A script of one begins its run when it imports this (run.py)."""

import os
import sys

if os.name != "posix":
    sys.exit("These scripts run on Linux and macOS; on Windows use them in WSL (wsl --install).")

try:
    from common import run

    script = getattr(sys.modules["__main__"], "__file__", None)
    if script and os.path.isdir(os.path.join(os.path.dirname(script), os.pardir, "common")):
        run.begin()
except KeyboardInterrupt:  # before the run could handle it
    os.write(2, f"{os.path.basename(sys.argv[0])}: interrupted\n".encode())
    os._exit(130)
