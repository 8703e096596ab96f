"""Show each worker's first random number, drawn in four ways, one of which repeats itself.

Chapter: text on random numbers in parallel
Run:     python pi_estimation/random_streams.py
         python pi_estimation/random_streams.py --start-method spawn
See:     one column has the same number in every row. A forked worker inherits a copy of
         numpy.random's state, so all workers draw the same "random" numbers, and four workers learn
         no more than one. Python's random module reseeds itself in a forked child. The cure is to
         seed in each worker or, better, to give each a child of one SeedSequence: their streams are
         independent, and a run with the same entropy repeats them. (The Mersenne Twister behind
         both modules is not for cryptography: use secrets.)
Differs: workers are forked unless --start-method says otherwise. Spawned workers import numpy
         afresh and each import draws a new seed, so nothing repeats.
"""

import multiprocessing
import random

from common import cli, results
from common.processes import Process

import numpy as np
from prettytable import PrettyTable

WAYS = ("random", "numpy.random", "numpy.random, reseeded", "SeedSequence.spawn")


def draw(idx, seed_sequence, draws):
    """Write worker ``idx``'s first number by each of the four ways to its row of ``draws``."""
    row = [random.random(), np.random.random()]
    np.random.seed()
    row.append(np.random.random())
    row.append(np.random.default_rng(seed_sequence).random())
    draws[idx * len(WAYS) : (idx + 1) * len(WAYS)] = row


def run(nbr_workers):
    """Return the workers' first draws: a list of four numbers, one for each way, per worker."""
    draws = multiprocessing.RawArray("d", nbr_workers * len(WAYS))
    children = np.random.SeedSequence().spawn(nbr_workers)
    processes = []
    for idx, child in enumerate(children):
        p = Process(target=draw, args=(idx, child, draws))
        processes.append(p)
        p.start()
    for p in processes:
        p.join()
    return [draws[start : start + len(WAYS)] for start in range(0, len(draws), len(WAYS))]


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser, default=4, start_method=False)
    cli.add_start_method(parser, default="fork")
    results.add_output(parser)
    args = cli.parse(parser)
    draws = run(args.nbr_workers)
    results.store(args, {"ways": WAYS, "draws": draws})
    nbr_different = [len(set(column)) for column in zip(*draws, strict=True)]
    table = PrettyTable(["worker", *WAYS])
    for idx, row in enumerate(draws):
        table.add_row([idx, *(f"{number:.8f}" for number in row)], divider=idx == len(draws) - 1)
    table.add_row(["different", *(f"{n} of {args.nbr_workers}" for n in nbr_different)])
    print(table)
    unseeded = nbr_different[WAYS.index("numpy.random")]
    if unseeded < args.nbr_workers:
        print("Workers inherited numpy.random's state, so they repeat each other.")
    else:
        print("No two workers drew the same from numpy.random.")
    for way, n in zip(WAYS, nbr_different, strict=True):
        if way != "numpy.random":
            cli.check(n == args.nbr_workers, f"{way}: {n} different numbers")
    if args.start_method == "fork":
        cli.check(unseeded == 1, f"forked workers drew {unseeded} different numbers")


if __name__ == "__main__":
    cli.run(main)
