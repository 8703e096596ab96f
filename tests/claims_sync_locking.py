"""Results with which each claim on locks holds, and results with which it differs."""

IN_FILE, BY_ONE = "file, 1,000 by each", "file, 1,000 by one process"
SHORT, LONG = "shared count, 1,000 by each", "shared count, 100,000 by each"
WAYS = {
    (IN_FILE, "ex1_lock: lock file"): "4,000 of 4,000",
    (IN_FILE, "ex1_nolock4: no lock"): "112 of 4,000, 3,888 lost",
    (BY_ONE, "ex1_nolock1: one process"): "1,000 of 1,000",
    (SHORT, "ex2_lock: Value, Lock"): "4,000 of 4,000",
    (SHORT, "ex2_lock_acquire: acquire()"): "4,000 of 4,000",
    (SHORT, "ex2_lock_rawvalue: RawValue"): "4,000 of 4,000",
    (SHORT, "ex2_nolock: Value, no Lock"): "4,000 of 4,000",
    (LONG, "ex2_lock: Value, Lock"): "400,000 of 400,000",
    (LONG, "ex2_lock_acquire: acquire()"): "400,000 of 400,000",
    (LONG, "ex2_lock_rawvalue: RawValue"): "400,000 of 400,000",
    (LONG, "ex2_nolock: Value, no Lock"): "234,000 of 400,000, 166,000 lost",
}


def compared(job, way, answer=None, seconds=1.0):
    """Return what compare.py stores: ``way`` takes ``seconds`` for ``job``, all others one.

    ``answer`` is another than that of WAYS.
    """
    answers = WAYS if answer is None else {**WAYS, (job, way): answer}
    assert (job, way) in WAYS
    rows = []
    for (of_job, name), text in answers.items():
        best = seconds if (of_job, name) == (job, way) else 1.0
        row = {"job": of_job, "name": name, "seconds": [best, 1.2 * best], "answer": text}
        rows.append(row)
    measured = {"sizes": {"max_count": 1_000, "longer": 100_000}, "workers": 4, "ways": rows}
    return {"compare_sync_locking": measured}


def answers(job, way, holds, differs):
    return compared(job, way, holds), compared(job, way, differs)


def durations(job, way, holds, differs):
    return compared(job, way, seconds=holds), compared(job, way, seconds=differs)


# What a claim says -> results with which it holds, results with which it differs.
CASES = {
    "one process alone counts right in a file without a lock": answers(
        BY_ONE, "ex1_nolock1: one process", "1,000 of 1,000", "999 of 1,000, 1 lost"
    ),
    "four processes without a lock on the file lose counts": answers(
        IN_FILE, "ex1_nolock4: no lock", "3,999 of 4,000, 1 lost", "4,000 of 4,000"
    ),
    "with a lock file, four processes count right": answers(
        IN_FILE, "ex1_lock: lock file", "4,000 of 4,000", "3,999 of 4,000, 1 lost"
    ),
    "with the lock file, counting takes about 2.5 times as long": durations(
        IN_FILE, "ex1_lock: lock file", 2.5, 0.9
    ),
    "the own lock of a Value is not enough: counts are lost": answers(
        LONG, "ex2_nolock: Value, no Lock", "399,999 of 400,000, 1 lost", "400,000 of 400,000"
    ),
    "with a Lock around the increment, a Value counts right": answers(
        LONG, "ex2_lock: Value, Lock", "400,000 of 400,000", "399,999 of 400,000, 1 lost"
    ),
    "the Lock about doubles the time": durations(LONG, "ex2_lock: Value, Lock", 1.9, 0.9),
    "acquire() and release() are a little faster than a with block": durations(
        LONG, "ex2_lock_acquire: acquire()", 0.9, 1.2
    ),
    "a RawValue with a Lock is about twice as fast as a Value with one": durations(
        LONG, "ex2_lock_rawvalue: RawValue", 0.5, 0.98
    ),
}
