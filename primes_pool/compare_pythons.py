"""Compare the Pythons of this machine on Example 9-8: in one thread, in threads, in processes.

Chapter: text on the GIL and on PyPy
Run:     python primes_pool/compare_pythons.py
         python primes_pool/compare_pythons.py --python python3.13 --python python3.14t
See:     with the GIL, threads gain nothing; without it (a free-threaded build, such as python3.14t)
         they gain what processes gain, because check_prime shares nothing that it changes. PyPy
         gains more by compiling the loop than two processes do. Its processes each compile it anew,
         which takes longer than they gain at quick scale.
         "Times as fast" compares with the serial loop of the same Python, "As the first" with that
         of the first one; both are medians of the rounds. All Pythons use only their standard
         library: nothing has to be installed in them. --python takes a name on PATH, or a path.
"""

from common import cli, plots, pythons

import pool_check
import primes_pool
import primes_serial
import primes_threads

WAYS = {
    pythons.SERIAL: lambda nbr_numbers, _: primes_serial.run(nbr_numbers),
    "threads": lambda nbr_numbers, n: primes_threads.run(nbr_numbers, n)[0],
    "processes": primes_pool.run,
}


def in_words(nbr_numbers, nbr_primes):
    """Return the number of primes; raise Failure if it is wrong."""
    pool_check.check(nbr_primes, nbr_numbers)
    return nbr_primes


def main():
    parser = plots.parser(__doc__, workers="2", quick=4)
    pool_check.add_nbr_numbers(parser, quick=20_000)
    pythons.main(parser, WAYS, in_words, "Finding primes")


if __name__ == "__main__":
    cli.run(main)
