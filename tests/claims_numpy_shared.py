"""Results with which each claim on sharing an array holds, and results with which it differs."""

ROWS, COLS = 1_000, 125_000
MB = 10**6


def shared(inodes=(7, 7, 7), mapped=(1000.0,) * 3, pss=(500, 300, 300), counts=(62_500_000,) * 2):
    """Return a measurement of Figure 9-18 with two workers and an array of 1,000 MB.

    ``pss``: of the parent and the workers, in MB, when both workers are done; ``counts``: how many
    items hold each worker's pid.
    """
    memory = [{"rss": [0, 2 * amount * MB], "pss": [0, amount * MB]} for amount in pss]
    run = {
        "workers": 2,
        "inodes": [*inodes],
        "mapped": [*mapped],
        "block_pss": [500.0, 250.0, 250.0],
        "counts": {f"{pid}": count for pid, count in enumerate(counts, 42)},
        "memory": memory,
    }
    run["counts"]["12"] = run["counts"].pop("42")
    return {"fig_9_18": {"sizes": {"rows": ROWS, "cols": COLS}, "runs": [run]}}


def untouched():
    measured = shared()
    (run,) = measured["fig_9_18"]["runs"]
    run["counts"] = {"12": 62_500_000, "43": 62_499_999, "42": 1}
    return measured


def filled(parallel):
    ways = [
        {"job": "random fill, 1,000 x 125,000", "name": name, "seconds": [time, 1.2 * time]}
        for name, time in {"random_serial": 1.0, "random_parallel, 2 workers": parallel}.items()
    ]
    return {"compare_numpy_shared": {"workers": 2, "ways": ways}}


# What a claim says -> results with which it holds, results with which it differs.
CASES = {
    "filling the matrix with random numbers in segments takes about half the time": (
        filled(0.55),
        filled(1.1),
    ),
    "all processes together take the memory of one array": (
        shared(),
        shared(pss=(1000, 1000, 1000)),
    ),
    "every worker overwrites an equal share of the items": (
        shared(counts=(62_500_000, 62_500_000)),
        shared(counts=(62_000_000, 63_000_000)),
    ),
    "every process maps the same block, all of the array": (
        shared(),
        shared(inodes=(7, 8, 9)),
    ),
    "the parent finds every item overwritten": (shared(), untouched()),
}
