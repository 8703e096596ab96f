"""Compare the Pythons of this machine on Example 9-1: in one thread, in threads, in processes.

Chapter: text on the GIL and on PyPy
Run:     python pi_estimation/compare_pythons.py
         python pi_estimation/compare_pythons.py --python python3.13 --python python3.14t
See:     with the GIL, threads gain nothing; processes always do. Without the GIL (a free-threaded
         build, such as python3.14t), the chapter's threads still gain nothing and may even be
         slower, since all call random.uniform, a method of one Random with a lock of its own; with
         a Random each they gain what processes gain. PyPy gains more by compiling the loop than
         two processes do. Its processes each compile it anew, which takes longer than they gain
         at quick scale.
         "Times as fast" compares with the serial loop of the same Python, "As the first" with that
         of the first one; both are medians of the rounds. All Pythons use only their standard
         library: nothing has to be installed in them. --python takes a name on PATH, or a path.
"""

from common import cli, plots, pythons

import pi_check
import pi_lists_parallel
import pi_lists_series
import pi_lists_threads

WAYS = {
    pythons.SERIAL: lambda nbr_samples, _: pi_lists_series.run(nbr_samples),
    "threads": lambda nbr_samples, n: pi_lists_parallel.run(nbr_samples, n, threads=True),
    "threads, a Random each": lambda nbr_samples, n: pi_lists_threads.run(nbr_samples, n, own=True),
    "processes": lambda nbr_samples, n: pi_lists_parallel.run(nbr_samples, n),
}


def in_words(nbr_samples, nbr_in_quarter_circle):
    """Return the estimate of pi; raise Failure if it is wrong."""
    return f"{pi_check.estimate_pi(nbr_in_quarter_circle, nbr_samples):.6f}"


def main():
    parser = plots.parser(__doc__, workers="2", quick=8)
    pi_check.add_size(parser, quick=500_000)
    pythons.main(parser, WAYS, in_words, "Estimating pi")


if __name__ == "__main__":
    cli.run(main)
