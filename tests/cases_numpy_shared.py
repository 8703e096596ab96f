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
            r"Shared array: id \d+ in PID \d+, address 0x\w+",
            r"\[\[0\. 0\. 0\.\]\n",
            r"\[\[42\. 42\. 42\.\]\n",
            r"3 workers start\n",
            r"Worker's array in PID \d+: address 0x\w+",
            r"Worker with idx \d+: id \d+ in PID \d+",
            r"\| +Process \| +PID \| +RSS",
            r"\[\[ *(\d+)\. +\1\. +\1\.\]\n",
            r"\| +PID \| +Count \|",
            r"(?s)(?=.*\d \| +2,004 \|)(\n\| +\d+ \| +2,00[14] \|){3}\n",
            r"Delta: \d+\.\d{6} s",
        ),
        long=("2", *LONG),
        bad=BAD,
    ),
    "numpy_shared/np_shared_memory.py": Case(
        args=("3", "--rows", "2_002", "--cols", "3"),
        output=(
            r"Created block mp-\d+-array with 48,048 nbytes",
            r"\[\[42\. 42\. 42\.\]\n",
            r"Worker with idx \d+: block mp-\d+-array in PID \d+",
            r"\[\[ *(\d+)\. +\1\. +\1\.\]\n",
            r"(?s)(?=.*\d \| +2,004 \|)(\n\| +\d+ \| +2,00[14] \|){3}\n",
            r"Delta: \d+\.\d{6} s",
        ),
        long=("2", *LONG),
        bad=BAD,
    ),
    "numpy_shared/np_shared_joblib.py": Case(
        args=("3", "--rows", "2_002", "--cols", "3"),
        output=(
            r"Mapped 48,048 nbytes of /.*/mp-\d+-joblib/main_nparray\.joblib",
            r"Mapped array in PID \d+: address 0x\w+",
            r"\[\[42\. 42\. 42\.\]\n",
            r"Worker's array in PID \d+: address 0x\w+",
            r"Worker with idx \d+: id \d+ in PID \d+",
            r"\[\[ *(\d+)\. +\1\. +\1\.\]\n",
            r"(\n\| +\d+ \| +[246],00\d \|){1,3}\n",
            r"Delta: \d+\.\d{6} s",
        ),
        workers=False,
        long=("2", *LONG),
        bad=(*BAD, ("0",), ("-3",), ("1.5",)),
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
    "numpy_shared/np_shared_random_threads.py": Case(
        args=("3", "--rows", "2_001", "--cols", "3"),
        output=(r"Filling 2,001 x 3 doubles, a row at a time, 3 segments", *RANDOM),
        workers=False,
        long=("2", *LONG),
        victims=False,
        bad=(*BAD, ("0",), ("-3",), ("1.5",)),
    ),
    "numpy_shared/compare.py": Case(
        args=("3", "--rows", "2_001", "--cols", "3", "--repeat", "1"),
        output=(
            r"random fill, 2,001 x 3:",
            r"  random_serial +\| +\d+\.\d{6,9} \| +\d+\.\d{6,9} \| +1\.00 \| (0\.\d+)",
            r"  random_parallel, 3 workers +\| .* 0\.\d+",
            r"  random_threads, 3 threads +\| .* 0\.\d+",
            r"overwrite 2,001 x 3:",
            r"  one process .* 1\.00 \| 6,003 by 1 pid\(s\)",
            r"  np_shared, 3 workers .* \| 6,003 by 3 pid\(s\)",
            r"  np_shared_memory, 3 workers .* \| 6,003 by 3 pid\(s\)",
            r"  np_shared_joblib, 3 workers .* \| 6,003 by [123] pid\(s\)",
            r"count 300 values:",
            r"  Counter over \.flat .* 1\.00 \| 300, 100 different",
            r"  row by row .* \| 300, 100 different",
            r"  array\.sum\(\) .* \| 14,850, the sum",
            r"  random_threads, 3 threads +\| random_serial +\| +[\d.]+ \|",
            r"  np_shared_memory, 3 workers +\| np_shared, 3 workers +\| +[\d.]+ \|",
            r"  np_shared_joblib, 3 workers +\| np_shared, 3 workers +\| +[\d.]+ \|",
            r"  row by row +\| Counter over \.flat +\| +[\d.]+ \|",
            r"  row by row +\| array\.sum\(\) +\| +[\d.]+ \|",
            r"Every repeat: .*/compare_numpy_shared\.json\n",
        ),
        long=("2", *LONG),
        victims=False,
        bad=BAD,
    ),
    "numpy_shared/fig_9_18_shared_memory.py": Case(
        args=("--rows", "1_000", "--cols", "3_000", "--repeat", "1", "--workers", "2"),
        output=(
            r"\?\n",
            r"(?s)\b2\sworker.*?\b24\.0\sMB.*?\b3\b.*?\b72\.0\sMB",
            r"/fig_9_18\.png\n",
        ),
        long=(*LONG, "--repeat", "1", "--workers", "2"),
        bad=(*BAD, ("--workers", "1,x"), ("--repeat", "0"), ("--from", "/nowhere")),
        figures={"fig_9_18": 5},
    ),
    "numpy_shared/claims.py": Case(
        args=("--from", "/nowhere"),
        output=(
            r"place +\| +the chapter says \(holds if\) +\| +its number +\| +yours +\| +verdict",
            r"(?s)Figure 9-18 +\| +all processes .*\| +cannot tell .*"
            r"numpy_shared/fig_9_18_shared_memory\.py",
            r"\d+ claims: 0 hold, 0 differ, \d+ cannot tell here\n",
            r"/claims_numpy_shared\.json\n",
        ),
        workers=False,
        victims=False,
    ),
}
