"""Compare the Pythons of this machine on Examples 9-14 and 9-17: in one thread, threads, processes.

Chapter: text on PyPy
Run:     python prime_verification_ipc/compare_pythons.py
         python prime_verification_ipc/compare_pythons.py --python python3.11 --python pypy3
See:     PyPy compiles the loop to machine code while it runs, with nothing changed or installed;
         the chapter says about 7 times as fast. Of a candidate's time, little but the division is
         left. With the GIL, threads gain nothing; without it (a free-threaded build, such as
         python3.14t) they gain what processes gain.
         "Times as fast" compares with the serial loop of the same Python, "As the first" with that
         of the first one; both are medians of the rounds. All Pythons use only their standard
         library: nothing has to be installed in them. --python takes a name on PATH, or a path.
"""

import multiprocessing.dummy

from common import cli, plots, pythons

import prime_check
import primes_pool_less_naive
import primes_serial


def in_threads(numbers, nbr_threads):
    """Yield each of ``numbers`` and whether it is prime, as primes_pool_less_naive.run does."""
    with multiprocessing.dummy.Pool(nbr_threads) as pool:
        for n in numbers:
            yield n, primes_pool_less_naive.check_prime(n, pool, nbr_threads)


def verify(run, n, *args):
    """Return whether ``n`` is prime and the seconds, from the moment ``run`` takes it."""
    ((_, is_prime, durations),) = prime_check.timed(run, [n], 1, *args)
    return is_prime, durations[0]


WAYS = {
    pythons.SERIAL: lambda n, _: verify(primes_serial.run, n),
    "threads": lambda n, nbr_workers: verify(in_threads, n, nbr_workers),
    "processes": lambda n, nbr_workers: verify(primes_pool_less_naive.run, n, nbr_workers),
}


def in_words(n, is_prime):
    """Return the answer as text; raise Failure if it is wrong."""
    cli.check(prime_check.agrees(n, is_prime), f"{n:,} is {prime_check.in_words(is_prime)}")
    return prime_check.in_words(is_prime)


def main():
    parser = plots.parser(__doc__, workers="2", quick=4)
    quick, book = (prime_check.SAMPLES[scale]["prime 1"] for scale in ("quick", "book"))
    sizes = {"quick": quick, "book": book, "maximum": prime_check.MAX_NUMBER}
    cli.add_size(parser, "--number", **sizes, help="number to verify")
    pythons.main(parser, WAYS, in_words, "Verifying a prime")


if __name__ == "__main__":
    cli.run(main)
