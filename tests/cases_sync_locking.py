"""How the suite runs the scripts of sync_locking/."""

from support import Case

FILE = r"Counting in /\S+/count\.txt\nFile is empty, starting to count from 0\n"
READS = r"1 empty read\(s\), 0 invalid entries\n"
LOST = r"\d updates were lost"
BAD = (("--max_count", "0"), ("--max_count", "1e400"), ("--max_count", "1e9", "4"))


def case(max_count, *output, bad=(), redis=False):
    """Return the case of a script in which three processes count to ``max_count`` each.

    ``bad``: what it refuses, beside BAD.
    """
    return Case(
        args=("3", "--max_count", str(max_count)),
        output=(
            rf"Starting 3 process\(es\) to count to {3 * max_count}\n",
            *output[:-1],
            rf"Expecting to see a count of {3 * max_count}\n",
            output[-1],
        ),
        long=("2", "--max_count", "1e9"),
        bad=(*BAD, *bad),
        redis=redis,
    )


CASES = {
    "sync_locking/ex1_nolock1.py": Case(
        args=("--max_count", "100"),
        output=(
            r"Starting 1 process\(es\) to count to 100\n",
            FILE + READS + "Expecting to see a count of 100\nCounted to 100\n",
        ),
        long=("--max_count", "1e9"),
        bad=(("4",), ("--max_count", "0"), ("--max_count", "1e400")),
    ),
    # Several processes may say so at once, so that the line may not end where it should.
    "sync_locking/ex1_nolock4.py": case(
        100, FILE.removesuffix("\\n"), r"[\d,]+ empty read\(s\), [\d,]+ invalid entries\n", LOST
    ),
    "sync_locking/ex1_lock.py": case(50, FILE + READS, "Counted to 150\n"),
    "sync_locking/ex1_lock_increment.py": case(50, FILE + "(?=Expecting)", "Counted to 150\n"),
    "sync_locking/ex1_flock.py": case(50, FILE + "(?=Expecting)", "Counted to 150\n"),
    "sync_locking/ex2_nolock.py": case(1_000, LOST),
    "sync_locking/ex2_lock.py": case(1_000, "Counted to 3000\n"),
    "sync_locking/ex2_lock_acquire.py": case(1_000, "Counted to 3000\n"),
    "sync_locking/ex2_lock_rawvalue.py": case(1_000, "Counted to 3000\n"),
    "sync_locking/ex2_threads.py": Case(
        args=("3", "--max_count", "1_000"),
        output=(
            r"Starting 3 thread\(s\) with(out)? the GIL to count to 3,000\n",
            r"no lock: +\d[\d,]* +(none was|[\d,]+ updates were) lost +\d\.\d{6} s\n",
            r"no lock, a call: +\d[\d,]* +(none was|[\d,]+ updates were) lost +\d\.\d{6} s\n",
            r"Lock: +3,000 +none was lost +\d\.\d{6} s\n",
            r"merged: +3,000 +none was lost +\d\.\d{6} s\n",
        ),
        workers=False,
        long=("2", "--max_count", "1e9"),
        victims=False,
        bad=(*BAD[:2], ("0",), ("abc",), ("2", "--start-method", "fork")),
    ),
    "sync_locking/ex3_redis.py": case(
        50,
        "Redis: (redis|unix)://",
        "Counted to 150\n",
        bad=(("--redis-url", "nonsense://"),),
        redis=True,
    ),
    # It is through with the largest count in seconds, not minutes.
    "sync_locking/ex3_merge.py": case(1_000, "Counted to 3000\n"),
    "sync_locking/compare.py": Case(
        args=("2", "--max_count=50", "--longer=2_000", "--longest=3_000", "--repeat=1"),
        output=(
            r"file, 50 by each:",
            r"ex1_lock: lock file +\| +\d+\.\d{6,9} \| +\d+\.\d{6,9} \| +1\.00 \| 100 of 100 ",
            r"ex1_nolock4: no lock +\|.* \d[\d,]* of 100(, \d+ lost)? ",
            r"file, 50 by one process:",
            r"ex1_nolock1: one process +\|.* 1\.00 \| 50 of 50 ",
            r"file, lock per increment:",
            r"ex1_lock_increment: lock file +\|.* 1\.00 \| 100 of 100 ",
            r"ex1_flock: flock +\|.* 100 of 100 ",
            r"shared count, 50 by each:",
            r"ex2_lock: Value, Lock +\|.* 1\.00 \| 100 of 100 ",
            r"ex3_redis: INCR in Redis +\|.* 100 of 100 ",
            r"shared count, 2,000 by each:",
            r"ex2_lock: Value, Lock +\|.* 1\.00 \| 4,000 of 4,000 ",
            r"ex2_nolock: Value, no Lock +\|.* \d[\d,]* of 4,000(, [\d,]+ lost)? ",
            r"shared count, 6,000 in all:",
            r"ex2_lock: Value, Lock +\|.* 1\.00 \| 6,000 of 6,000 ",
            r"ex3_merge: added at the end +\|.* 6,000 of 6,000 ",
            r"count in threads, 2,000 by each:",
            r"ex2_threads: Lock +\|.* 1\.00 \| 4,000 of 4,000 ",
            r"ex2_threads: no lock +\|.* \d[\d,]* of 4,000(, [\d,]+ lost)? ",
            r"ex2_threads: merged +\|.* 4,000 of 4,000 ",
            r"ex1_flock: flock +\| ex1_lock_increment: lock file +\| +[\d.,]+ ",
            r"ex3_redis: INCR in Redis +\| ex2_lock: Value, Lock +\| +[\d.,]+ ",
            r"ex3_merge: added at the end +\| ex2_lock: Value, Lock +\| +[\d.,]+ ",
            r"Every repeat: .*/compare_sync_locking\.json\n",
        ),
        long=("2", "--max_count", "1e9"),
        bad=(*BAD, ("--longer", "0"), ("--longer", "1e9", "4"), ("--longest", "1e9", "4")),
        redis=True,
    ),
    "sync_locking/claims.py": Case(
        args=("--from", "/nowhere"),
        output=(
            r"place +\| +the chapter says \(holds if\) +\| +its number +\| +yours +\| +verdict",
            r"(?s)Example +\| +a RawValue .*\| +cannot tell .*"
            r"sync_locking/compare\.py",
            r"\d+ claims: 0 hold, 0 differ, \d+ cannot tell here\n",
            r"/claims_sync_locking\.json\n",
        ),
        workers=False,
        victims=False,
    ),
}
