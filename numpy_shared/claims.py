"""Judge what the chapter says about sharing a numpy array, from measurements stored before.

Chapter: all claims of the section on sharing a numpy array
Run:     python numpy_shared/claims.py
See:     each claim holds, differs (with the likely reason) or cannot be told here (with what is
         missing: often a command that measures it). make report measures everything first and shows
         claims and figures on one page.
Differs: nothing is measured here, so --scale has no effect.
"""

from common import claims, cli, results
from common.claims import Claim

import fig_9_18_shared_memory as memory
import np_shared

NEEDS_LINUX = "", claims.CANNOT_TELL, "needs Linux, which tells how memory is shared"


def one_block(figure):
    run, megabytes = memory.choose(figure), memory.size_of_array(figure) / 1e6
    if not run["inodes"]:
        return NEEDS_LINUX
    processes, blocks = len(run["inodes"]), len(set(run["inodes"]))
    yours = f"{processes} processes, {blocks} block, {min(run['mapped']):,.1f} MB in each"
    is_whole = all(megabytes - 1 < mapped < 1.01 * megabytes + 4 for mapped in run["mapped"])
    is_so = blocks == 1 and is_whole and processes == memory.copies(figure, run)
    return claims.fact(is_so and len(run["mapped"]) == processes, yours, "numpy made a copy")


def one_array_in_all(figure):
    run, nbytes = memory.choose(figure), memory.size_of_array(figure)
    in_all = memory.total(run, "pss")[memory.peak(run)] / nbytes
    if not in_all:
        return NEEDS_LINUX
    block = 1e6 * sum(run["block_pss"]) / nbytes
    why = f"Python's own memory, beside so small an array ({nbytes / 1e6:,.0f} MB), or a copy"
    text = f"{{:.2f}} arrays (the block alone {block:.2f})"
    return claims.number(in_all, text, low=0.95, high=1.25, why=why)


def equal_shares(figure):
    run = memory.choose(figure)
    counts = sorted(run["counts"].values())
    least, most = counts[0], counts[-1]
    nbr_workers = memory.copies(figure, run) - 1
    is_so = most - least <= figure["sizes"]["cols"] and len(counts) == nbr_workers
    each = f"{least:,} each" if least == most else f"{least:,} to {most:,}"
    return claims.fact(is_so, f"{len(counts)} pids, {each}", "a worker took another one's rows")


def all_overwritten(figure):
    counts = memory.choose(figure)["counts"]
    size = figure["sizes"]["rows"] * figure["sizes"]["cols"]
    overwritten = sum(counts.values()) - counts.get(f"{np_shared.DEFAULT_VALUE}", 0)
    yours = f"{overwritten:,} of {size:,}"
    return claims.fact(overwritten == size, yours, "workers wrote to an array of their own")


def random_fill(compare):
    filled = [f"random_parallel, {compare['workers']} workers", "random_serial"]
    parallel, serial = (results.seconds(compare, way, "random fill") for way in filled)
    machine = compare["machine"]
    why = f"{machine['usable_cpus']} CPUs that share cores, or the way to memory"
    times = results.speed_up(serial, parallel)
    return claims.number(times, claims.TIMES_AS_FAST, low=1.2, zone=0.2, why=why)


FIGURE = ("fig_9_18",)

CLAIMS = (
    Claim(
        "Text",
        "filling the matrix with random numbers in segments takes about half the time",
        "53 s to 29 s: 1.83x",
        ("compare_numpy_shared",),
        "at least 1.2x as fast, with a worker for each CPU",
        random_fill,
        cpus=2,
    ),
    Claim(
        "Figure 9-18",
        "all processes together take the memory of one array",
        "25.6 GB in 32 GB",
        FIGURE,
        "their PSS adds up to 0.95 to 1.25 arrays",
        one_array_in_all,
        timed=False,
    ),
    Claim(
        "Example 9-29",
        "every worker overwrites an equal share of the items",
        "4 x 800,000,000",
        FIGURE,
        "equal, or one row apart",
        equal_shares,
        timed=False,
    ),
    Claim(
        "Example 9-30",
        "every process maps the same block, all of the array",
        "1 block, 25 GB",
        FIGURE,
        "one inode; the size within 1 % and 4 MB",
        one_block,
        timed=False,
    ),
    Claim(
        "Example 9-34",
        "the parent finds every item overwritten",
        "all of them",
        FIGURE,
        "exactly",
        all_overwritten,
        timed=False,
    ),
)

if __name__ == "__main__":
    cli.run(lambda: claims.main(__doc__, CLAIMS))
