"""The copying rule: kernels and ``run`` work with multiprocessing, and without this project."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from common import redis_server

import pytest
from redis_servers import tcp_server
from support import ROOT, SECTIONS, TIMEOUT

PRIMES = "[100000007, 100000037, 100000039, 100000049, 100000073, 100000081]"
PRIME = "{97, 10**6 + 3, 2}"
VERIFIED = (
    f"{{n for n, is_prime in run([97, 10**6 + 3, 10403, 35, 2, 1], 2%s) if is_prime}} == {PRIME}"
)
COUNTED = "run_workers(2, 500) == 1000"
LOST = "0 < run_workers(2, 500) <= 1000"
EXPECTED = {
    "pi_estimation/pi_lists_parallel.py": "7500 < run(10_001, 2)[0] < 8200",
    "pi_estimation/pi_lists_parallel_joblib.py": "7500 < run(10_001, 2)[0] < 8200",
    "pi_estimation/pi_lists_parallel_joblib_cache.py": (
        "7500 < sum(run(f'{FOLDER}/cache', [2_500] * 4, 2)[0]) < 8200 and "
        "len({*run_without_idx(f'{FOLDER}/cache', [2_500] * 4)}) == 1"
    ),
    "pi_estimation/pi_numpy_parallel.py": "7500 < run(10_001, 2)[0] < 8200",
    "pi_estimation/pi_numpy_blocked.py": "7500 < run(10_001, 2, 1)[0] < 8200",
    "pi_estimation/random_streams.py": "len(run(2)) == 2",
    "pi_estimation/worker_memory.py": "all(len(workers) == 3 for workers in run(2).values())",
    "primes_pool/primes_pool.py": "run(1_000, 2)[0] == 54",
    "primes_pool/primes_threads.py": (
        "[n for way in (True, False) for n, _ in run(1_000, 2, [1, 7], way)] == [54] * 4"
    ),
    "primes_pool/primes_sieve.py": "run(0, 10**8, 2, lambda pid: 0)[0] == 5_761_455",
    "primes_queue/primes_queue.py": f"sorted(run(100, 2)[0]) == {PRIMES}",
    "primes_queue/primes_queue_less_work.py": f"sorted(run(100, 2)[0]) == {PRIMES}",
    "primes_queue/primes_queue_jobs_feeder_thread.py": f"sorted(run(100, 2)[0]) == {PRIMES}",
    "primes_queue/primes_queue_batched.py": f"sorted(run(100, 2, 7)[0]) == {PRIMES}",
    "primes_queue/primes_queue_redis.py": f"sorted(run(100, 2, 7, URL)[0]) == {PRIMES}",
    **dict.fromkeys(
        (
            f"prime_verification_ipc/primes_{name}.py"
            for name in (
                "pool_naive", "pool_less_naive", "flag_manager", "flag_rawvalue", "flag_mmap",
                "flag_mmap_lookahead", "flag_mmap_redux", "flag_shared_memory", "numpy",
                "ascending_blocks",
            )
        ),
        VERIFIED % "",
    ),
    "prime_verification_ipc/primes_flag_redis.py": VERIFIED % ", URL",
    "numpy_shared/np_shared.py": "sorted(run(2, 10, 10)[0].values()) == [50, 50]",
    "numpy_shared/np_shared_memory.py": "sorted(run(2, 10, 10)[0].values()) == [50, 50]",
    "numpy_shared/np_shared_joblib.py": "sum(run(2, 10, 10, FOLDER)[0].values()) == 100",
    "numpy_shared/np_shared_random_parallel.py": "0.4 < run(2, 100, 100)[0].mean() < 0.6",
    **dict.fromkeys(
        (
            f"sync_locking/{name}.py"
            for name in (
                "ex1_lock", "ex1_lock_increment", "ex1_flock", "ex2_lock", "ex2_lock_acquire",
                "ex2_lock_rawvalue", "ex3_merge",
            )
        ),
        COUNTED,
    ),
    "sync_locking/ex1_nolock1.py": "run_workers(1, 500) == 500",
    "sync_locking/ex1_nolock4.py": LOST,
    "sync_locking/ex2_nolock.py": LOST,
    "sync_locking/ex3_redis.py": "run(2, 500, URL) == 1000",
}  # fmt: skip

NEEDS_COMMON = "primes_queue/primes_queue_redis.py"

DRIVER = """
import sys
sys.modules[{missing!r}] = None
import multiprocessing
from pathlib import Path
from {module} import *

if __name__ == "__main__":
    URL, FOLDER = sys.argv[1], Path(__file__).parent
    for method in ("fork", "spawn"):
        multiprocessing.set_start_method(method, force=True)
        assert {expected}, method
"""


TIME_OUT = """
    try:
        result = definite_primes_queue.get(timeout=60)
    except queue.Empty:
        raise SystemExit("no answer for 60 s: has a worker died?") from None
"""


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """Return a folder with a copy of every section, changed as the README says."""
    folder = tmp_path_factory.mktemp("copies")
    for section in SECTIONS:
        leave = shutil.ignore_patterns("common.py", "*_check.py", "joblib_cache")
        shutil.copytree(ROOT / section, folder / section, ignore=leave)
        for path in (folder / section).glob("*.py"):
            path.write_text(taken_along(path.read_text(), f"{section}/{path.name}"))
        shutil.copy(ROOT / "common" / "create_range.py", folder / section)
    return folder


def taken_along(source, script):
    """Return the ``source`` of ``script`` with its imports changed as the README says."""
    source = source.replace("from common.processes import", "from multiprocessing import")
    source = re.sub(r"^import \w+_check\n", "", source, flags=re.MULTILINE)
    if script == NEEDS_COMMON:
        return source
    one_module = "from common import create_range\n"
    source = source.replace(one_module, "import create_range\n")
    source = source.replace("from common import cluster, create_range\n", "import create_range\n")
    source = re.sub(r"^from common(\.\w+)? import .*\n", "", source, flags=re.MULTILINE)
    source = re.sub(r"cluster\.loky_workers\([^()]*\)", "contextlib.nullcontext()", source)
    return source.replace("import os\n", "import contextlib\nimport os\n", 1)


@pytest.fixture(scope="module")
def url():
    if not redis_server.find_binaries():
        yield ""
        return
    with tcp_server() as (port, _):
        yield f"redis://127.0.0.1:{port}/0"


def test_every_script_that_starts_processes_is_copied():
    uses = {
        f"{section}/{path.name}"
        for section in SECTIONS
        for path in (ROOT / section).glob("*.py")
        if re.search(r"^from common.processes import|cluster\.loky_workers", path.read_text(), re.M)
        and '__name__ == "__main__"' in path.read_text()
    }
    assert uses == {*EXPECTED}


@pytest.mark.parametrize("script", sorted(EXPECTED))
def test_a_copied_script_gives_the_right_answer(copies, url, script):
    section, name = script.split("/")
    driver = copies / section / f"driver_{name}"
    missing = "common.processes" if script == NEEDS_COMMON else "common"
    driver.write_text(
        DRIVER.format(module=Path(name).stem, expected=EXPECTED[script], missing=missing)
    )
    result = subprocess.run(
        [sys.executable, driver, url], capture_output=True, text=True, timeout=TIMEOUT
    )
    assert result.returncode == 0, result.stderr


def test_the_time_out_in_the_readme_ends_a_copy_whose_worker_has_died(tmp_path):
    assert TIME_OUT in (ROOT / "primes_queue" / "README.md").read_text()
    source = taken_along((ROOT / "primes_queue" / "primes_queue.py").read_text(), "")
    waits = "    result = definite_primes_queue.get()\n"
    assert source.count(waits) == 1
    shorter = TIME_OUT.replace("60", "2").strip("\n") + "\n"
    source = source.replace(waits, shorter.replace("\n    ", "\n            "))
    source = source.replace("import math\n", "import math\nimport os\nimport queue\n")
    dies = "def check_prime(possible_primes_queue, definite_primes_queue):\n"
    source = source.replace(dies, f"{dies}    os.kill(os.getpid(), 9)\n")
    source = source.split("if __name__")[0] + 'if __name__ == "__main__":\n    run(100, 1)\n'
    (tmp_path / "my_queue.py").write_text(source)
    result = subprocess.run(
        [sys.executable, "my_queue.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert result.returncode == 1
    assert result.stderr == "no answer for 2 s: has a worker died?\n"
