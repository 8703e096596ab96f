"""What two or more sections share. A script of one begins its run when it imports this (run.py)."""

import os
import sys

if os.name != "posix":
    sys.exit("These scripts run on Linux and macOS; on Windows use them in WSL (wsl --install).")
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("These scripts need Python 3.11 or newer.")

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _excepthook(kind, error, traceback):
    if issubclass(kind, run.UserError):
        run.end(error.code, error)
    if code := run.exit_code(error):
        run.end(2, run.told_by(code))
    if issubclass(kind, ModuleNotFoundError):
        how = f"cd {root} && make setup && source .venv/bin/activate"
        if os.path.exists(os.path.join(folder, f"{error.name}.py")):
            how = "run scripts by their path, without -m and -P"
        run.end(2, f"{error}: {how}")
    sys.__excepthook__(kind, error, traceback)


try:
    from common import run

    frame = sys._getframe()
    while frame and frame.f_globals["__name__"] != "__main__":
        frame = frame.f_back
    if frame and frame.f_globals is not vars(sys.modules["__main__"]):
        main = sys.modules["__main__"] = type("Main", (), {})()  # a profiler runs the script, whose
        main.__dict__ = frame.f_globals  # names are not the module's: that is where workers look
        main.__spec__ = None
    script = getattr(sys.modules["__main__"], "__file__", None)
    folder = os.path.dirname(script) if script else os.devnull
    if os.path.isdir(os.path.join(folder, os.pardir, "common")):
        run.begin()
        path = filter(None, [root, os.environ.get("PYTHONPATH")])
        os.environ["PYTHONPATH"] = os.pathsep.join(path)  # a forkserver has nothing else to go by
        sys.excepthook = _excepthook
except KeyboardInterrupt:  # before the run could handle it
    os.write(2, f"{os.path.basename(sys.argv[0])}: interrupted\n".encode())
    os._exit(130)
