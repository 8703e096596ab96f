"""How the suite runs the scripts of pi_estimation/."""

import atexit
import shutil
import tempfile

from common import memory

from support import START_METHODS, Case, with_pythons

PI = r"Estimated pi \d\.\d{8} \(standard error 0\.\d{8}\)"
DELTA = r"Delta: \d+\.\d{6} s \([\d,]+ darts per second\)"
BAD_WORKERS = (("0",), ("abc",))

FREE = min(memory.rooms().values())  # bytes
LOOKS = 3  # of series in a figure; Amdahl's law is drawn only where there is a gain
MANY_DARTS = str(min(150_000_000, FREE // 4 // 40))  # a quarter of what is free

CACHE = tempfile.mkdtemp(prefix="joblib_cache-")
atexit.register(shutil.rmtree, CACHE, ignore_errors=True)

CASES = {
    "pi_estimation/pi_lists_series.py": Case(
        args=("--nbr_samples_in_total", "10_001"),
        output=(
            r"Executing estimate_nbr_points_in_quarter_circle with 10,001 on pid \d+",
            PI,
            DELTA,
        ),
        workers=False,
        long=("--scale", "book"),
        victims=False,
        bad=(("--nbr_samples_in_total", "0"), ("--nbr_samples_in_total", "1e400")),
    ),
    "pi_estimation/pi_lists_parallel.py": Case(
        args=("3", "--nbr_samples_in_total", "10_001"),
        output=(
            r"Making 3,334 samples per 3 worker\(s\)",
            r"Executing estimate_nbr_points_in_quarter_circle with 3,33\d on pid \d+",
            PI,
            DELTA,
        ),
        long=("2", "--nbr_samples_in_total", "1e9"),
        bad=(("2", "--nbr_samples_in_total", "0"), ("2", "--nbr_samples_in_total", "1e400")),
    ),
    "pi_estimation/pi_lists_parallel_joblib.py": Case(
        args=("3", "--nbr_samples_in_total", "10_001"),
        output=(
            r"Making 3,334 samples per 3 worker\(s\)",
            # what the workers print comes before or after
            r"(?s)(?=.*Executing estimate_nbr_points_in_quarter_circle with 3,33\d on pid \d+)"
            r"(?=.*\[Parallel\(n_jobs=3\)\]: Using backend LokyBackend with 3 concurrent workers)",
            # joblib may have returned before it prints the last of these
            r"\[Parallel\(n_jobs=3\)\]: Done +(\d) out of +\1 \| elapsed: .* finished",
            PI,
            DELTA,
        ),
        workers=False,
        long=("2", "--nbr_samples_in_total", "1e9"),
        bad=(*BAD_WORKERS, ("2", "--nbr_samples_in_total", "0"), ("2", "--start-method", "fork")),
    ),
    "pi_estimation/pi_lists_parallel_joblib_cache.py": Case(
        args=("3", "--nbr_samples_in_total", "10_001", "--clear", "--cache", CACHE),
        output=(
            r"Making 1,251 samples in each of 8 block\(s\) with 3 worker\(s\)",
            r"(Executing estimate_nbr_points_in_quarter_circle_with_idx with 1,25\d "
            r"for block \d on pid \d+\n){8}",
            PI,
            DELTA,
            r"Now without idx",
            r"(Executing estimate_nbr_points_in_quarter_circle with 1,25\d "
            r"without idx on pid \d+\n){2}",
            r"8 blocks, 2 draw\(s\): [\d,]+, (?P<draw>[\d,]+)(, (?P=draw)){6}\n",
            PI,
            r"10,001 darts, worth no more than \d,\d{3}",
        ),
        workers=False,
        long=("2", "--nbr_samples_in_total", "1e9", "--clear", "--cache", CACHE),
        bad=(
            *BAD_WORKERS,
            ("2", "--nbr_parallel_blocks", "0"),
            ("2", "--cache", "/dev/null/cache"),
        ),
    ),
    "pi_estimation/pi_lists_threads.py": Case(
        args=("3", "--nbr_samples_in_total", "10_001"),
        output=(
            r"1 thread\(s\), one Random for all:\n",
            PI,
            DELTA,
            r"3 thread\(s\), a Random each:\n",
            PI,
            DELTA,
            r"With(out)? the GIL, 3 thread\(s\) are \d+\.\d\dx .*, \d+\.\d\dx with a Random each\n",
        ),
        workers=False,
        long=("2", "--nbr_samples_in_total", "1e9"),
        victims=False,
        bad=(*BAD_WORKERS, ("2", "--nbr_samples_in_total", "0"), ("2", "--start-method", "fork")),
    ),
    "pi_estimation/pi_lists_interpreters.py": Case(
        args=("3", "--nbr_samples_in_total", "10_001"),
        output=(
            r"Making 3,334 samples per 3 worker\(s\)",
            r"Executing estimate_nbr_points_in_quarter_circle with 3,33\d on pid (?P<pid>\d+)\n"
            r"(.* (?P=pid)\n){2}",
            PI,
            DELTA,
            *(
                rf"One {kind}: +\d+\.\d{{6}} s +(-?\d+\.\d MB|-)\n"
                for kind in (*(f"process, {m}" for m in START_METHODS), "interpreter", "thread")
            ),
            r"import numpy: .* does not support loading in subinterpreters",
        ),
        workers=False,
        long=("2", "--nbr_samples_in_total", "1e9"),
        victims=False,
        bad=(*BAD_WORKERS, ("2", "--nbr_samples_in_total", "0"), ("2", "--start-method", "fork")),
        interpreters=True,
    ),
    "pi_estimation/pi_numpy_serial.py": Case(
        args=("--nbr_samples_in_total", "10_001"),
        output=(PI, DELTA),
        workers=False,
        long=("--nbr_samples_in_total", MANY_DARTS),
        victims=False,
        bad=(("--nbr_samples_in_total", "0"), ("--nbr_samples_in_total", "1e15")),
    ),
    "pi_estimation/pi_numpy_parallel.py": Case(
        args=("3", "--nbr_samples_in_total", "10_001"),
        output=(r"Making 3,334 samples per 3 worker\(s\)", PI, DELTA),
        long=("1", "--nbr_samples_in_total", MANY_DARTS),
        victims=False,  # too short to choose one at work: see test_pi_estimation.py
        bad=(("2", "--nbr_samples_in_total", "0"), ("2", "--nbr_samples_in_total", "1e15")),
    ),
    "pi_estimation/pi_lists_tuned.py": Case(
        args=("--nbr_samples_in_total", "10_001"),
        output=(
            r"Executing estimate_nbr_points_in_quarter_circle with 10,001 on pid \d+",
            PI,
            DELTA,
        ),
        workers=False,
        long=("--nbr_samples_in_total", "1e10"),
        victims=False,
        bad=(("--nbr_samples_in_total", "0"), ("--nbr_samples_in_total", "1e400")),
    ),
    "pi_estimation/pi_numpy_blocked.py": Case(
        args=("3", "--nbr_samples_in_total", "1_000_001", "--seed", "1"),
        output=(
            r"Seed: 1\n",
            r"Making 2 shares for 3 worker\(s\)",
            PI,
            r"Peak memory \(RSS\) of a worker: \d+\.\d MB",
            DELTA,
        ),
        long=("2", "--nbr_samples_in_total", "1e12"),
        bad=(("2", "--nbr_samples_in_total", "0"), ("2", "--seed", "-1"), ("2", "--seed", "1.5")),
    ),
    "pi_estimation/pi_cluster.py": Case(
        args=("1", "--nbr_samples_in_total", "1_000_001", "--seed", "1"),
        output=(r"Seed: 1\n", r"Cluster: tcp://127\.0\.0\.1:\d+, 1 thread\(s\)", PI, DELTA),
        workers=False,
        long=("1", "--nbr_samples_in_total", "1e12"),
        victims=False,  # a killed worker's jobs go to another: see test_cluster.py
        bad=(*BAD_WORKERS, ("2", "--scheduler", "nonsense"), ("2", "--start-method", "fork")),
    ),
    "pi_estimation/random_streams.py": Case(
        args=("3",),
        output=(
            r"worker +\| +random +\| +numpy\.random +\| +numpy\.random, reseeded +\|",
            r"0 +\| +(0\.\d{8} +\| +){3}0\.\d{8}",
            r"different \| +3 of 3 +\| +[13] of 3 +\| +3 of 3 +\| +3 of 3",
        ),
        long=("40", "--start-method", "spawn"),
        victims=False,  # as above
    ),
    "pi_estimation/numpy_line_costs.py": Case(
        args=("3", "--nbr_samples_in_total", "10_001"),
        output=(
            r"up to this line +\| +serial +\| +3 threads +\| +adds, serial +\| +adds, 3 threads",
            r"np\.random\.seed\(\) +\| +0\.\d{6} s +\| +0\.\d{6} s",
            r"np\.sum.*\| +0\.\d{6} s +\| +0\.\d{6} s +\| +-?0\.\d{6} s",
            "Serial: " + PI,
            "Threads: " + PI,
        ),
        workers=False,
        long=("4", "--nbr_samples_in_total", "3e7"),
        victims=False,
        bad=(*BAD_WORKERS, ("2", "--nbr_samples_in_total", "1e15")),
    ),
    "pi_estimation/worker_memory.py": Case(
        args=("2",),
        output=(
            r"\| +RSS \| +PSS \| +USS \|",
            r"the parent +\| +[\d.]+ MB \|",
            r"a bare worker +\| +[\d.]+ MB \|",
            r"a worker with numpy +\| +[\d.]+ MB \|",
            r"and 50 MB of data +\| +[\d.]+ MB \|",
            r"Parent and 2 bare worker\(s\): RSS adds up to [\d.]+ MB",
            r"A worker with numpy and data has at least [\d.]+ MB more USS than a bare one",
        ),
        long=("20", "--start-method", "spawn"),
        victims=False,  # as above
    ),
    "pi_estimation/fig_9_02_lists_speed.py": Case(
        args=("--nbr_samples_in_total", "20_000", "--repeat", "2", "--workers", "1,2"),
        output=(
            r"\?\n",
            r"(?s)\b[12]\sprocess.*?\d+\.\d\dx.*?\b[12]\sthread.*?\d+\.\d\dx",
            r"/fig_9_02\.png\n",
        ),
        long=("--nbr_samples_in_total", "2e8", "--repeat", "1", "--workers", "2"),
        bad=(("--workers", "1,x"), ("--workers", ""), ("--repeat", "0"), ("--from", "/nowhere")),
        figures={"fig_9_02": LOOKS},
    ),
    "pi_estimation/fig_9_01_darts.py": Case(
        args=("--nbr_samples_in_total", "1000", "--repeat", "20"),
        output=(
            r"1,000 darts.*\?\n",
            r"(?s)1,000\sdarts.*?\s[23]\.\d{4}\b.*?\b20\b.*?\s[23]\.\d{4}\b.*?\s3\.\d{4}\b",
            r"/fig_9_01\.png\n",
        ),
        workers=False,  # it takes the options, but starts none
        long=("--repeat", "1e7"),
        victims=False,
        bad=(("--workers", "0"), ("--nbr_samples_in_total", "1e7"), ("--from", "/nowhere")),
        figures={"fig_9_01": 3},
    ),
    "pi_estimation/fig_9_03_cpu_usage.py": Case(
        args=("--nbr_samples_in_total", "200_000", "--repeat", "1", "--workers", "2"),
        output=(
            r"2 processes.*\?\n",
            r"/fig_9_04\.png\n",
            r"4 threads.*\?\n",
            r"/fig_9_07\.png\n",
        ),
        long=("--nbr_samples_in_total", "1e9", "--repeat", "1", "--workers", "2"),
        bad=(
            ("--workers", "1,2,3,4,5", "--output", CACHE),
            ("--workers", "1,x"),
            ("--from", "/nowhere"),
        ),
        figures={"fig_9_04": 0, "fig_9_07": 0},
    ),
    "pi_estimation/fig_9_08_numpy_speed.py": Case(
        args=("--nbr_samples_in_total", "20_000", "--repeat", "2", "--workers", "1,2"),
        output=(
            r"\?\n",
            r"(?s)\b[12]\sprocess.*?\d+\.\d\dx.*?\b[12]\sthread.*?\d+\.\d\dx",
            r"/fig_9_08\.png\n",
        ),
        long=("--nbr_samples_in_total", MANY_DARTS, "--workers", "1,2"),
        victims=False,  # as above
        bad=(
            ("--nbr_samples_in_total", "1e15", "--output", CACHE),
            ("--workers", "1,x"),
            ("--from", "/nowhere"),
        ),
        figures={"fig_9_08": LOOKS},
    ),
    "pi_estimation/compare.py": Case(
        args=("2", "--nbr_samples_in_total", "10_000", "--repeat", "1"),
        output=(
            r"Way +\| +Best \(s\) \| +Median \(s\) \| +Times as fast \(by round\) \| Answer",
            r"pi by 10,000 darts:",
            r"Python loop, serial +\| +\d+\.\d{6,9} \| +\d+\.\d{6,9} \| +1\.00 \| 3\.\d+",
            r"tuned loop, serial +\| +\d+\.\d{6,9} \|",
            r"numpy, 2 processes +\| +\d+\.\d{6,9} \|",
            r"pi by 100,000 darts:",
            r"blocks, one process +\| +\d+\.\d{6,9} \|.* (3\.\d+) ",
            r"Beyond the chapter",
            r"tuned loop, serial +\| Python loop, serial +\| +\d+\.\d{2,5} \|",
            r"blocks, 2 threads +\| blocks, one process +\| +\d+\.\d{2,5} \|",
            r"Every repeat: .*/compare_pi_estimation\.json\n",
        ),
        long=("2", "--nbr_samples_in_total", "1e7"),
        victims=False,
    ),
    "pi_estimation/compare_pythons.py": with_pythons(
        "pi_estimation", "--nbr_samples_in_total", 10_000, 10**9, 0, (r"3\.\d{6}",) * 4
    ),
    "pi_estimation/claims.py": Case(
        args=("--from", "/nowhere"),
        output=(
            r"place +\| +the chapter says \(holds if\) +\| +its number +\| +yours +\| +verdict",
            r"(?s)Figure 9-2 +\| +threads .*\| +cannot tell \| .*"
            r"python\s.*pi_estimation/fig_9_02_lists_speed\.py",
            r"\d+ claims: 0 hold, 0 differ, \d+ cannot tell here\n",
            r"/claims_pi_estimation\.json\n",
        ),
        workers=False,
        victims=False,
    ),
}
