"""Judge what the chapter says about locks, from measurements stored before.

Chapter: all claims of the section on synchronising access to files and variables
Run:     python sync_locking/claims.py
See:     each claim holds, differs (with the likely reason) or cannot be told here (with what is
         missing: often a command that measures it). make report measures everything first and shows
         claims and figures on one page.
Differs: nothing is measured here, so --scale has no effect. What the locks in shared memory cost is
         judged by 100,000 increments for each process: with the chapter's 1,000, most of the time
         goes into starting the processes.
"""

import functools
import re

from common import claims, cli, results
from common.claims import Claim

FILE_LOCK, NO_FILE_LOCK = "ex1_lock: lock file", "ex1_nolock4: no lock"
ALONE = "ex1_nolock1: one process"
LOCK, NO_LOCK = "ex2_lock: Value, Lock", "ex2_nolock: Value, no Lock"
ACQUIRE, RAWVALUE = "ex2_lock_acquire: acquire()", "ex2_lock_rawvalue: RawValue"


def longer(compare):
    """Return the name of the job that is long enough to tell the locks in shared memory apart."""
    return f"shared count, {compare['sizes']['longer']:,} by each"


def count(compare, way, job):
    """Return to what ``way`` counted in the last round of ``job``, and to what it should have."""
    rows = {row["name"]: row for row in compare["ways"] if row["job"] == job}
    found = re.match(r"([\d,]+) of ([\d,]+)", rows[way]["answer"])
    return tuple(int(number.replace(",", "")) for number in found.groups())


def counts_all(way, job_of, compare):
    counted, expected = count(compare, way, job_of(compare))
    return claims.fact(counted == expected, f"{counted:,} of {expected:,}", "updates were lost")


def loses_updates(way, job_of, compare):
    counted, expected = count(compare, way, job_of(compare))
    yours = f"{counted:,} of {expected:,}"
    if compare["workers"] < 2:
        return yours, claims.CANNOT_TELL, "needs 2 workers or more"
    return claims.fact(counted < expected, yours, "the workers hardly ever met: count further")


def in_file(compare):
    return f"file, {compare['sizes']['max_count']:,} by each"


def in_file_by_one(compare):
    return f"{in_file(compare).removesuffix('each')}one process"


def times(compare, slow, fast, job):
    """Return how many times as long as ``fast`` the way ``slow`` takes, as speed_up does."""
    return results.speed_up(*(results.seconds(compare, way, job) for way in (slow, fast)))


def file_lock_costs(compare):
    found = times(compare, FILE_LOCK, NO_FILE_LOCK, in_file(compare))
    usable, workers = compare["machine"]["usable_cpus"], compare["workers"]
    why = f"{workers} workers on {usable} CPUs, and the polls of the lock file"
    return claims.number(found, claims.TIMES_AS_FAST, low=1.3, high=5, zone=0.25, why=why)


def lock_costs(compare):
    found = times(compare, LOCK, NO_LOCK, longer(compare))
    why = f"{compare['workers']} workers on {compare['machine']['usable_cpus']} CPUs meet as often"
    why += " at the Value's own lock"
    return claims.number(found, claims.TIMES_AS_FAST, low=1.3, high=4, zone=0.2, why=why)


def acquire_saves(compare):
    found = times(compare, LOCK, ACQUIRE, longer(compare))
    why = f"in {results.python(compare)}, a with block calls the lock as directly"
    return claims.number(found, claims.TIMES_AS_FAST, low=1, high=2.5, zone=0.1, why=why)


def rawvalue_saves(compare):
    found = times(compare, LOCK, RAWVALUE, longer(compare))
    why = f"in {results.python(compare)}, a Value's own lock is another share of the cost"
    return claims.number(found, claims.TIMES_AS_FAST, low=1.4, high=4, zone=0.25, why=why)


COMPARE = ("compare_sync_locking",)

CLAIMS = (
    Claim(
        "Example 9-36",
        "one process alone counts right in a file without a lock",
        "1000 of 1000",
        COMPARE,
        "exactly",
        functools.partial(counts_all, ALONE, in_file_by_one),
        timed=False,
    ),
    Claim(
        "Example 9-38",
        "four processes without a lock on the file lose counts",
        "112 of 4000",
        COMPARE,
        "any loss",
        functools.partial(loses_updates, NO_FILE_LOCK, in_file),
        timed=False,
    ),
    Claim(
        "Example 9-40",
        "with a lock file, four processes count right",
        "4000 of 4000",
        COMPARE,
        "exactly",
        functools.partial(counts_all, FILE_LOCK, in_file),
        timed=False,
    ),
    Claim(
        "Example 9-40",
        "with the lock file, counting takes about 2.5 times as long",
        "158 ms to 401 ms: 2.54x",
        COMPARE,
        "1.3x to 5x as long",
        file_lock_costs,
        cpus=2,
    ),
    Claim(
        "Example 9-42",
        "the own lock of a Value is not enough: counts are lost",
        "2340 of 4000",
        COMPARE,
        "any loss, by 100,000 increments of each process",
        functools.partial(loses_updates, NO_LOCK, longer),
        timed=False,
    ),
    Claim(
        "Example 9-44",
        "with a Lock around the increment, a Value counts right",
        "4000 of 4000",
        COMPARE,
        "exactly, by 100,000 increments of each process",
        functools.partial(counts_all, LOCK, longer),
        timed=False,
    ),
    Claim(
        "Example 9-44",
        "the Lock about doubles the time",
        "9.97 ms to 19.3 ms: 1.94x",
        COMPARE,
        "1.3x to 4x as long, by 100,000 increments of each process",
        lock_costs,
        cpus=2,
    ),
    Claim(
        "Example 9-45",
        "acquire() and release() are a little faster than a with block",
        "a little",
        COMPARE,
        "1x to 2.5x as fast, by 100,000 increments of each process",
        acquire_saves,
    ),
    Claim(
        "Example 9-47",
        "a RawValue with a Lock is about twice as fast as a Value with one",
        "19.3 ms to 9.49 ms: 2.03x",
        COMPARE,
        "1.4x to 4x as fast, by 100,000 increments of each process",
        rawvalue_saves,
    ),
)

if __name__ == "__main__":
    cli.run(lambda: claims.main(__doc__, CLAIMS))
