"""How the suite runs the scripts of numpy_shared/."""

from support import Case

RANDOM = (
    r"\[\[0\.\d+ ",
    r"Mean 0\.\d{12} \(standard error 0\.003\d+\)",
    r"Delta: \d+\.\d{6} s",
)
BAD = (("--rows", "0"), ("--cols", "-1"), ("--rows", "1e400"), ("--rows", "1e9", "--cols", "1e9"))
LONG = ("--rows", "3e7", "--cols", "1")

CASES = {
    "numpy_shared/np_shared.py": Case(
        args=("3", "--rows", "2_002", "--cols", "3", "--inspect"),
        output=(
            r"Created shared array with 48,048 nbytes",
            r"Shared array: id \d+ in PID \d+",
            r"\[\[0\. 0\. 0\.\]\n",
            r"\[\[42\. 42\. 42\.\]\n",
            r"Press a key to start workers",
            r"Worker with idx \d+: id \d+ in PID \d+",
            r"\| +Process \| +PID \| +RSS",
            r"\[\[(\d+)\. \1\. \1\.\]\n",
            r"\| +PID \| +Count \|",
            r"(?s)(?=.*\d \| +2,004 \|)(\n\| +\d+ \| +2,00[14] \|){3}\n",
        ),
        long=("2", *LONG),
        bad=BAD,
    ),
    "numpy_shared/np_shared_random_serial.py": Case(
        args=("--rows", "2_001", "--cols", "3"),
        output=(r"Filling 2,001 x 3 doubles, a row at a time", *RANDOM),
        workers=False,
        long=LONG,
        victims=False,
        bad=BAD,
    ),
    "numpy_shared/np_shared_random_parallel.py": Case(
        args=("3", "--rows", "2_001", "--cols", "3"),
        output=(r"Filling 2,001 x 3 doubles, a row at a time, 3 segments", *RANDOM),
        long=("2", *LONG),
        bad=BAD,
    ),
}
