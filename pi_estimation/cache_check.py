"""What guards the cache of pi_lists_parallel_joblib_cache.py: options, repairs and checks."""

import collections
import warnings
from pathlib import Path

from common import cli, create_range, results

import fasteners
import pi_check
from joblib import Memory
from joblib.memory import CacheWarning, JobLibCollisionWarning

LOCK = "lock"  # a file in the cache's folder


def fail_if_not_kept():
    """Turn joblib's warning that a result could not be cached into an error."""
    warnings.simplefilter("error", CacheWarning)


def open_cache(folder, calls, clear):
    """Return the functions of ``calls``, cached in ``folder``, where their code is kept from then.

    ``calls`` is a dict, function -> the arguments of its calls. Raises UserError if the cache
    cannot be written.
    """
    # joblib warns if it cannot write a .gitignore. The cache works without.
    warnings.filterwarnings("ignore", "Unable to write .*gitignore")
    # joblib warns if the code it has kept may be that of another function with the same name. It
    # then removes that function's results, so that they are not taken for this one's.
    warnings.simplefilter("ignore", JobLibCollisionWarning)
    try:
        memory = Memory(folder, verbose=0)
        cached = [memory.cache(function) for function in calls]
        for function in cached:
            if clear:
                function.clear()
            try:
                # To look up a call, joblib compares the function's code with what it has kept. If
                # they differ, it empties the function's cache and keeps the new code. That is done
                # here, by looking up any call: else all workers would empty it at the same time.
                function.check_call_in_cache(*calls[function.func][0])
            except ValueError:  # what was kept is not code that joblib has written
                print(f"Broken in the cache, so computed again: all of {function.func.__name__}")
                function.clear()
        Path(folder, LOCK).open("a").close()
    except OSError as error:
        raise cli.UserError(f"no cache in {folder}: {error.strerror}") from error
    return cached


def look_up(cached, calls):
    """Return the darts of each call that is to be computed, and how many results were broken.

    ``calls`` are the arguments of calls of the function ``cached``; the first is how many darts.
    What is no number of darts is broken, and removed from the cache.
    """
    to_compute, nbr_broken = [], 0
    for nbr_estimates, *idx in calls:
        if cached.check_call_in_cache(nbr_estimates, *idx):
            result = cached.call_and_shelve(nbr_estimates, *idx)
            try:
                count = result.get()
            except Exception:  # of bytes that are no pickle, pickle may raise anything
                count = None
            if type(count) is int and 0 <= count <= nbr_estimates:
                continue
            result.clear()
            nbr_broken += 1
        to_compute.append(nbr_estimates)
    return to_compute, nbr_broken


def nbr_independent_samples(nbr_samples_per_block):
    """Return how many independent darts have the standard error of one draw for each size.

    One draw of n darts that stands for k blocks has the variance of k * k * n darts, not k * n.
    """
    blocks = collections.Counter(nbr_samples_per_block)
    return sum(nbr_samples_per_block) ** 2 / sum(k * k * n for n, k in blocks.items())


def parse(doc):
    """Return the script's arguments, with ``nbr_samples_per_block``, a list."""
    parser = cli.parser(doc)
    parser.set_defaults(workers_in_chapter="8")
    cli.add_workers(parser, start_method=False)
    pi_check.add_size(parser, quick=4_000_000)
    cli.add_size(
        parser, "--nbr_parallel_blocks", quick=8, book=8, help="blocks of darts", maximum=1_000
    )
    parser.add_argument(
        "--cache",
        metavar="FOLDER",
        default=str(Path(__file__).resolve().with_name("joblib_cache")),
        help="where to cache results (default: joblib_cache beside this script)",
    )
    parser.add_argument("--clear", action="store_true", help="empty the cache first")
    results.add_output(parser)
    args = cli.parse(parser)
    args.nbr_samples_per_block = create_range.split_total(
        args.nbr_samples_in_total, args.nbr_parallel_blocks
    )
    return args


def measure(args, run, run_without_idx, with_idx, without_idx):
    """Return what ``run`` computes, once more if that is to be stored, and the draws without idx.

    The last two arguments are the functions that are cached. Raises UserError if the cache cannot
    be written.
    """
    fail_if_not_kept()
    blocks = args.nbr_samples_per_block
    calls = {
        with_idx: [(n, idx) for idx, n in enumerate(blocks)],
        without_idx: [(n,) for n in {*blocks}],
    }
    clear = args.clear or args.output is not None  # what is stored is to be a first run
    cached = open_cache(args.cache, calls, clear)
    print(
        f"Making {blocks[0]:,} samples in each of {len(blocks)} block(s) "
        f"with {args.nbr_workers} worker(s)",
        flush=True,
    )
    (to_compute, nbr_broken), (_, nbr_others) = map(look_up, cached, calls.values())
    if nbr_broken + nbr_others:
        broken = f"{nbr_broken + nbr_others} result(s)"
        print(f"Broken in the cache, so computed again: {broken}", flush=True)
    if nbr_cached := len(blocks) - len(to_compute):
        print(
            f"{nbr_cached} of {len(blocks)} block(s) are in the cache already, "
            "from an earlier run (--clear empties it)",
            flush=True,
        )
    try:
        counts, seconds = run(args.cache, blocks, args.nbr_workers)
        pi_check.report(sum(counts), args.nbr_samples_in_total)
        pi_check.report_delta(seconds, sum(to_compute))
        runs = [{"computed": to_compute, "counts": counts, "seconds": seconds}]
        print("\nNow without idx, one block after another:", flush=True)
        # Another run with this cache must not replace the draw halfway through.
        with fasteners.InterProcessLock(Path(args.cache, LOCK)):
            copies = run_without_idx(args.cache, blocks)
        if args.output:
            again, _ = look_up(cached[0], calls[with_idx])
            counts, seconds = run(args.cache, blocks, args.nbr_workers)
            runs.append({"computed": again, "counts": counts, "seconds": seconds})
    except CacheWarning as error:
        raise cli.UserError(f"cannot cache results in {args.cache}: {error}") from error
    return {"runs": runs, "without_idx": copies}


def report_without_idx(nbr_samples_per_block, copies):
    """Print what the draws without idx are worth; raise Failure unless they are one for a size."""
    total = sum(nbr_samples_per_block)
    nbr_draws = len({*zip(nbr_samples_per_block, copies, strict=True)})
    nbr_independent = nbr_independent_samples(nbr_samples_per_block)
    print(f"{len(copies)} blocks, {nbr_draws} draw(s): {', '.join(f'{n:,}' for n in copies[:8])}")
    pi_check.report(sum(copies), total, nbr_independent)
    print(f"{total:,} darts, worth no more than {nbr_independent:,.0f}")
    cli.check(nbr_draws == len({*nbr_samples_per_block}), "not one draw for each block size")
